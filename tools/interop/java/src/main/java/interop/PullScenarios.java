package interop;

import java.util.List;
import java.util.Set;
import org.apache.rocketmq.client.consumer.DefaultLitePullConsumer;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.consumer.PullResult;
import org.apache.rocketmq.client.consumer.PullStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Consumers that ask for messages themselves: everything once, front to back. */
final class PullScenarios {
  private final Cluster cluster;
  private final String topic;
  private final Set<String> keys;

  PullScenarios(Cluster cluster, String topic, Set<String> keys) {
    this.cluster = cluster;
    this.topic = topic;
    this.keys = keys;
  }

  private String verify(Ledger ledger) throws Exception {
    ledger.expectExactly(keys, 0);
    ledger.expectQueuesInOrder(0);
    return keys.size() + " messages";
  }

  private static void add(Ledger ledger, List<MessageExt> messages, String brokerName) {
    for (MessageExt message : messages) {
      String topic = message.getTopic();
      ledger.add(0, new MessageQueue(topic, brokerName, message.getQueueId()), message);
    }
  }

  private void drain(DefaultLitePullConsumer consumer, Ledger ledger) throws Exception {
    long end = System.nanoTime() + cluster.settings.deadlineMillis() * 1_000_000;
    while (ledger.total() < keys.size()) {
      Check.that(System.nanoTime() < end, "%d of %d arrived", ledger.total(), keys.size());
      for (MessageExt message : consumer.poll(100)) {
        add(ledger, List.of(message), message.getBrokerName());
      }
    }
    Check.that(consumer.poll(100).isEmpty(), "a message came after the last");
  }

  String liteAssigned() throws Exception {
    var consumer = new DefaultLitePullConsumer(cluster.settings.group("lite_assign"));
    cluster.configure(consumer, "lite_assign");
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setAutoCommit(false);
    consumer.setPullBatchSize(100);
    consumer.start();
    try {
      Ledger ledger = new Ledger();
      // No seek to the beginning: what the client pulled before it would come twice.
      consumer.assign(consumer.fetchMessageQueues(topic));
      drain(consumer, ledger);
      return verify(ledger);
    } finally {
      consumer.shutdown();
    }
  }

  /** Subscribes, takes everything, commits, and finds the offsets at the queues' ends. */
  String liteSubscribed() throws Exception {
    var consumer = new DefaultLitePullConsumer(cluster.settings.group("lite"));
    cluster.configure(consumer, "lite");
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setPullBatchSize(100);
    consumer.subscribe(topic, "*");
    consumer.start();
    try {
      Ledger ledger = new Ledger();
      drain(consumer, ledger);
      verify(ledger);
      consumer.commitSync();
    } finally {
      consumer.shutdown();
    }
    cluster.awaitCommitted("lite", topic);
    return keys.size() + " messages, all committed";
  }

  @SuppressWarnings("deprecation")
  String classic() throws Exception {
    var consumer = new DefaultMQPullConsumer(cluster.settings.group("pull"));
    cluster.configure(consumer, "pull");
    consumer.start();
    try {
      Ledger ledger = new Ledger();
      for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(topic)) {
        pullAll(consumer, queue, ledger);
      }
      return verify(ledger);
    } finally {
      consumer.shutdown();
    }
  }

  /** A filtered pull moves on past messages it keeps back, and finds exactly the wanted ones. */
  @SuppressWarnings("deprecation")
  String classicFiltered(String taggedTopic) throws Exception {
    var consumer = new DefaultMQPullConsumer(cluster.settings.group("pull_tags"));
    cluster.configure(consumer, "pull_tags");
    consumer.start();
    int found = 0;
    try {
      for (MessageQueue queue : consumer.fetchSubscribeMessageQueues(taggedTopic)) {
        long max = consumer.maxOffset(queue);
        long offset = consumer.minOffset(queue);
        while (offset < max) {
          PullResult result = consumer.pull(queue, "TagC || TagAB", offset, 16);
          Check.that(result.getNextBeginOffset() > offset, "%s stays at %d", queue, offset);
          offset = result.getNextBeginOffset();
          if (result.getPullStatus() == PullStatus.NO_MATCHED_MSG) continue;
          Check.equal(PullStatus.FOUND, result.getPullStatus(), "pull of " + queue);
          found += result.getMsgFoundList().size();
          for (MessageExt message : result.getMsgFoundList()) {
            String tag = message.getTags();
            Check.that(tag.equals("TagC") || tag.equals("TagAB"), "found tag %s", tag);
          }
        }
      }
    } finally {
      consumer.shutdown();
    }
    int count = cluster.settings.count();
    Check.equal((count + 2) / 5 + (count + 1) / 5, found, "messages found");
    return found + " messages";
  }

  @SuppressWarnings("deprecation")
  private void pullAll(DefaultMQPullConsumer consumer, MessageQueue queue, Ledger ledger)
      throws Exception {
    long max = consumer.maxOffset(queue);
    long offset = consumer.minOffset(queue);
    while (offset < max) {
      PullResult result = consumer.pull(queue, "*", offset, 256);
      Check.equal(PullStatus.FOUND, result.getPullStatus(), "pull of " + queue + " at " + offset);
      Check.equal(max, result.getMaxOffset(), "max offset in the answer");
      Check.equal(0L, result.getMinOffset(), "min offset in the answer");
      add(ledger, result.getMsgFoundList(), queue.getBrokerName());
      offset = result.getNextBeginOffset();
    }
    PullResult beyond = consumer.pull(queue, "*", max, 32);
    Check.equal(PullStatus.NO_NEW_MSG, beyond.getPullStatus(), "pull at the end");
    PullResult illegal = consumer.pull(queue, "*", max + 1000, 32);
    Check.equal(PullStatus.OFFSET_ILLEGAL, illegal.getPullStatus(), "pull beyond the end");
    Check.equal(max, illegal.getNextBeginOffset(), "correction of an offset beyond the end");
  }
}
