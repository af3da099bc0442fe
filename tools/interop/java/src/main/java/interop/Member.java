package interop;

import java.util.Set;
import java.util.TreeSet;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.ConsumeOrderlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.consumer.listener.MessageListenerOrderly;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.impl.consumer.DefaultMQPushConsumerImpl;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** One push consumer of a group. Members of one group are clients of their own. */
final class Member implements AutoCloseable {
  interface Receiver {
    void receive(MessageQueue queue, MessageExt message);
  }

  private final DefaultMQPushConsumer consumer;
  private final String topic;

  Member(Cluster cluster, String group, int number, String topic, String tags)
      throws MQClientException {
    this.topic = topic;
    consumer = new DefaultMQPushConsumer(cluster.settings.group(group));
    cluster.configure(consumer, group + number);
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.setConsumeMessageBatchMaxSize(32);
    consumer.subscribe(topic, tags);
  }

  /** The enumeration changed its package between 4.9 and 5.0: it must not be named here. */
  Member broadcasting() {
    consumer.setMessageModel(
        Enum.valueOf(consumer.getMessageModel().getDeclaringClass(), "BROADCASTING"));
    return this;
  }

  /** With one thread the client hands over each queue's messages in order. */
  Member singleThreaded() {
    consumer.setConsumeThreadMin(1);
    consumer.setConsumeThreadMax(1);
    return this;
  }

  Member start(Receiver receiver) throws MQClientException {
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (messages, context) -> {
              messages.forEach(m -> receiver.receive(context.getMessageQueue(), m));
              return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
    return this;
  }

  Member startOrderly(Receiver receiver) throws MQClientException {
    consumer.registerMessageListener(
        (MessageListenerOrderly)
            (messages, context) -> {
              messages.forEach(m -> receiver.receive(context.getMessageQueue(), m));
              return ConsumeOrderlyStatus.SUCCESS;
            });
    consumer.start();
    return this;
  }

  private DefaultMQPushConsumerImpl inside() {
    return consumer.getDefaultMQPushConsumerImpl();
  }

  /** The queues of the topic that this member holds at the moment. */
  Set<MessageQueue> queues() {
    Set<MessageQueue> held = new TreeSet<>();
    for (MessageQueue queue : inside().getRebalanceImpl().getProcessQueueTable().keySet()) {
      if (queue.getTopic().equals(topic)) held.add(queue);
    }
    return held;
  }

  private void rebalanceNow() {
    inside().getmQClientFactory().rebalanceImmediately();
  }

  /**
   * Waits until the two members share the topic's queues evenly. A member that asks for a lock
   * before its twin gave it up would try again only after 20 s, so this asks again earlier.
   */
  static void awaitShared(Cluster cluster, Member first, Member second) throws Exception {
    long[] nextNudge = {System.nanoTime() + 1_000_000_000L};
    Check.eventually(
        cluster.settings.deadlineMillis(),
        () -> {
          if (System.nanoTime() > nextNudge[0]) {
            first.rebalanceNow();
            second.rebalanceNow();
            nextNudge[0] += 1_000_000_000L;
          }
          Set<MessageQueue> both = first.queues();
          both.addAll(second.queues());
          return first.queues().size() == Cluster.QUEUES / 2
              && second.queues().size() == Cluster.QUEUES / 2
              && both.size() == Cluster.QUEUES;
        },
        () -> "the members hold " + first.queues() + " and " + second.queues());
  }

  @Override
  public void close() {
    consumer.shutdown();
  }
}
