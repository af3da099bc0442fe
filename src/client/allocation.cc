#include "client/allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "client/md5.h"

namespace rmq::client {
namespace {

using Queues = std::vector<MessageQueue>;
using Members = std::vector<std::string>;

size_t IndexOf(const Members& members, const std::string& self) {
  const auto found = std::find(members.begin(), members.end(), self);
  RMQ_ASSERT(found != members.end());
  return static_cast<size_t>(found - members.begin());
}

Queues Averagely(const std::string& self, const Queues& queues, const Members& members) {
  const size_t index = IndexOf(members, self);
  const size_t share = queues.size() / members.size();
  const size_t rest = queues.size() % members.size();
  const size_t first = index * share + std::min(index, rest);
  const size_t count = share + (index < rest ? 1 : 0);
  const auto begin = queues.begin() + static_cast<ptrdiff_t>(first);
  return {begin, begin + static_cast<ptrdiff_t>(count)};
}

Queues ByCircle(const std::string& self, const Queues& queues, const Members& members) {
  Queues mine;
  for (size_t i = IndexOf(members, self); i < queues.size(); i += members.size()) {
    mine.push_back(queues[i]);
  }
  return mine;
}

uint32_t RingHash(std::string_view key) {
  return LoadBigEndian<uint32_t>(Md5(key).data());
}

// What Java's MessageQueue.toString() says.
std::string JavaText(const MessageQueue& queue) {
  return fmt::format("MessageQueue [topic={}, brokerName={}, queueId={}]", queue.topic,
                     queue.broker_name, queue.queue_id);
}

Queues ByConsistentHash(const std::string& self, const Queues& queues, const Members& members,
                        int virtual_nodes) {
  std::map<uint32_t, const std::string*> ring;
  for (const std::string& member : members) {
    for (int i = 0; i < virtual_nodes; ++i) {
      ring[RingHash(fmt::format("{}-{}", member, i))] = &member;
    }
  }
  Queues mine;
  for (const MessageQueue& queue : queues) {
    auto node = ring.lower_bound(RingHash(JavaText(queue)));
    if (node == ring.end()) node = ring.begin();
    if (*node->second == self) mine.push_back(queue);
  }
  return mine;
}

Queues Nearby(const std::string& self, const Queues& queues, const Members& members,
              const MachineRooms& rooms, const Allocation& within) {
  std::map<std::string, Queues> queues_by_room;
  for (const MessageQueue& queue : queues) queues_by_room[rooms.of_queue(queue)].push_back(queue);
  std::map<std::string, Members> members_by_room;
  for (const std::string& member : members) {
    members_by_room[rooms.of_member(member)].push_back(member);
  }
  const std::string own_room = rooms.of_member(self);
  Queues mine;
  for (const auto& [room, local] : queues_by_room) {
    const auto here = members_by_room.find(room);
    if (here != members_by_room.end() && room != own_room) continue;
    const Queues part = within(self, local, here == members_by_room.end() ? members : here->second);
    mine.insert(mine.end(), part.begin(), part.end());
  }
  return mine;
}

}  // namespace

Allocation AllocateAveragely() {
  return Averagely;
}

Allocation AllocateByCircle() {
  return ByCircle;
}

Allocation AllocateByConsistentHash(int virtual_nodes) {
  RMQ_ASSERT(virtual_nodes > 0);
  return [virtual_nodes](const std::string& self, const Queues& queues, const Members& members) {
    return ByConsistentHash(self, queues, members, virtual_nodes);
  };
}

Allocation AllocateByConfig(Queues configured) {
  return [configured = std::move(configured)](const std::string&, const Queues& queues,
                                              const Members&) {
    Queues mine;
    std::copy_if(
        queues.begin(), queues.end(), std::back_inserter(mine), [&](const MessageQueue& queue) {
          return std::find(configured.begin(), configured.end(), queue) != configured.end();
        });
    return mine;
  };
}

Allocation AllocateNearby(MachineRooms rooms, Allocation within) {
  return [rooms = std::move(rooms), within = std::move(within)](
             const std::string& self, const Queues& queues, const Members& members) {
    return Nearby(self, queues, members, rooms, within);
  };
}

}  // namespace rmq::client
