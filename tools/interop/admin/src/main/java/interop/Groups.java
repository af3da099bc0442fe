package interop;

import java.util.List;
import java.util.regex.Matcher;

/** updateSubGroup, consumerProgress and the connections of a group. */
final class Groups {
  private final Mqadmin mqadmin;
  private final Settings settings;
  private final Broker broker;
  private final Traffic traffic;

  Groups(Mqadmin mqadmin, Settings settings, Broker broker, Traffic traffic) {
    this.mqadmin = mqadmin;
    this.settings = settings;
    this.broker = broker;
    this.traffic = traffic;
  }

  /** The command repeats its own request; getConsumerConfig tells what the broker keeps. */
  String update() throws Exception {
    mqadmin.run("updateSubGroup", "-g", traffic.group, "-c", broker.cluster, "-r", "5", "-q", "2")
        .line("create subscription group to " + broker.address + " success\\.");
    Mqadmin.Answer kept = mqadmin.run("getConsumerConfig", "-g", traffic.group);
    kept.line("=+" + broker.cluster + ":" + broker.name + "=+");
    kept.line("groupName\\s+=\\s+" + traffic.group);
    kept.line("consumeEnable\\s+=\\s+true");
    kept.line("consumeBroadcastEnable\\s+=\\s+(true|false)");
    kept.line("consumeMessageOrderly\\s+=\\s+false");
    kept.line("retryQueueNums\\s+=\\s+2");
    kept.line("retryMaxTimes\\s+=\\s+5");
    kept.line("brokerId\\s+=\\s+0");
    kept.line("whichBrokerWhenConsumeSlowly\\s+=\\s+1");
    kept.line("notifyConsumerIdsChangedEnable\\s+=\\s+true");
    return "created and read back";
  }

  String connection() throws Exception {
    Mqadmin.Answer answer = mqadmin.run("consumerConnection", "-g", traffic.group);
    answer.line("#ClientId\\s+#ClientAddr\\s+#Language\\s+#Version");
    answer.line("\\S+@consumer\\s+127\\.0\\.0\\.1:\\d+\\s+JAVA\\s+V5_5_0");
    answer.line(traffic.topic + "\\s+TagA \\|\\| TagB");
    answer.line("%RETRY%" + traffic.group + "\\s+\\*");
    answer.line("ConsumeType: CONSUME_PASSIVELY");
    answer.line("MessageModel: CLUSTERING");
    answer.line("ConsumeFromWhere: CONSUME_FROM_FIRST_OFFSET");
    return "";
  }

  String producerConnection() throws Exception {
    mqadmin.run("producerConnection", "-g", traffic.producerGroup, "-t", traffic.topic)
        .line("0001\\s+\\S+@producer\\s+127\\.0\\.0\\.1:\\d+\\s+JAVA\\s+V5_5_0");
    return "";
  }

  /** Everything that was sent is consumed. */
  String progress() throws Exception {
    return Check.retry(settings.deadlineMillis(), () -> expectProgress(0));
  }

  /** The group has left, and `behind` messages more are in queue 2. */
  private String expectProgress(int behind) {
    Mqadmin.Answer answer = mqadmin.run("consumerProgress", "-g", traffic.group);
    List<String> rows =
        answer.table(
            "#Topic", "#Broker Name", "#QID", "#Broker Offset", "#Consumer Offset", "#Diff",
            "#Inflight", "#LastTime");
    int queues = Traffic.SENT.length;
    Check.equal((long) queues, rows.stream().filter(r -> r.startsWith(traffic.topic)).count(),
        "rows of the topic");
    for (int queue = 0; queue < queues; ++queue) {
      int consumed = Traffic.SENT[queue];
      int more = queue == 2 ? behind : 0;
      String stamp = consumed == 0 ? "(N/A|.*\\d)" : "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d";
      answer.line(
          "%s\\s+%s\\s+%d\\s+%d\\s+%d\\s+%d\\s+\\d+\\s+%s".formatted(
              traffic.topic, broker.name, queue, consumed + more, consumed, more, stamp));
    }
    answer.line("Consume TPS: [0-9.]+");
    answer.line("Consume Diff Total: " + behind);
    answer.line("Consume Inflight Total: \\d+");
    return queues + " queues, " + behind + " behind";
  }

  String progressOfAll() throws Exception {
    Mqadmin.Answer answer = mqadmin.run("consumerProgress");
    answer.table("#Group", "#Count", "#Version", "#Type", "#Model", "#TPS", "#Diff Total");
    Matcher row = answer.line(traffic.group + "\\s+1\\s+V5_5_0\\s+PUSH\\s+CLUSTERING\\s+\\d+\\s+0");
    return row.group().replaceAll("\\s+", " ");
  }

  String progressBehind() throws Exception {
    traffic.stopConsumer();
    for (int i = 0; i < 3; ++i) traffic.send(2, i);
    return Check.retry(settings.deadlineMillis(), () -> expectProgress(3));
  }

  String delete() throws Exception {
    mqadmin.run("deleteSubGroup", "-g", traffic.group, "-c", broker.cluster)
        .line("delete subscription group \\[" + traffic.group + "] from broker .* success\\.");
    Mqadmin.Answer kept = mqadmin.attempt("getConsumerConfig", "-g", traffic.group);
    boolean still = kept.text().contains("retryQueueNums                          =  2");
    Check.that(!still, "the broker keeps the group's settings");
    return "";
  }
}
