package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.rocketmq.client.producer.selector.SelectMessageQueueByHash;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageQueue;

/** Push consumers: sharing, broadcasting, order, tags, and coming back. */
final class ConsumeScenarios {
  private final Cluster cluster;
  private final long deadline;
  private final int count;

  ConsumeScenarios(Cluster cluster) {
    this.cluster = cluster;
    this.deadline = cluster.settings.deadlineMillis();
    this.count = cluster.settings.count();
  }

  /** Two members of a group that hold half of the queues each before anything is sent. */
  final class Pair implements AutoCloseable {
    final Ledger ledger = new Ledger();
    final Member first;
    final Member second;
    private final String topic;
    private final String group;

    Pair(String topic, String group) throws Exception {
      this.topic = topic;
      this.group = group;
      first = new Member(cluster, group, 1, topic, "*").singleThreaded();
      second = new Member(cluster, group, 2, topic, "*").singleThreaded();
      first.start((queue, message) -> ledger.add(1, queue, message));
      second.start((queue, message) -> ledger.add(2, queue, message));
    }

    String share() throws Exception {
      Member.awaitShared(cluster, first, second);
      return first.queues().size() + " and " + second.queues().size() + " queues";
    }

    String receive(Set<String> keys) throws Exception {
      ledger.expectExactly(keys, deadline);
      ledger.expectQueuesInOrder(0);
      Check.equal(Cluster.QUEUES, ledger.queues(), "queues with messages");
      Check.that(ledger.countOf(1) > 0 && ledger.countOf(2) > 0, "one member got nothing");
      return ledger.countOf(1) + " and " + ledger.countOf(2) + " messages";
    }

    /** Members that leave hand in their offsets, and by then nothing has come a second time. */
    String leave(Set<String> keys) throws Exception {
      close();
      cluster.awaitCommitted(group, topic);
      Check.equal(keys.size(), ledger.total(), "messages received in the end");
      return "";
    }

    @Override
    public void close() {
      first.close();
      second.close();
    }
  }

  /** A new member of a group whose members left begins where they ended. */
  String resume(String topic, String group) throws Exception {
    Ledger ledger = new Ledger();
    Set<String> keys = new HashSet<>();
    try (Member member = new Member(cluster, group, 3, topic, "*")) {
      member.start((queue, message) -> ledger.add(3, queue, message));
      for (int i = 0; i < 100; ++i) {
        cluster.producer.send(Sent.message(topic, "resume", i));
        keys.add(Sent.key("resume", i));
      }
      ledger.expectExactly(keys, deadline);
    }
    return "100 new messages, no old one";
  }

  String broadcast(String topic, String group, Set<String> keys) throws Exception {
    Ledger[] ledgers = {new Ledger(), new Ledger()};
    try (Member first = new Member(cluster, group, 1, topic, "*").broadcasting();
        Member second = new Member(cluster, group, 2, topic, "*").broadcasting()) {
      first.start((queue, message) -> ledgers[0].add(1, queue, message));
      second.start((queue, message) -> ledgers[1].add(2, queue, message));
      for (Ledger ledger : ledgers) {
        ledger.expectExactly(keys, deadline);
        ledger.expectQueuesWithoutGap();
      }
    }
    return keys.size() + " messages to each";
  }

  String orderly(String topic, String group) throws Exception {
    final int streams = 64;
    Ledger ledger = new Ledger();
    Map<Integer, List<Integer>> received = new HashMap<>();
    Member.Receiver note =
        (queue, message) -> {
          synchronized (received) {
            int sequence = Integer.parseInt(message.getKeys().split("-")[1]);
            received.computeIfAbsent(sequence % streams, s -> new ArrayList<>()).add(sequence);
          }
        };
    Set<String> keys = new HashSet<>();
    try (Member first = new Member(cluster, group, 1, topic, "*");
        Member second = new Member(cluster, group, 2, topic, "*")) {
      first.startOrderly((queue, m) -> { note.receive(queue, m); ledger.add(1, queue, m); });
      second.startOrderly((queue, m) -> { note.receive(queue, m); ledger.add(2, queue, m); });
      Member.awaitShared(cluster, first, second);
      var byHash = new SelectMessageQueueByHash();
      for (int i = 0; i < count; ++i) {
        Message message = Sent.message(topic, "orderly", i);
        cluster.producer.send(message, byHash, "stream" + i % streams);
        keys.add(Sent.key("orderly", i));
      }
      ledger.expectExactly(keys, deadline);
      ledger.expectQueuesInOrder(0);
      Check.that(ledger.countOf(1) > 0 && ledger.countOf(2) > 0, "one member got nothing");
    }
    expectStreamsInOrder(received, streams);
    return streams + " keys in order over " + ledger.queues() + " queues";
  }

  private void expectStreamsInOrder(Map<Integer, List<Integer>> received, int streams) {
    received.forEach(
        (stream, sequences) -> {
          for (int i = 0; i < sequences.size(); ++i) {
            Check.equal(stream + i * streams, sequences.get(i), "key " + stream + ", message " + i);
          }
        });
  }

  /** Messages with one of four tags or none; the subscription names two of the tags. */
  String tags(String topic, String group) throws Exception {
    String[] tags = {"TagA", "TagB", "TagC", "TagAB", null};
    List<Message> messages = new ArrayList<>();
    Set<String> wanted = new HashSet<>();
    for (int i = 0; i < count; ++i) {
      Message message = Sent.message(topic, "tags", i);
      if (tags[i % tags.length] != null) message.setTags(tags[i % tags.length]);
      if (i % tags.length < 2) wanted.add(message.getKeys());
      messages.add(message);
    }
    ProduceScenarios.sendAsync(cluster, messages);
    // A wanted message at the end of each queue: once it is here, no other can be under way.
    for (MessageQueue queue : cluster.queues(topic)) {
      Message last = Sent.message(topic, "tagslast", queue.getQueueId());
      last.setTags("TagB");
      wanted.add(last.getKeys());
      cluster.producer.send(last, queue);
    }
    Ledger ledger = new Ledger();
    try (Member member = new Member(cluster, group, 1, topic, "TagA || TagB").singleThreaded()) {
      member.start((queue, message) -> ledger.add(1, queue, message));
      ledger.expectExactly(wanted, deadline);
    }
    cluster.awaitCommitted(group, topic);
    return wanted.size() + " of " + (count + Cluster.QUEUES) + " messages";
  }
}
