package interop;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.rocketmq.client.ClientConfig;
import org.apache.rocketmq.client.MQAdmin;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.impl.MQClientAPIImpl;
import org.apache.rocketmq.client.impl.factory.MQClientInstance;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.MessageQueue;

/** The cluster under test: one shared producer, topics, and what a client needs to reach it. */
final class Cluster implements AutoCloseable {
  static final int QUEUES = 8;
  private static final String TOPIC_TO_COPY = "TBW102";

  final Settings settings;
  final DefaultMQProducer producer;

  Cluster(Settings settings) throws MQClientException {
    this.settings = settings;
    this.producer = new DefaultMQProducer(settings.group("producer"));
    configure(producer, "producer");
    // A retry after a time-out may store a message twice, and here twice is a failure: be patient.
    producer.setSendMsgTimeout(15_000);
    producer.setPollNameServerInterval(1_000);
    producer.start();
  }

  /** Gives the client the address and a name of its own, so that it shares no connection. */
  void configure(ClientConfig client, String instance) {
    client.setNamesrvAddr(settings.namesrv());
    client.setInstanceName(settings.prefix() + "@" + instance);
    client.setVipChannelEnabled(false);
    // A heartbeat that meets another under way is dropped, and until the next one the broker may
    // refuse a member's pulls because it knows only an older subscription (code 25).
    client.setHeartbeatBrokerInterval(2_000);
  }

  /** Creates the topic through the client API and waits until its route names every queue. */
  void createTopic(String topic) throws Exception {
    createTopicOfThisVersion(topic);
    awaitRoute(topic, QUEUES);
  }

  /** The attributes parameter came with client 5.0; before it the method has three parameters. */
  private void createTopicOfThisVersion(String topic) throws Exception {
    for (Method method : MQAdmin.class.getMethods()) {
      if (!method.getName().equals("createTopic")) continue;
      int parameters = method.getParameterCount();
      if (parameters == 4 && method.getParameterTypes()[3] == Map.class) {
        method.invoke(producer, TOPIC_TO_COPY, topic, QUEUES, Map.of());
        return;
      }
      if (parameters == 3) {
        method.invoke(producer, TOPIC_TO_COPY, topic, QUEUES);
        return;
      }
    }
    throw new Check.Failed("this client has no createTopic");
  }

  /** Waits for a route with `queues` writable queues in all. */
  void awaitRoute(String topic, int queues) throws Exception {
    Check.eventually(
        settings.deadlineMillis(),
        () -> queuesOrNone(topic).size() == queues,
        () -> "route of " + topic + " is " + queuesOrNone(topic));
  }

  private List<MessageQueue> queuesOrNone(String topic) {
    try {
      return queues(topic);
    } catch (MQClientException e) {
      return List.of();
    }
  }

  /** The topic's queues as the NameServer knows them, in queue order. */
  List<MessageQueue> queues(String topic) throws MQClientException {
    List<MessageQueue> queues = new ArrayList<>(producer.fetchPublishMessageQueues(topic));
    queues.sort(null);
    return queues;
  }

  long stored(String topic) throws MQClientException {
    return stored(queues(topic));
  }

  private long stored(Collection<MessageQueue> queues) throws MQClientException {
    long sum = 0;
    for (MessageQueue queue : queues) sum += producer.maxOffset(queue) - producer.minOffset(queue);
    return sum;
  }

  void awaitStored(String topic, long expected) throws Exception {
    Check.eventually(
        settings.deadlineMillis(),
        () -> stored(topic) >= expected,
        () -> topic + " holds " + stored(topic) + " of " + expected + " messages");
    Check.equal(expected, stored(topic), "messages stored in " + topic);
  }

  /**
   * Waits until the broker keeps the end of every queue as the group's offset. It asks the broker
   * past the consumer: OffsetStore.readOffset would write the answer into the consumer's own table.
   */
  void awaitCommitted(String group, String topic) throws Exception {
    for (MessageQueue queue : queues(topic)) {
      long end = producer.maxOffset(queue);
      Check.eventually(
          settings.deadlineMillis(),
          () -> committed(settings.group(group), queue) == end,
          () -> queue + " is at " + committed(settings.group(group), queue) + " of " + end);
    }
  }

  /** The header class changed its package between 4.9 and 5.0: it must not be named here. */
  private long committed(String group, MessageQueue queue) throws Exception {
    MQClientInstance client = producer.getDefaultMQProducerImpl().getMqClientFactory();
    String address = client.findBrokerAddressInPublish(queue.getBrokerName());
    for (Method method : MQClientAPIImpl.class.getMethods()) {
      if (!method.getName().equals("queryConsumerOffset")) continue;
      Object header = method.getParameterTypes()[1].getConstructor().newInstance();
      set(header, "ConsumerGroup", String.class, group);
      set(header, "Topic", String.class, queue.getTopic());
      set(header, "QueueId", Integer.class, queue.getQueueId());
      try {
        return (long) method.invoke(client.getMQClientAPIImpl(), address, header, 5_000L);
      } catch (InvocationTargetException e) {
        if (e.getCause() instanceof MQBrokerException) return -1; // No offset yet.
        throw e;
      }
    }
    throw new Check.Failed("this client has no queryConsumerOffset");
  }

  private static void set(Object header, String field, Class<?> type, Object value)
      throws ReflectiveOperationException {
    header.getClass().getMethod("set" + field, type).invoke(header, value);
  }

  @Override
  public void close() {
    producer.shutdown();
  }
}
