package interop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;

/** What one group or one member received: how often each key, and each queue's offsets in order. */
final class Ledger {
  private final Map<String, Integer> timesByKey = new HashMap<>();
  private final Map<String, List<Long>> offsetsByQueue = new TreeMap<>();
  private final Map<Integer, Integer> countByMember = new TreeMap<>();
  private String firstDefect = null;

  synchronized void add(int member, MessageQueue queue, MessageExt message) {
    String key = message.getKeys();
    timesByKey.merge(String.valueOf(key), 1, Integer::sum);
    countByMember.merge(member, 1, Integer::sum);
    offsetsByQueue
        .computeIfAbsent(queue.getBrokerName() + "/" + queue.getQueueId(), q -> new ArrayList<>())
        .add(message.getQueueOffset());
    if (!Sent.bodyFits(message)) note("body of " + key + " is not the one that was sent");
    if (message.getQueueId() != queue.getQueueId()) note(key + " names another queue");
    if (!message.getTopic().equals(queue.getTopic())) note(key + " names another topic");
  }

  private void note(String defect) {
    if (firstDefect == null) firstDefect = defect;
  }

  synchronized int distinct() {
    return timesByKey.size();
  }

  synchronized int total() {
    return countByMember.values().stream().mapToInt(Integer::intValue).sum();
  }

  synchronized int countOf(int member) {
    return countByMember.getOrDefault(member, 0);
  }

  /** Waits for every expected key, then demands that nothing came twice or uncalled. */
  void expectExactly(Set<String> expected, long deadlineMillis) throws Exception {
    Check.that(!expected.isEmpty(), "there are no messages to receive");
    Check.eventually(
        deadlineMillis,
        () -> distinct() >= expected.size() || defect() != null,
        () -> distinct() + " of " + expected.size() + " arrived, missing " + missing(expected));
    Check.that(defect() == null, "%s", defect());
    Check.that(missing(expected).isEmpty(), "missing %s", missing(expected));
    Check.that(total() >= expected.size(), "fewer messages than keys");
    Check.that(twice().isEmpty(), "received more than once: %s", twice());
    Check.equal(expected.size(), total(), "messages received");
  }

  private synchronized String defect() {
    return firstDefect;
  }

  private synchronized List<String> missing(Set<String> expected) {
    return new TreeSet<>(expected)
        .stream().filter(key -> !timesByKey.containsKey(key)).limit(5).toList();
  }

  private synchronized List<String> twice() {
    return timesByKey.entrySet().stream()
        .filter(e -> e.getValue() > 1)
        .map(e -> e.getKey() + "*" + e.getValue())
        .sorted()
        .limit(5)
        .toList();
  }

  /** Demands that each queue was received front to back without a gap or a step back. */
  synchronized void expectQueuesInOrder(long firstOffset) {
    offsetsByQueue.forEach(
        (queue, offsets) -> {
          for (int i = 0; i < offsets.size(); ++i) {
            Check.equal(firstOffset + i, offsets.get(i), "queue " + queue + ", message " + i);
          }
        });
  }

  /** Demands the same, whatever order the messages were handed over in. */
  synchronized void expectQueuesWithoutGap() {
    offsetsByQueue.forEach(
        (queue, offsets) -> {
          List<Long> sorted = offsets.stream().sorted().toList();
          for (int i = 0; i < sorted.size(); ++i) {
            Check.equal((long) i, sorted.get(i), "queue " + queue + ", offset " + i);
          }
        });
  }

  synchronized int queues() {
    return offsetsByQueue.size();
  }
}
