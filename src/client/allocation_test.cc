// CLIENT-41.
#include "client/allocation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "client/md5.h"

namespace rmq::client {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<MessageQueue> Queues(int count) {
  std::vector<MessageQueue> queues;
  for (int i = 0; i < count; ++i) queues.push_back({"orders", "broker-a", i});
  return queues;
}

std::vector<int> Share(const Allocation& allocation, const std::string& self, int queues,
                       const std::vector<std::string>& members) {
  std::vector<int> ids;
  for (const MessageQueue& queue : allocation(self, Queues(queues), members)) {
    ids.push_back(queue.queue_id);
  }
  return ids;
}

TEST(Allocation, AveragelyGivesNeighbours) {
  const Allocation averagely = AllocateAveragely();
  EXPECT_THAT(Share(averagely, "a", 8, {"a", "b", "c"}), ElementsAre(0, 1, 2));
  EXPECT_THAT(Share(averagely, "b", 8, {"a", "b", "c"}), ElementsAre(3, 4, 5));
  EXPECT_THAT(Share(averagely, "c", 8, {"a", "b", "c"}), ElementsAre(6, 7));
  EXPECT_THAT(Share(averagely, "b", 1, {"a", "b"}), IsEmpty());
}

TEST(Allocation, ByCircleGivesEveryNth) {
  const Allocation circle = AllocateByCircle();
  EXPECT_THAT(Share(circle, "a", 8, {"a", "b", "c"}), ElementsAre(0, 3, 6));
  EXPECT_THAT(Share(circle, "c", 8, {"a", "b", "c"}), ElementsAre(2, 5));
}

TEST(Allocation, ByConfigGivesWhatExists) {
  const Allocation config =
      AllocateByConfig({{"orders", "broker-a", 1}, {"orders", "broker-z", 0}});
  EXPECT_THAT(Share(config, "a", 4, {"a", "b"}), ElementsAre(1));
}

TEST(Allocation, NearbyGivesARoomsQueuesToItsMembers) {
  const Allocation nearby = AllocateNearby(
      {.of_queue = [](const MessageQueue& queue) { return fmt::format("{}", queue.queue_id / 4); },
       .of_member = [](const std::string& id) { return id.substr(0, 1); }},
      AllocateAveragely());
  // Rooms 0 (queues 0-3), 1 (4-7) and 2 (8-11); nobody is in room 2.
  const std::vector<std::string> members = {"0-a", "0-b", "1-a"};
  EXPECT_THAT(Share(nearby, "0-a", 12, members), ElementsAre(0, 1, 8, 9));
  EXPECT_THAT(Share(nearby, "0-b", 12, members), ElementsAre(2, 3, 10));
  EXPECT_THAT(Share(nearby, "1-a", 12, members), ElementsAre(4, 5, 6, 7, 11));
}

// Every queue has one owner, whatever the numbers.
TEST(Allocation, GivesEachQueueToOneMember) {
  const std::map<std::string, Allocation> all = {
      {"averagely", AllocateAveragely()},
      {"by circle", AllocateByCircle()},
      {"by consistent hash", AllocateByConsistentHash()}};
  for (const auto& [name, allocation] : all) {
    for (int count = 1; count <= 7; ++count) {
      std::vector<std::string> members;
      for (int i = 0; i < count; ++i) members.push_back(fmt::format("10.0.0.{}@1", i));
      for (int queues = 0; queues <= 20; ++queues) {
        std::vector<int> given;
        for (const std::string& member : members) {
          const std::vector<int> share = Share(allocation, member, queues, members);
          given.insert(given.end(), share.begin(), share.end());
        }
        std::sort(given.begin(), given.end());
        std::vector<int> expected;
        for (int i = 0; i < queues; ++i) expected.push_back(i);
        EXPECT_EQ(given, expected) << name << ": " << queues << " queues, " << count;
      }
    }
  }
}

// As Java clients in the same group compute it.
TEST(Allocation, ByConsistentHashAgreesWithJava) {
  const Allocation ring = AllocateByConsistentHash();
  const std::vector<std::string> members = {"10.0.0.1@100", "10.0.0.2@200", "10.0.0.3@300"};
  const auto share = [&](const std::string& self) {
    std::vector<MessageQueue> queues;
    for (int i = 0; i < 12; ++i) queues.push_back({"TopicTest", "broker-a", i});
    std::vector<int> ids;
    for (const MessageQueue& queue : ring(self, queues, members)) ids.push_back(queue.queue_id);
    return ids;
  };
  EXPECT_THAT(share(members[0]), ElementsAre(0, 2, 8));
  EXPECT_THAT(share(members[1]), ElementsAre(1, 5, 6, 7, 9, 10, 11));
  EXPECT_THAT(share(members[2]), ElementsAre(3, 4));
}

TEST(Allocation, ByConsistentHashMovesOnlyTheQueuesOfWhoLeft) {
  const Allocation ring = AllocateByConsistentHash();
  const std::vector<std::string> four = {"a", "b", "c", "d"};
  const std::vector<std::string> three = {"a", "b", "c"};
  for (const std::string& member : three) {
    const std::vector<int> before = Share(ring, member, 100, four);
    const std::vector<int> after = Share(ring, member, 100, three);
    EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()));
  }
}

std::string Hex(const std::array<std::byte, 16>& digest) {
  std::string text;
  for (const std::byte byte : digest) text += fmt::format("{:02x}", static_cast<int>(byte));
  return text;
}

// From RFC 1321.
TEST(Md5, AgreesWithTheStandard) {
  EXPECT_EQ(Hex(Md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(Hex(Md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(
      Hex(Md5("12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
      "57edf4a22be3c955ac49da2e2107b67a");
}

}  // namespace
}  // namespace rmq::client
