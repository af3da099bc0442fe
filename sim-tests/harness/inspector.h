// Inspector looks at a healed cluster from outside: what its queues hold (I1, I2), what its
// NameServers show (I12) and how far its groups have committed (I5). It reads as any client does
// and leaves the verdicts to the Oracle.
//
// Called on fibers of the test process.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "client/pull_consumer.h"
#include "harness/cluster.h"
#include "harness/oracle.h"

namespace rmq::simtest {

class Inspector {
 public:
  Inspector(Cluster& cluster, Oracle& oracle, std::vector<std::string> topics,
            std::vector<std::string> groups);

  // I12: waits until every NameServer shows exactly the brokers that serve, with all topics that
  // hold acked messages. ORACLE-17.
  void WaitForRoutes(Context& ctx, nanoseconds at_most);
  // Reads all queues and compares: I1, I2.
  void CheckContents(Context& ctx);
  // Waits until the groups have committed all that CheckContents has found: I5, or I15 if some
  // offset does not get there. ORACLE-13.
  void WaitForCommits(Context& ctx, nanoseconds at_most);
  // What the groups have committed on all brokers; I15 for one that can't be asked.
  Oracle::CommittedOffsets Committed(Context& ctx);

 private:
  Result<std::vector<MessageQueue>> FetchAllQueues(Context& ctx, client::PullConsumer& reader,
                                                   const std::string& topic, bool doubtful_too);
  Result<std::vector<MessageQueue>> AwaitAllQueues(Context& ctx, client::PullConsumer& reader,
                                                   const std::string& topic);
  std::string RouteFault(Context& ctx, client::PullConsumer& reader, int name_server);
  Oracle::CommittedOffsets FetchAllCommitted(Context& ctx, client::ClientInstance& client);
  std::string CommitFault(const Oracle::CommittedOffsets& committed) const;

  Cluster& cluster_;
  sim::Simulation& sim_;
  Oracle& oracle_;
  const std::vector<std::string> topics_;
  const std::vector<std::string> groups_;
  std::map<MessageQueue, Oracle::QueueContents> contents_;  // as CheckContents found them
};

}  // namespace rmq::simtest
