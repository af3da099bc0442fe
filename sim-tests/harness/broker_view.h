// What a broker says of its own state when it is asked as an operator asks it. One request each;
// errors are those of ClientInstance::Call, kRejected and kCorruption.
#pragma once

#include <map>
#include <string>

#include "client/client_instance.h"
#include "harness/oracle.h"

namespace rmq::simtest {

struct BrokerAt {
  std::string name;
  std::string address;
};

// Of all groups and queues.
Result<Oracle::CommittedOffsets> FetchCommitted(Context& ctx, client::ClientInstance& client,
                                                const BrokerAt& broker);
// What ConfigLedger calls versions: the number of read queues of each topic, and how often each
// group tries again.
Result<std::map<std::string, int>> FetchTopicVersions(Context& ctx, client::ClientInstance& client,
                                                      const BrokerAt& broker);
Result<std::map<std::string, int>> FetchGroupVersions(Context& ctx, client::ClientInstance& client,
                                                      const BrokerAt& broker);
// Makes the topic or the group, or changes it.
Result<void> SetTopicVersion(Context& ctx, client::ClientInstance& client, const BrokerAt& broker,
                             const std::string& topic, int version);
Result<void> SetGroupVersion(Context& ctx, client::ClientInstance& client, const BrokerAt& broker,
                             const std::string& group, int version);

}  // namespace rmq::simtest
