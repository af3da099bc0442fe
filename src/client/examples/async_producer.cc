// Sends messages without waiting for each, a hundred of them at a time.
#include <atomic>
#include <iostream>
#include <semaphore>

#include "client/examples/example_flags.h"
#include "rocketmq/producer.h"

namespace {

std::counting_semaphore<> may_send{100};
std::atomic<int> stored{0};
std::atomic<int> failed{0};

void Done(const rocketmq::Result<rocketmq::SendResult>& result) {
  if (result) {
    ++stored;
  } else {
    ++failed;
    std::cerr << result.error().ToString() + "\n";
  }
  may_send.release();
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
  for (int i = 0; i < flags.count; ++i) {
    may_send.acquire();
    const auto accepted =
        producer->SendAsync({.topic = flags.topic, .body = "Hello " + std::to_string(i)}, Done);
    if (!accepted) {
      std::cerr << accepted.error().ToString() << '\n';
      return 1;
    }
  }
  // Waits for all of them.
  static_cast<void>(producer->Close());
  std::cout << stored << " stored, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}
