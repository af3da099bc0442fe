// Sends messages without waiting for each. When too many are in flight, it waits a little.
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

#include "client/examples/example_flags.h"
#include "rocketmq/producer.h"

namespace {

std::atomic<int> stored{0};
std::atomic<int> failed{0};

void Done(const rocketmq::Result<rocketmq::SendResult>& result) {
  if (result) {
    ++stored;
  } else {
    ++failed;
    std::cerr << result.error().ToString() + "\n";
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
  auto producer = rocketmq::Producer::Create(*client, {.group = flags.group});
  if (!producer) {
    std::cerr << producer.error().ToString() << '\n';
    return 1;
  }
  for (int i = 0; i < flags.count;) {
    const rocketmq::Message message{.topic = flags.topic, .body = "Hello " + std::to_string(i)};
    const auto accepted = producer->SendAsync(message, Done);
    if (accepted) {
      ++i;
    } else if (accepted.error().code() == rocketmq::ErrorCode::kResourceExhausted) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } else {
      std::cerr << accepted.error().ToString() << '\n';
      return 1;
    }
  }
  // Waits for all of them.
  static_cast<void>(producer->Close());
  std::cout << stored << " stored, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
