// BrokerStats: what GET_BROKER_RUNTIME_INFO says about the broker's work: rates, totals by day, and
// how long sends took. The store counts; this samples its counters every 10 s. One executor.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "base/time.h"
#include "store/message_store.h"

namespace rmq::broker {

class BrokerStats {
 public:
  BrokerStats(Tick started, WallTime boot) : started_(started), boot_(boot) {}

  // A send was accepted, and answered after `latency`.
  void SendBegan(Tick now) { waiting_sends_.push_back(now); }
  void SendEnded(Tick began, Tick now);
  // How long the oldest send has been waiting for the store.
  milliseconds OldestSend(Tick now) const;

  // Every 10 s. `wall` only decides when a day ends.
  void Sample(const store::StoreStats& stats, Tick now, WallTime wall);

  // Adds its keys to brokerStatus, as Apache names and prints them.
  void Describe(const store::StoreStats& stats, Tick now,
                std::map<std::string, std::string>& table) const;

 private:
  struct Counters {
    Tick at;
    uint64_t put = 0;
    uint64_t found = 0;
    uint64_t missed = 0;
    uint64_t got = 0;
    uint64_t transferred = 0;
  };
  static Counters CountersOf(const store::StoreStats& stats, Tick now);
  std::string Rates(const Counters& now, uint64_t Counters::* counter) const;
  std::string LatencyDistribution() const;
  double LatencyQuantileMs(double quantile) const;

  // Upper bounds in ms of Apache's latency classes; the last class is open.
  static constexpr std::array<int64_t, 12> kClassBounds = {0,    10,   50,   100,  200,  500,
                                                           1000, 2000, 3000, 4000, 5000, 10'000};

  const Tick started_;
  const WallTime boot_;
  std::deque<Tick> waiting_sends_;
  std::array<uint64_t, kClassBounds.size() + 1> latency_classes_{};
  int64_t longest_send_ms_ = 0;
  std::deque<Counters> samples_;  // newest last, 10 min
  int64_t day_ = 0;
  uint64_t put_yesterday_morning_ = 0;
  uint64_t put_today_morning_ = 0;
  uint64_t got_yesterday_morning_ = 0;
  uint64_t got_today_morning_ = 0;
};

}  // namespace rmq::broker
