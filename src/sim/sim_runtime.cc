#include "sim/sim_runtime.h"

#include "base/hash.h"
#include "sim/machine.h"
#include "sim/scheduler.h"

namespace rmq::sim {

Tick SimClock::Now() const {
  return process_.Now();
}

WallTime SimClock::WallNow() const {
  Scheduler& scheduler = process_.scheduler();
  const WallTime read = process_.machine().clock().Read(scheduler.now());
  if (process_.alive()) {
    scheduler.hash().Add(TraceKind::kWallRead, process_.object(), static_cast<uint64_t>(read.ms));
  }
  return read;
}

uint64_t SimRandom::Draw(runtime::Site site, uint64_t object, uint64_t bound) {
  if (!process_.alive()) return 0;
  return process_.scheduler().draws().Draw(site, MixBits(process_.object() ^ object), bound);
}

void SimRandom::Fill(runtime::Site site, std::span<std::byte> out) {
  if (!process_.alive()) return;
  process_.scheduler().draws().Fill(site, process_.object(), out);
}

bool SimLog::enabled(runtime::LogLevel level) const {
  return sink_ != nullptr && level >= level_ && process_.alive();
}

void SimLog::Write(runtime::LogLevel level, std::string_view area, std::string_view line) {
  if (!enabled(level)) return;
  sink_->Write(process_.scheduler().now(), process_.full_name(), level, area, line);
}

SimRuntime::SimRuntime(Process& process, Parts parts)
    : process_(process),
      clock_(process),
      random_(process),
      log_(process, parts.log_sink, parts.log_level),
      network_(std::move(parts.network)),
      files_(std::move(parts.files)) {}

}  // namespace rmq::sim
