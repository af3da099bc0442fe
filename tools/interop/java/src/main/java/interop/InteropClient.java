package interop;

import java.util.Set;

/**
 * Drives a cluster with Apache's Java client and judges what comes back.
 *
 * <p>Usage: InteropClient --namesrv HOST:PORT --topic-prefix X --count N [--deadline SECONDS].
 * Prints a line "PASS name ..." or "FAIL name: reason" for each scenario; exits with 1 when any
 * failed. Topics and groups begin with the prefix, which must be new to the cluster.
 */
public final class InteropClient {
  private InteropClient() {}

  public static void main(String[] args) throws Exception {
    Settings settings = Settings.parse(args);
    Report report = new Report();
    try (Cluster cluster = new Cluster(settings)) {
      runAll(cluster, report);
    }
    System.out.flush();
    // Clients leave threads behind when a scenario failed half-way.
    Runtime.getRuntime().halt(report.failed() == 0 ? 0 : 1);
  }

  private static void runAll(Cluster cluster, Report report) {
    String all = cluster.settings.topic("all");
    String orderly = cluster.settings.topic("orderly");
    String tagged = cluster.settings.topic("tags");
    String fields = cluster.settings.topic("fields");
    report.run("create_topic", () -> createTopics(cluster, all, orderly, tagged, fields));
    report.run("create_topic_by_sending", () -> createBySending(cluster));

    var produce = new ProduceScenarios(cluster, all);
    var consume = new ConsumeScenarios(cluster);
    consumeWhileProducing(report, produce, consume, all);
    // One more group, and members that come after the messages.
    Set<String> keys = produce.keys;
    report.run("consume_broadcasting", () -> consume.broadcast(all, "broadcast", keys));
    var pull = new PullScenarios(cluster, all, keys);
    report.run("pull_lite_assigned", pull::liteAssigned);
    report.run("pull_lite_subscribed", pull::liteSubscribed);
    report.run("pull_classic", pull::classic);
    report.run("consume_resumed", () -> consume.resume(all, "cluster"));
    report.run("consume_orderly", () -> consume.orderly(orderly, "orderly"));
    report.run("consume_tags", () -> consume.tags(tagged, "tags"));
    report.run("pull_tags", () -> pull.classicFiltered(tagged));

    var query = new QueryScenarios(cluster);
    report.run("message_fields", () -> query.fields(fields));
    report.run("view_by_id", () -> query.viewById(fields));
    report.run("query_by_key", () -> query.queryByKey(fields));
    report.run("offsets_by_time", () -> query.offsets(all));
  }

  private static String createTopics(Cluster cluster, String... topics) throws Exception {
    for (String topic : topics) cluster.createTopic(topic);
    return topics.length + " topics";
  }

  private static String createBySending(Cluster cluster) throws Exception {
    String topic = cluster.settings.topic("auto");
    cluster.producer.send(Sent.message(topic, "auto", 1));
    // The producer's own default (4) is below that of the topic it copies (8).
    cluster.awaitRoute(topic, 4);
    cluster.awaitStored(topic, 1);
    return "4 queues";
  }

  private static void consumeWhileProducing(
      Report report, ProduceScenarios produce, ConsumeScenarios consume, String topic) {
    ConsumeScenarios.Pair[] pair = new ConsumeScenarios.Pair[1];
    report.run(
        "consume_clustering_shares_queues",
        () -> (pair[0] = consume.new Pair(topic, "cluster")).share());
    report.run("produce_sync", produce::sync);
    report.run("produce_async", produce::async);
    report.run("produce_oneway", produce::oneWay);
    report.run("produce_batch", produce::batch);
    if (pair[0] == null) return;
    report.run("consume_clustering", () -> pair[0].receive(produce.keys));
    report.run("consume_clustering_commits", () -> pair[0].leave(produce.keys));
  }
}
