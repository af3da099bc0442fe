package interop;

import java.util.ArrayList;
import java.util.List;

/** updateTopic, topicList, topicRoute, topicStatus and deleteTopic. */
final class Topics {
  private static final String STAMP = "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3}";

  private final Mqadmin mqadmin;
  private final Settings settings;
  private final Broker broker;
  private final Traffic traffic;

  Topics(Mqadmin mqadmin, Settings settings, Broker broker, Traffic traffic) {
    this.mqadmin = mqadmin;
    this.settings = settings;
    this.broker = broker;
    this.traffic = traffic;
  }

  /** By cluster creates, by broker changes; the route tells whether the broker took it. */
  String update() throws Exception {
    String topic = traffic.topic;
    String success = "create topic to " + broker.address + " success.";
    mqadmin.run("updateTopic", "-t", topic, "-c", broker.cluster, "-r", "5", "-w", "4", "-p", "4")
        .line(success);
    expectRoute(topic, 5, 4, 4);
    mqadmin.run("updateTopic", "-t", topic, "-b", broker.address, "-r", "3", "-w", "3", "-p", "6")
        .line(success);
    expectRoute(topic, 3, 3, 6);
    return "created and changed";
  }

  private void expectRoute(String topic, int read, int write, int permission) throws Exception {
    String expected =
        "{'brokerDatas':[{'brokerAddrs':{0:'%s'},'brokerName':'%s','cluster':'%s',"
            + "'enableActingMaster':false}],'filterServerTable':{},'queueDatas':[{"
            + "'brokerName':'%s','perm':%d,'readQueueNums':%d,'topicSysFlag':0,"
            + "'writeQueueNums':%d}]}";
    expected =
        expected.replace('\'', '"').formatted(
            broker.address, broker.name, broker.cluster, broker.name, permission, read, write);
    String wanted = expected;
    Check.retry(
        settings.deadlineMillis(),
        () -> {
          Mqadmin.Answer answer = mqadmin.run("topicRoute", "-t", topic);
          Check.equal(wanted, answer.text().replaceAll("\\s", ""), "route of " + topic);
          return null;
        });
  }

  String route() throws Exception {
    expectRoute(traffic.topic, Traffic.SENT.length, Traffic.SENT.length, 6);
    Mqadmin.Answer answer = mqadmin.run("topicRoute", "-t", traffic.topic, "-l");
    answer.table(
        "#ClusterName", "#BrokerName", "#BrokerAddrs", "#ReadQueue", "#WriteQueue", "#Perm");
    answer.line(
        "%s\\s+%s\\s+\\{0=%s}\\s+3\\s+3\\s+6"
            .formatted(broker.cluster, broker.name, broker.address));
    answer.line("Total:\\s+1\\s+3\\s+3");
    return "JSON and table";
  }

  String unknownRoute() {
    expectNoRoute("no_such_topic_at_all");
    return "code 17";
  }

  private void expectNoRoute(String topic) {
    Mqadmin.Answer answer = mqadmin.attempt("topicRoute", "-t", topic);
    Check.that(
        answer.trouble().contains("CODE: 17 "), "expected code 17, got: %s", answer.trouble());
  }

  String list() throws Exception {
    List<String> missing = new ArrayList<>(Expected.read("system_topics.txt").demanded().keySet());
    missing.replaceAll(t -> t.replace("CLUSTER", broker.cluster).replace("BROKER", broker.name));
    missing.add(traffic.topic);
    List<String> topics = mqadmin.run("topicList").lines();
    missing.removeAll(topics);
    Check.that(missing.isEmpty(), "topicList lacks %s", missing);
    Check.equal((int) topics.stream().distinct().count(), topics.size(), "distinct topics");

    Mqadmin.Answer byCluster = mqadmin.run("topicList", "-c");
    byCluster.table("#Cluster Name", "#Topic", "#Consumer Group");
    byCluster.line(broker.cluster + "\\s+" + traffic.topic);
    return topics.size() + " topics";
  }

  String status() throws Exception {
    Mqadmin.Answer answer = mqadmin.run("topicStatus", "-t", traffic.topic);
    List<String> rows =
        answer.table("#Broker Name", "#QID", "#Min Offset", "#Max Offset", "#Last Updated");
    Check.equal(Traffic.SENT.length + 1, rows.size(), "lines below the head");
    for (int queue = 0; queue < Traffic.SENT.length; ++queue) {
      int max = Traffic.SENT[queue];
      String updated = max == 0 ? "" : "\\s+" + STAMP;
      answer.line(broker.name + "\\s+" + queue + "\\s+0\\s+" + max + updated);
    }
    answer.line("Topic Put TPS: [0-9.]+");
    return Traffic.SENT.length + " queues";
  }

  String delete() throws Exception {
    mqadmin.run("deleteTopic", "-t", traffic.topic, "-c", broker.cluster)
        .line("delete topic \\[" + traffic.topic + "] from cluster \\[.*] success\\.");
    return Check.retry(
        settings.deadlineMillis(),
        () -> {
          expectNoRoute(traffic.topic);
          boolean listed = mqadmin.run("topicList").lines().contains(traffic.topic);
          Check.that(!listed, "topicList still has the topic");
          return "";
        });
  }
}
