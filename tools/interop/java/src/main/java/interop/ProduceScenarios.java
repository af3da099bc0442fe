package interop;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendCallback;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.message.Message;

/** Sends `count` messages in each of the four ways into one topic and watches its offsets grow. */
final class ProduceScenarios {
  private static final int BATCH = 100;
  private static final int ASYNC_WINDOW = 64;
  private static final int ONE_WAY_WINDOW = 500;

  private final Cluster cluster;
  private final String topic;
  private final int count;
  /** Keys of all messages that were sent. */
  final Set<String> keys = new HashSet<>();
  private final Set<String> placesTaken = new HashSet<>();

  ProduceScenarios(Cluster cluster, String topic) {
    this.cluster = cluster;
    this.topic = topic;
    this.count = cluster.settings.count();
  }

  private DefaultMQProducer producer() {
    return cluster.producer;
  }

  /** Notes the place a broker gave to a message, and that no other message got the same. */
  private void take(SendResult result) {
    Check.equal(SendStatus.SEND_OK, result.getSendStatus(), "send status");
    Check.that(result.getMsgId() != null, "no message id");
    Check.that(result.getOffsetMsgId() != null, "no offset message id");
    Check.equal(topic, result.getMessageQueue().getTopic(), "topic in the answer");
    String place = result.getMessageQueue().getQueueId() + "@" + result.getQueueOffset();
    Check.that(placesTaken.add(place), "queue@offset %s was given twice", place);
  }

  /** Notes the key even if the answer should displease: consumers will get the message. */
  private Message next(String producer, int sequence) {
    Message message = Sent.message(topic, producer, sequence);
    keys.add(message.getKeys());
    return message;
  }

  private String done(long before) throws Exception {
    cluster.awaitStored(topic, before + count);
    return count + " messages";
  }

  String sync() throws Exception {
    long before = cluster.stored(topic);
    for (int i = 0; i < count; ++i) take(producer().send(next("sync", i)));
    return done(before);
  }

  String async() throws Exception {
    long before = cluster.stored(topic);
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < count; ++i) messages.add(next("async", i));
    for (SendResult result : sendAsync(cluster, messages)) take(result);
    return done(before);
  }

  /** Sends with a bounded number under way; returns all results or fails with the first error. */
  static List<SendResult> sendAsync(Cluster cluster, List<Message> messages) throws Exception {
    Semaphore window = new Semaphore(ASYNC_WINDOW);
    ConcurrentLinkedQueue<SendResult> results = new ConcurrentLinkedQueue<>();
    ConcurrentLinkedQueue<Throwable> errors = new ConcurrentLinkedQueue<>();
    SendCallback callback =
        new SendCallback() {
          @Override
          public void onSuccess(SendResult result) {
            results.add(result);
            window.release();
          }

          @Override
          public void onException(Throwable e) {
            errors.add(e);
            window.release();
          }
        };
    for (Message message : messages) {
      acquire(cluster, window, 1);
      cluster.producer.send(message, callback);
    }
    acquire(cluster, window, ASYNC_WINDOW);
    Check.that(errors.isEmpty(), "%d sends failed, first: %s", errors.size(), errors.peek());
    Check.equal(messages.size(), results.size(), "callbacks with a result");
    return new ArrayList<>(results);
  }

  private static void acquire(Cluster cluster, Semaphore window, int permits) throws Exception {
    boolean answered =
        window.tryAcquire(permits, cluster.settings.deadlineMillis(), TimeUnit.MILLISECONDS);
    Check.that(answered, "callbacks are missing");
  }

  String oneWay() throws Exception {
    long before = cluster.stored(topic);
    for (int i = 0; i < count; ++i) {
      producer().sendOneway(next("oneway", i));
      // Nothing answers a one-way send: the offsets are what holds this loop back.
      if (i % ONE_WAY_WINDOW == ONE_WAY_WINDOW - 1) cluster.awaitStored(topic, before + i + 1);
    }
    return done(before);
  }

  String batch() throws Exception {
    long before = cluster.stored(topic);
    for (int from = 0; from < count; from += BATCH) {
      List<Message> batch = new ArrayList<>();
      for (int i = from; i < Math.min(count, from + BATCH); ++i) {
        batch.add(next("batch", i));
      }
      SendResult result = producer().send(batch);
      take(result);
      Check.equal(batch.size(), result.getMsgId().split(",").length, "ids of a batch");
      Check.equal(batch.size(), result.getOffsetMsgId().split(",").length, "offset ids of a batch");
    }
    return done(before);
  }
}
