package interop;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.rocketmq.client.producer.SendResult;

/** queryMsgById, queryMsgByUniqueKey, queryMsgByKey and queryMsgByOffset. */
final class Messages {
  private static final String STAMP = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3}";

  private final Mqadmin mqadmin;
  private final Settings settings;
  private final Traffic traffic;

  Messages(Mqadmin mqadmin, Settings settings, Traffic traffic) {
    this.mqadmin = mqadmin;
    this.settings = settings;
    this.traffic = traffic;
  }

  /** The second message of queue 0. */
  private SendResult example() {
    Check.that(traffic.sent.size() > 1, "nothing was sent");
    return traffic.sent.get(1);
  }

  String byId() throws Exception {
    return expectExampleFrom(
        "queryMsgById", "-t", traffic.topic, "-i", example().getOffsetMsgId());
  }

  String byUniqueKey() throws Exception {
    return expectExampleFrom(
        "queryMsgByUniqueKey", "-t", traffic.topic, "-i", example().getMsgId());
  }

  String byOffset(String brokerName) throws Exception {
    return expectExampleFrom(
        "queryMsgByOffset", "-t", traffic.topic, "-b", brokerName, "-i", "0", "-o", "1");
  }

  /** Tries again: the index and the group's offset follow the message a little later. */
  private String expectExampleFrom(String... command) throws Exception {
    return Check.retry(
        settings.deadlineMillis(),
        () -> {
          expectExample(mqadmin.run(command));
          return "";
        });
  }

  private void expectExample(Mqadmin.Answer answer) throws Exception {
    // Only a message that was found by its unique key has no such line.
    if (!answer.command().equals("queryMsgByUniqueKey")) {
      answer.line("OffsetID:\\s+" + example().getOffsetMsgId());
    }
    answer.line("Topic:\\s+" + traffic.topic);
    answer.line("Tags:\\s+\\[TagA]");
    answer.line("Keys:\\s+\\[key0]");
    answer.line("Queue ID:\\s+0");
    answer.line("Queue Offset:\\s+1");
    answer.line("CommitLog Offset:\\s+\\d+");
    answer.line("Reconsume Times:\\s+0");
    answer.line("Born Timestamp:\\s+" + STAMP);
    answer.line("Store Timestamp:\\s+" + STAMP);
    answer.line("Born Host:\\s+127\\.0\\.0\\.1:\\d+");
    answer.line("Store Host:\\s+\\S+:\\d+");
    answer.line("System Flag:\\s+0");
    String properties = answer.line("Properties:\\s+\\{(.*)}").group(1);
    List<String> found = List.of(properties.split(", "));
    for (String property :
        List.of(
            "color=red", "KEYS=key0", "TAGS=TagA", "UNIQ_KEY=" + example().getMsgId(),
            "MSG_REGION=DefaultRegion", "TRACE_ON=true", "CLUSTER=" + clusterOf(found))) {
      Check.that(found.contains(property), "no %s among the properties %s", property, found);
    }
    Path body = Path.of(answer.line("Message Body Path:\\s+(.*)").group(1));
    Check.equal(Traffic.body(0, 1), Files.readString(body), "body");
    answer.line("MessageTrack \\[consumerGroup=" + traffic.group + ", trackType=CONSUMED, .*");
  }

  private static String clusterOf(List<String> properties) {
    return properties.stream()
        .filter(p -> p.startsWith("CLUSTER=") && p.length() > "CLUSTER=".length())
        .map(p -> p.substring("CLUSTER=".length()))
        .findFirst()
        .orElse("...");
  }

  /** All messages under a key of their topic, and no other. */
  String byKey() throws Exception {
    return Check.retry(
        settings.deadlineMillis(),
        () -> {
          Mqadmin.Answer answer =
              mqadmin.run("queryMsgByKey", "-t", traffic.topic, "-k", "key1");
          List<String> rows = answer.table("#Message ID", "#QID", "#Offset", "#IndexKey");
          Check.equal(Traffic.SENT[1], rows.size(), "messages under the key");
          for (int i = 0; i < Traffic.SENT[1]; ++i) {
            String id = traffic.sent.get(Traffic.SENT[0] + i).getMsgId();
            answer.line(id + "\\s+1\\s+" + i + "(\\s.*)?");
          }
          return rows.size() + " messages";
        });
  }
}
