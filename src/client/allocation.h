// How the queues of a topic are shared out among the members of a group. Each member computes the
// same division for itself and takes its own part (CLIENT-41). Pure functions: `queues` and
// `members` are sorted, `members` contains `self`.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace rmq::client {

using Allocation = std::function<std::vector<MessageQueue>(
    const std::string& self, const std::vector<MessageQueue>& queues,
    const std::vector<std::string>& members)>;

// Neighbouring queues to the same member; the first members get one more when it does not come out
// even.
Allocation AllocateAveragely();
// One queue after the other to one member after the other.
Allocation AllocateByCircle();
// By a ring of hashes, so that few queues move when a member comes or goes. The same ring as in
// Java clients: MD5, `virtual_nodes` points for each member.
Allocation AllocateByConsistentHash(int virtual_nodes = 10);
// These queues, whoever else there is.
Allocation AllocateByConfig(std::vector<MessageQueue> queues);

// The room (data centre, zone) of a queue and of a member.
struct MachineRooms {
  std::function<std::string(const MessageQueue&)> of_queue;
  std::function<std::string(const std::string& client_id)> of_member;
};
// Queues go to members of their own room by `within`; queues of rooms without members to all
// members, by `within` too.
Allocation AllocateNearby(MachineRooms rooms, Allocation within);

}  // namespace rmq::client
