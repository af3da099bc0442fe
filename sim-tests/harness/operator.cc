#include "harness/operator.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/retry.h"
#include "sim/machine.h"
#include "sim/process.h"

namespace rmq::simtest {
namespace {

constexpr uint64_t kNoObject = 0;
constexpr milliseconds kPause{1500};  // mean, between two things it does

std::string NameOf(bool topic, int number) {
  return fmt::format("op-{}-{}", topic ? "topic" : "group", number);
}

std::string ItemOf(const BrokerAt& broker, const std::string& name) {
  return fmt::format("{} of {}", name, broker.name);
}

}  // namespace

Operator::Operator(Cluster& cluster, Oracle& oracle, std::vector<std::string> groups)
    : cluster_(cluster),
      sim_(cluster.sim()),
      oracle_(oracle),
      ledger_(oracle),
      groups_(std::move(groups)),
      machine_(sim_.AddMachine("operator")) {
  for (int broker = 0; broker < cluster.broker_count(); ++broker) {
    series_.push_back({.broker = broker, .topics = true});
    series_.push_back({.broker = broker, .topics = false});
  }
}

void Operator::Start() {
  process_ = &sim_.Start(machine_, "operator",
                         [this](Context& ctx, runtime::Runtime& runtime) { Work(ctx, runtime); });
}

void Operator::Kill() {
  if (process_ != nullptr) sim_.Kill(*process_);
}

BrokerAt Operator::At(int broker) const {
  return {.name = Cluster::BrokerName(broker), .address = cluster_.broker_address(broker)};
}

void Operator::Work(Context& ctx, runtime::Runtime& runtime) {
  auto client =
      client::ClientInstance::Create(runtime, {.name_servers = cluster_.name_server_list()});
  sim::Draws& draws = sim_.draws();
  for (;;) {
    const int64_t pause =
        draws.Exponential("operator: pause", kNoObject, nanoseconds(kPause).count());
    if (!ctx.SleepFor(nanoseconds(pause)).has_value()) break;
    Series& series = series_[draws.Draw("operator: what", kNoObject, series_.size())];
    const bool changes = draws.Draw("operator: changes", kNoObject, 2) == 1;
    if (changes) Change(ctx, **client, series);
    (void)Look(ctx, **client, series.broker);
  }
  (*client)->Close(ctx);
}

void Operator::Change(Context& ctx, client::ClientInstance& client, Series& series) {
  const BrokerAt broker = At(series.broker);
  const std::string name = NameOf(series.topics, series.count);
  const int version = ledger_.ChangeBegan(ItemOf(broker, name));
  const Result<void> done = series.topics ? SetTopicVersion(ctx, client, broker, name, version)
                                          : SetGroupVersion(ctx, client, broker, name, version);
  if (done.has_value()) return ledger_.ChangeAcked(ItemOf(broker, name), version);
  ++series.count;
}

Result<void> Operator::Look(Context& ctx, client::ClientInstance& client, int number) {
  const BrokerAt broker = At(number);
  RMQ_TRY(const auto committed, FetchCommitted(ctx, client, broker));
  for (const auto& [place, offset] : committed) {
    if (std::ranges::find(groups_, place.first) == groups_.end()) continue;
    oracle_.Committed(place.first, place.second, offset);
  }
  for (const Series& series : series_) {
    if (series.broker != number) continue;
    RMQ_TRY(const auto versions, series.topics ? FetchTopicVersions(ctx, client, broker)
                                               : FetchGroupVersions(ctx, client, broker));
    for (int i = 1; i <= series.count; ++i) {
      const std::string name = NameOf(series.topics, i);
      const auto found = versions.find(name);
      ledger_.Seen(ItemOf(broker, name),
                   found == versions.end() ? std::nullopt : std::optional<int>(found->second));
    }
  }
  return {};
}

void Operator::CheckAll(Context& ctx) {
  auto client = client::ClientInstance::Create(
      sim_.runtime(), {.name_servers = cluster_.name_server_list(), .instance_name = "operator"});
  for (int broker = 0; broker < cluster_.broker_count(); ++broker) {
    const Result<void> looked = WithRetries(ctx, [&] { return Look(ctx, **client, broker); });
    if (looked.has_value()) continue;
    oracle_.Report("I15", fmt::format("{} can't be asked what it knows: {}",
                                      Cluster::BrokerName(broker), looked.error().ToString()));
  }
  (*client)->Close(ctx);
}

}  // namespace rmq::simtest
