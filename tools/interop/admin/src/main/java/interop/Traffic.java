package interop;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** The messages and the consumer group that the commands are asked about. */
final class Traffic implements AutoCloseable {
  /** Queue 0 gets 5 messages, queue 1 gets 4, queue 2 none. Every message's key is its queue's. */
  static final int[] SENT = {5, 4, 0};

  final String topic;
  final String group;
  final String producerGroup;
  private final String namesrv;
  private final DefaultMQProducer producer;
  private final DefaultMQPushConsumer consumer;
  final List<SendResult> sent = new ArrayList<>();

  Traffic(Settings settings) {
    namesrv = settings.namesrv();
    topic = settings.topic("admin");
    group = settings.group("admin");
    producerGroup = settings.group("admin_producer");
    producer = new DefaultMQProducer(producerGroup);
    producer.setNamesrvAddr(namesrv);
    producer.setInstanceName(settings.prefix() + "@producer");
    consumer = new DefaultMQPushConsumer(group);
    consumer.setNamesrvAddr(namesrv);
    consumer.setInstanceName(settings.prefix() + "@consumer");
  }

  static String body(int queue, int number) {
    return "message " + number + " of queue " + queue;
  }

  void send() throws Exception {
    producer.start();
    for (int queue = 0; queue < SENT.length; ++queue) {
      for (int i = 0; i < SENT[queue]; ++i) sent.add(send(queue, i));
    }
  }

  SendResult send(int queue, int number) throws Exception {
    byte[] body = body(queue, number).getBytes(StandardCharsets.UTF_8);
    Message message = new Message(topic, "TagA", "key" + queue, body);
    message.putUserProperty("color", "red");
    return producer.send(message, queueOf(queue));
  }

  private MessageQueue queueOf(int number) throws MQClientException {
    for (MessageQueue queue : producer.fetchPublishMessageQueues(topic)) {
      if (queue.getQueueId() == number) return queue;
    }
    throw new Check.Failed("no queue " + number);
  }

  /** Leaves the consumer online with everything consumed. */
  void consume(long deadlineMillis) throws Exception {
    AtomicInteger received = new AtomicInteger();
    consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
    consumer.subscribe(topic, "TagA || TagB");
    consumer.registerMessageListener(
        (MessageListenerConcurrently)
            (messages, context) -> {
              received.addAndGet(messages.size());
              return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
            });
    consumer.start();
    Check.eventually(
        deadlineMillis,
        () -> received.get() == sent.size(),
        () -> received.get() + " of " + sent.size() + " messages consumed");
    // The first periodic hand-in would come only ten seconds after the start.
    var inside = consumer.getDefaultMQPushConsumerImpl();
    Check.eventually(
        deadlineMillis,
        () -> {
          inside.persistConsumerOffset();
          return inside.getRebalanceImpl().getProcessQueueTable().values().stream()
              .allMatch(queue -> queue.getMsgCount().get() == 0);
        },
        () -> "messages stay in the consumer");
    inside.persistConsumerOffset();
  }

  void stopConsumer() {
    consumer.shutdown();
  }

  @Override
  public void close() {
    consumer.shutdown();
    producer.shutdown();
  }
}
