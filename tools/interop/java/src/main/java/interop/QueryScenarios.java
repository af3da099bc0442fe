package interop;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.rocketmq.client.QueryResult;
import org.apache.rocketmq.client.consumer.DefaultMQPullConsumer;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** Finding messages again: by id, by key, by offset, by time; and finding them unchanged. */
final class QueryScenarios {
  private final Cluster cluster;

  QueryScenarios(Cluster cluster) {
    this.cluster = cluster;
  }

  String viewById(String topic) throws Exception {
    Message message = Sent.message(topic, "view", 1);
    SendResult result = cluster.producer.send(message);
    MessageExt byPlace = cluster.producer.viewMessage(topic, result.getOffsetMsgId());
    Check.that(Sent.bodyFits(byPlace), "viewMessage by offset id gives another body");
    Check.equal(result.getQueueOffset(), byPlace.getQueueOffset(), "queue offset");
    MessageExt[] byUniqueId = new MessageExt[1];
    Check.eventually(
        cluster.settings.deadlineMillis(),
        () -> (byUniqueId[0] = viewOrNull(topic, result.getMsgId())) != null,
        () -> "no message under the client's id " + result.getMsgId());
    Check.that(Sent.bodyFits(byUniqueId[0]), "viewMessage by client id gives another body");
    return "";
  }

  /** The index is built after the answer to the send: "no message" may only mean "not yet". */
  private MessageExt viewOrNull(String topic, String id) throws Exception {
    try {
      return cluster.producer.viewMessage(topic, id);
    } catch (MQClientException notYet) {
      return null;
    }
  }

  String queryByKey(String topic) throws Exception {
    long begin = System.currentTimeMillis() - 60_000;
    long end = System.currentTimeMillis() + 600_000;
    for (int i = 0; i < 5; ++i) {
      Message message = Sent.message(topic, "query", 1);
      message.putUserProperty("copy", String.valueOf(i));
      cluster.producer.send(message);
    }
    Check.eventually(
        cluster.settings.deadlineMillis(),
        () -> query(topic, "query-1", 32, begin, end).size() == 5,
        () -> query(topic, "query-1", 32, begin, end).size() + " of 5 messages under the key");
    for (MessageExt found : query(topic, "query-1", 32, begin, end)) {
      Check.that(Sent.bodyFits(found), "a message with another body");
    }
    Check.equal(2, query(topic, "query-1", 2, begin, end).size(), "messages when 2 are asked for");
    Check.equal(0, query(topic, "no-such-key", 32, begin, end).size(), "messages under no key");
    return "";
  }

  private List<MessageExt> query(String topic, String key, int limit, long begin, long end)
      throws Exception {
    try {
      QueryResult result = cluster.producer.queryMessage(topic, key, limit, begin, end);
      return result.getMessageList();
    } catch (MQClientException none) {
      return List.of();
    }
  }

  /** The offsets of one queue against the messages that are in it. */
  @SuppressWarnings("deprecation")
  String offsets(String topic) throws Exception {
    var consumer = new DefaultMQPullConsumer(cluster.settings.group("offsets"));
    cluster.configure(consumer, "offsets");
    consumer.start();
    try {
      for (MessageQueue queue : cluster.queues(topic)) offsetsOf(consumer, queue);
    } finally {
      consumer.shutdown();
    }
    return "";
  }

  @SuppressWarnings("deprecation")
  private void offsetsOf(DefaultMQPullConsumer consumer, MessageQueue queue) throws Exception {
    List<MessageExt> messages = new ArrayList<>();
    long max = consumer.maxOffset(queue);
    Check.equal(0L, consumer.minOffset(queue), "min offset of " + queue);
    while (messages.size() < max) {
      messages.addAll(consumer.pull(queue, "*", messages.size(), 256).getMsgFoundList());
    }
    long first = messages.get(0).getStoreTimestamp();
    long last = messages.get(messages.size() - 1).getStoreTimestamp();
    Check.equal(first, consumer.earliestMsgStoreTime(queue), "earliest store time");
    Check.equal(0L, consumer.searchOffset(queue, first - 100_000), "offset of a time before all");
    Check.equal(max, consumer.searchOffset(queue, last + 100_000), "offset of a time after all");
    for (int part = 1; part < 10; ++part) {
      long time = messages.get((int) (max * part / 10)).getStoreTimestamp();
      Check.equal(firstAt(messages, time), consumer.searchOffset(queue, time), "offset of " + time);
    }
  }

  private static long firstAt(List<MessageExt> messages, long time) {
    for (MessageExt message : messages) {
      if (message.getStoreTimestamp() >= time) return message.getQueueOffset();
    }
    return messages.size();
  }

  /** Bodies around the limits (compression begins above 4096 bytes), and a message's fields. */
  @SuppressWarnings("deprecation")
  String fields(String topic) throws Exception {
    Random random = new Random(1);
    int[] sizes = {1, 4095, 4096, 4097, 100_000, 4_000_000};
    for (int size : sizes) {
      for (boolean compressible : new boolean[] {false, true}) {
        byte[] body = new byte[size];
        if (!compressible) random.nextBytes(body);
        Message message = new Message(topic, "Tag\u00e9", "k1 k2", 0x1234567, body, true);
        message.putUserProperty("user", "v\u00e4lue: 1,2={}\"'");
        SendResult sent = cluster.producer.send(message);
        MessageExt got = cluster.producer.viewMessage(topic, sent.getOffsetMsgId());
        Check.that(java.util.Arrays.equals(body, got.getBody()), "body of %d bytes differs", size);
        Check.equal("Tag\u00e9", got.getTags(), "tag");
        Check.equal("k1 k2", got.getKeys(), "keys");
        Check.equal(0x1234567, got.getFlag(), "flag");
        Check.equal("v\u00e4lue: 1,2={}\"'", got.getUserProperty("user"), "user property");
        Check.equal(sent.getMsgId(), got.getMsgId(), "message id");
        Check.equal(topic, got.getTopic(), "topic");
        Check.equal(sent.getMessageQueue().getQueueId(), got.getQueueId(), "queue");
        Check.equal(0, got.getReconsumeTimes(), "reconsume times");
        Check.that(got.getBornTimestamp() <= got.getStoreTimestamp(), "born after stored");
        Check.equal("127.0.0.1", got.getBornHostString(), "born host");
      }
    }
    return sizes.length * 2 + " bodies";
  }
}
