package interop;

/**
 * Asks a cluster about itself with Apache's mqadmin and judges the answers' shape and values.
 *
 * <p>Usage: AdminCheck --namesrv HOST:PORT --topic-prefix X [--deadline SECONDS]. The cluster has
 * one broker. Prints a line "PASS name ..." or "FAIL name: reason" for each scenario; exits with 1
 * when any failed.
 */
public final class AdminCheck {
  private AdminCheck() {}

  public static void main(String[] args) {
    Settings settings = Settings.parse(args);
    Report report = new Report();
    Mqadmin mqadmin = new Mqadmin(settings.namesrv());
    try (Traffic traffic = new Traffic(settings)) {
      runAll(settings, report, mqadmin, traffic);
    }
    System.out.flush();
    Runtime.getRuntime().halt(report.failed() == 0 ? 0 : 1);
  }

  private static void runAll(Settings settings, Report report, Mqadmin mqadmin, Traffic traffic) {
    Broker broker = new Broker(mqadmin, settings);
    report.run("clusterList", broker::clusterList);
    // Every other command needs the broker's address from the first.
    if (broker.address == null) return;
    Topics topics = new Topics(mqadmin, settings, broker, traffic);
    Groups groups = new Groups(mqadmin, settings, broker, traffic);
    report.run("updateTopic", topics::update);
    report.run("topicList", topics::list);
    report.run("topicRoute", topics::route);
    report.run("topicRoute_of_unknown_topic", topics::unknownRoute);
    report.run("updateSubGroup", groups::update);
    report.run(
        "traffic",
        () -> {
          traffic.send();
          traffic.consume(settings.deadlineMillis());
          return traffic.sent.size() + " messages";
        });
    report.run("topicStatus", topics::status);
    Messages messages = new Messages(mqadmin, settings, traffic);
    report.run("queryMsgById", messages::byId);
    report.run("queryMsgByUniqueKey", messages::byUniqueKey);
    report.run("queryMsgByKey", messages::byKey);
    report.run("queryMsgByOffset", () -> messages.byOffset(broker.name));
    report.run("consumerConnection", groups::connection);
    report.run("producerConnection", groups::producerConnection);
    report.run("consumerProgress", groups::progress);
    report.run("consumerProgress_of_all", groups::progressOfAll);
    report.run("consumerProgress_behind", groups::progressBehind);
    report.run("brokerStatus", broker::status);
    report.run("getBrokerConfig", broker::config);
    report.run("clusterList_totals", broker::totals);
    report.run("deleteSubGroup", groups::delete);
    report.run("deleteTopic", topics::delete);
  }
}
