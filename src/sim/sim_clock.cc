#include "sim/sim_clock.h"

#include "sim/scheduler.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kOffset{"clock: offset"};
constexpr runtime::Site kFarOff{"clock: far off"};
constexpr runtime::Site kAhead{"clock: ahead"};
constexpr runtime::Site kRate{"clock: rate"};
constexpr runtime::Site kFast{"clock: fast"};
constexpr runtime::Site kNextStep{"clock: next step"};

constexpr nanoseconds kMeanTimeToStep = minutes(10);
constexpr int64_t kMostRate = 200'000;  // 200 ppm

// Nine times of ten up to 200 ms, else up to an hour; in either direction.
nanoseconds DrawOffset(Draws& draws, uint64_t object) {
  const bool far = draws.Chance(kFarOff, object, 1, 10);
  const nanoseconds most = far ? nanoseconds(hours(1)) : nanoseconds(milliseconds(200));
  const int64_t size = draws.Between(kOffset, object, 0, most.count());
  return nanoseconds(draws.Chance(kAhead, object, 1, 2) ? size : -size);
}

void ScheduleStep(Scheduler& scheduler, uint64_t object, MachineClock& clock) {
  const nanoseconds delay(
      scheduler.draws().Exponential(kNextStep, object, nanoseconds(kMeanTimeToStep).count()));
  scheduler.AfterInBackground(seconds(1) + delay, [&scheduler, object, &clock] {
    clock.Step(DrawOffset(scheduler.draws(), object));
    ScheduleStep(scheduler, object, clock);
  });
}

}  // namespace

void DrawClockFaults(Scheduler& scheduler, uint64_t object, MachineClock& clock) {
  Draws& draws = scheduler.draws();
  clock.Step(DrawOffset(draws, object));
  const int64_t rate = draws.Between(kRate, object, 0, kMostRate);
  clock.SetRate(scheduler.now(), draws.Chance(kFast, object, 1, 2) ? rate : -rate);
  ScheduleStep(scheduler, object, clock);
}

}  // namespace rmq::sim
