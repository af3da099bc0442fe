// What the two push consumers among the examples share: run until Enter is pressed.
#pragma once

#include <iostream>
#include <string>
#include <vector>

#include "client/examples/example_flags.h"
#include "rocketmq/push_consumer.h"

inline rocketmq::ConsumeResult Print(const std::vector<rocketmq::MessageExt>& messages) {
  for (const rocketmq::MessageExt& message : messages) {
    std::cout << message.queue.broker_name + " " + std::to_string(message.queue.queue_id) + " " +
                     std::to_string(message.queue_offset) + " " + message.body + "\n"
              << std::flush;
  }
  return rocketmq::ConsumeResult::kSuccess;
}

inline int ConsumeUntilEnter(int argc, char** argv, bool orderly) {
  const ExampleFlags flags = ParseExampleFlags(argc, argv);
  auto client =
      rocketmq::Client::Create({.name_servers = flags.namesrv, .log = [](std::string_view line) {
                                  std::cerr << std::string(line) + "\n";
                                }});
  if (!client) {
    std::cerr << client.error().ToString() << '\n';
    return 1;
  }
  auto consumer = rocketmq::PushConsumer::Start(*client,
                                                {.group = flags.group,
                                                 .subscriptions = {{flags.topic, "*"}},
                                                 .orderly = orderly,
                                                 .from = rocketmq::ConsumeFrom::kFirstOffset},
                                                Print);
  if (!consumer) {
    std::cerr << consumer.error().ToString() << '\n';
    return 1;
  }
  std::cin.get();
  return consumer->Close() ? 0 : 1;
}
