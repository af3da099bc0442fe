// Sends a few messages, one after the other.
#include <iostream>

#include "client/examples/example_flags.h"
#include "rocketmq/producer.h"

int main(int argc, char** argv) {
  const ExampleFlags flags = ParseExampleFlags(argc, argv);
  auto client = rocketmq::Client::Create({.name_servers = flags.namesrv});
  if (!client) {
    std::cerr << client.error().ToString() << '\n';
    return 1;
  }
  auto producer = rocketmq::Producer::Create(*client, {.group = flags.group});
  if (!producer) {
    std::cerr << producer.error().ToString() << '\n';
    return 1;
  }
  for (int i = 0; i < flags.count; ++i) {
    const auto sent = producer->Send({.topic = flags.topic,
                                      .body = "Hello RocketMQ " + std::to_string(i),
                                      .tags = "TagA",
                                      .keys = {"key-" + std::to_string(i)}});
    if (!sent) {
      std::cerr << sent.error().ToString() << '\n';
      return 1;
    }
    std::cout << sent->msg_id << ' ' << sent->queue.broker_name << ' ' << sent->queue.queue_id
              << ' ' << sent->queue_offset << '\n';
  }
}
