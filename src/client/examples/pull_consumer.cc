// Prints all messages that a topic holds now.
#include <iostream>

#include "client/examples/example_flags.h"
#include "rocketmq/pull_consumer.h"

namespace {

// The number of messages, or the first error.
rocketmq::Result<int> PrintQueue(rocketmq::PullConsumer& consumer,
                                 const rocketmq::MessageQueue& queue) {
  const auto begin = consumer.MinOffset(queue);
  if (!begin) return begin.error();
  int count = 0;
  for (int64_t offset = *begin;;) {
    const auto pulled = consumer.Pull(queue, offset);
    if (!pulled) return pulled.error();
    if (pulled->status == rocketmq::PullStatus::kNoNewMessage) return count;
    for (const rocketmq::MessageExt& message : pulled->messages) {
      std::cout << message.msg_id << ' ' << message.body << '\n';
      ++count;
    }
    offset = pulled->next_offset;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const ExampleFlags flags = ParseExampleFlags(argc, argv);
  auto client = rocketmq::Client::Create({.name_servers = flags.namesrv});
  if (!client) {
    std::cerr << client.error().ToString() << '\n';
    return 1;
  }
  auto consumer = rocketmq::PullConsumer::Create(*client, {.group = flags.group});
  if (!consumer) {
    std::cerr << consumer.error().ToString() << '\n';
    return 1;
  }
  const auto queues = consumer->FetchQueues(flags.topic);
  if (!queues) {
    std::cerr << queues.error().ToString() << '\n';
    return 1;
  }
  int count = 0;
  for (const rocketmq::MessageQueue& queue : *queues) {
    const auto printed = PrintQueue(*consumer, queue);
    if (!printed) {
      std::cerr << printed.error().ToString() << '\n';
      return 1;
    }
    count += *printed;
  }
  std::cout << count << " messages in " << queues->size() << " queues\n";
}
