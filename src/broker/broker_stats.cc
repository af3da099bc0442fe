#include "broker/broker_stats.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::broker {
namespace {

constexpr seconds kSamplePeriod{10};
constexpr size_t kSamplesKept = 61;  // 10 min
constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;

std::string Period(nanoseconds d) {
  const int64_t s = std::chrono::duration_cast<seconds>(d).count();
  return fmt::format("[ {} days, {} hours, {} minutes, {} seconds ]", s / 86'400, s / 3600 % 24,
                     s / 60 % 60, s % 60);
}

}  // namespace

void BrokerStats::SendEnded(Tick began, Tick now) {
  // Nearly always the oldest: the store answers in order.
  const auto it = std::ranges::find(waiting_sends_, began);
  if (it != waiting_sends_.end()) waiting_sends_.erase(it);
  const int64_t ms = std::chrono::duration_cast<milliseconds>(now - began).count();
  longest_send_ms_ = std::max(longest_send_ms_, ms);
  const auto bound = std::ranges::lower_bound(kClassBounds, ms);
  ++latency_classes_[static_cast<size_t>(bound - kClassBounds.begin())];
}

milliseconds BrokerStats::OldestSend(Tick now) const {
  if (waiting_sends_.empty()) return milliseconds(0);
  return std::chrono::duration_cast<milliseconds>(now - waiting_sends_.front());
}

BrokerStats::Counters BrokerStats::CountersOf(const store::StoreStats& stats, Tick now) {
  return {.at = now,
          .put = stats.put_count,
          .found = stats.get_found_count,
          .missed = stats.get_missed_count,
          .got = stats.get_found_count + stats.get_missed_count,
          .transferred = stats.get_message_count};
}

void BrokerStats::Sample(const store::StoreStats& stats, Tick now, WallTime wall) {
  samples_.push_back(CountersOf(stats, now));
  if (samples_.size() > kSamplesKept) samples_.pop_front();
  const int64_t day = wall.ms / kDayMs;
  if (day != day_) {
    put_yesterday_morning_ = put_today_morning_;
    got_yesterday_morning_ = got_today_morning_;
    put_today_morning_ = day_ == 0 ? 0 : stats.put_count;
    got_today_morning_ = day_ == 0 ? 0 : stats.get_message_count;
    day_ = day;
  }
}

// "12.5 10.1 9.7": per second over the last 10 s, minute and 10 minutes, as far as samples reach.
std::string BrokerStats::Rates(const Counters& now, uint64_t Counters::* counter) const {
  std::string text;
  for (const seconds window : {seconds(10), seconds(60), seconds(600)}) {
    Counters from{.at = started_};
    const auto wanted = static_cast<size_t>(window / kSamplePeriod);
    if (!samples_.empty()) from = samples_[samples_.size() - std::min(wanted, samples_.size())];
    const double elapsed = static_cast<double>((now.at - from.at).count()) / 1e9;
    const double rate =
        elapsed <= 0 ? 0 : static_cast<double>(now.*counter - from.*counter) / elapsed;
    if (!text.empty()) text += ' ';
    text += fmt::format("{:.2f}", rate);
  }
  return text;
}

std::string BrokerStats::LatencyDistribution() const {
  static constexpr std::array<std::string_view, kClassBounds.size() + 1> kNames = {
      "<=0ms", "0~10ms", "10~50ms", "50~100ms", "100~200ms", "200~500ms", "500ms~1s",
      "1~2s",  "2~3s",   "3~4s",    "4~5s",     "5~10s",     "10s~"};
  std::string text;
  for (size_t i = 0; i < kNames.size(); ++i) {
    text += fmt::format("{}[{}]:{}", i == 0 ? "" : " ", kNames[i], latency_classes_[i]);
  }
  return text;
}

// The upper bound of the class that holds the quantile.
double BrokerStats::LatencyQuantileMs(double quantile) const {
  uint64_t total = 0;
  for (const uint64_t count : latency_classes_) total += count;
  const auto wanted = static_cast<uint64_t>(static_cast<double>(total) * quantile);
  uint64_t seen = 0;
  for (size_t i = 0; i < kClassBounds.size(); ++i) {
    seen += latency_classes_[i];
    if (seen >= wanted) return static_cast<double>(kClassBounds[i]);
  }
  return static_cast<double>(longest_send_ms_);
}

void BrokerStats::Describe(const store::StoreStats& stats, Tick now,
                           std::map<std::string, std::string>& t) const {
  const Counters current = CountersOf(stats, now);
  t["bootTimestamp"] = fmt::to_string(boot_.ms);
  t["runtime"] = Period(now - started_);
  t["putTps"] = Rates(current, &Counters::put);
  t["getFoundTps"] = Rates(current, &Counters::found);
  t["getMissTps"] = Rates(current, &Counters::missed);
  t["getTransferredTps"] = Rates(current, &Counters::transferred);
  t["getTotalTps"] = Rates(current, &Counters::got);
  t["putMessageDistributeTime"] = LatencyDistribution();
  t["putLatency99"] = fmt::format("{:.2f}", LatencyQuantileMs(0.99));
  t["putLatency999"] = fmt::format("{:.2f}", LatencyQuantileMs(0.999));
  t["putMessageEntireTimeMax"] = fmt::to_string(longest_send_ms_);
  t["pageCacheLockTimeMills"] = fmt::to_string(OldestSend(now).count());
  t["sendThreadPoolQueueHeadWaitTimeMills"] = t["pageCacheLockTimeMills"];
  t["sendThreadPoolQueueSize"] = fmt::to_string(waiting_sends_.size());
  t["msgPutTotalTodayNow"] = fmt::to_string(stats.put_count);
  t["msgPutTotalTodayMorning"] = fmt::to_string(put_today_morning_);
  t["msgPutTotalYesterdayMorning"] = fmt::to_string(put_yesterday_morning_);
  t["msgGetTotalTodayNow"] = fmt::to_string(stats.get_message_count);
  t["msgGetTotalTodayMorning"] = fmt::to_string(got_today_morning_);
  t["msgGetTotalYesterdayMorning"] = fmt::to_string(got_yesterday_morning_);
}

}  // namespace rmq::broker
