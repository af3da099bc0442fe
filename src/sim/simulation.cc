#include "sim/simulation.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/hash.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kPolicy{"sim: policy"};

// What NoteProcess adds to the hash.
enum ProcessEvent : uint64_t { kStarted, kReturned, kKilled, kLostPower, kStopAsked, kPaused };

PolicyKind DrawPolicy(Draws& draws) {
  const uint64_t drawn = draws.Draw(kPolicy, 0, 20);
  if (drawn < 2) return PolicyKind::kFifo;
  return drawn < 16 ? PolicyKind::kUniform : PolicyKind::kStarveOne;
}

// Not a draw: the way of killing is no part of the run, whose hash must not depend on it.
bool UnwindAtOnce(const SimulationOptions& options) {
  if (options.kill_mode == KillMode::kDrawn) return (MixBits(options.seed) & 1) == 0;
  return options.kill_mode == KillMode::kUnwind;
}

std::string_view Describe(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::kFinished:
      return "finished";
    case RunOutcome::kDeadlock:
      return "deadlock: nothing is ready and nothing will happen";
    case RunOutcome::kStepLimit:
      return "too many steps: a busy loop?";
    case RunOutcome::kTimeLimit:
      return "too much simulated time: something waits for ever?";
  }
  return "";
}

}  // namespace

Simulation::Simulation(SimulationOptions options)
    : options_(std::move(options)),
      unwind_at_once_(UnwindAtOnce(options_)),
      scheduler_(options_.seed, options_.limits),
      network_(scheduler_, options_.network) {
  if (options_.record) draws().StartRecording();
  if (options_.replay != nullptr) draws().Replay(*options_.replay, options_.replay_mode);
  const PolicyKind policy = options_.policy.has_value() ? *options_.policy : DrawPolicy(draws());
  scheduler_.SetPolicy(MakePolicy(policy, draws()));
  Machine& machine = MakeMachine("test", IpAddress::V4(10, 1, 0, 1), options_.disk);
  MakeProcess(machine, "test", /*faulty=*/false);
}

Simulation::~Simulation() {
  DisposeOfAll();
}

RunReport Simulation::Run(UniqueFunction<void(Context&, Simulation&)> test) {
  RMQ_ASSERT(!test_returned_ && test_process().alive());
  test_process().Start([this, test = std::move(test)](Context& ctx, runtime::Runtime&) mutable {
    test(ctx, *this);
  });
  const RunOutcome outcome = scheduler_.Run(test_returned_);
  RunReport report = MakeReport(outcome);
  DisposeOfAll();
  return report;
}

RunReport Simulation::MakeReport(RunOutcome outcome) {
  RunReport report{.outcome = outcome,
                   .text = {},
                   .hash = hash().value(),
                   .chunks = hash().chunks(),
                   .steps = scheduler_.steps(),
                   .events = hash().event_count(),
                   .time = Now()};
  if (outcome == RunOutcome::kFinished) return report;
  report.text = fmt::format("{}\n{} s and {} steps after the start, these fibers have not ended:\n",
                            Describe(outcome), Now().ns / 1'000'000'000, report.steps);
  for (const auto& process : processes_) {
    if (process->alive()) process->DescribeFibers(report.text);
  }
  return report;
}

// Processes die first, all of them, so that no destructor of one can act on another.
void Simulation::DisposeOfAll() {
  for (const auto& process : processes_) {
    if (!process->alive()) continue;
    process->Die();
    process->runtime().sim_files().Die();
  }
  for (size_t i = processes_.size(); i-- > 0;) {
    if (!processes_[i]->disposed()) processes_[i]->Dispose();
  }
}

Machine& Simulation::AddMachine(std::string name, const DiskOptions& disk) {
  for (const auto& machine : machines_) RMQ_ASSERT(machine->name() != name);
  const size_t n = machines_.size();
  const auto high = static_cast<uint8_t>(n / 250);
  const auto low = static_cast<uint8_t>(n % 250);
  Machine& machine = MakeMachine(std::move(name), IpAddress::V4(10, 0, high, low), disk);
  if (options_.faulty_clocks) DrawClockFaults(scheduler_, machine.object(), machine.clock());
  return machine;
}

Machine& Simulation::MakeMachine(std::string name, IpAddress ip, const DiskOptions& disk) {
  const auto number = static_cast<uint32_t>(machines_.size());
  machines_.push_back(std::make_unique<Machine>(std::move(name), number, ip));
  Machine& machine = *machines_.back();
  machine.SetDisk(std::make_unique<Disk>(machine.name(), disk, scheduler_));
  network_.AddMachine(machine);
  return machine;
}

Process& Simulation::MakeProcess(Machine& machine, std::string name, bool faulty) {
  const auto id = static_cast<int32_t>(processes_.size() + 1);
  ProcessObserver& observer = *this;
  processes_.push_back(std::make_unique<Process>(
      scheduler_, machine, Process::Identity{std::move(name), id, faulty}, observer));
  Process& process = *processes_.back();
  SimRuntime::Parts parts{.log_sink = options_.log_sink,
                          .log_level = options_.log_level,
                          .network = MakeProcessNetwork(network_, process),
                          .files = std::make_unique<SimFileSystem>(
                              process.full_name(), machine.disk(), process, draws())};
  process.SetRuntime(std::make_unique<SimRuntime>(process, std::move(parts)));
  return process;
}

Process& Simulation::Start(Machine& machine, std::string name, Process::Main main) {
  if (!machine.up()) Boot(machine);
  Process& process = MakeProcess(machine, std::move(name), /*faulty=*/true);
  NoteProcess(process, kStarted);
  process.Start(std::move(main));
  return process;
}

void Simulation::Boot(Machine& machine) {
  machine.set_up(true);
  network_.MachineBooted();
}

void Simulation::Stop(Process& process) {
  if (!process.alive()) return;
  NoteProcess(process, kStopAsked);
  process.Stop();
}

void Simulation::Kill(Process& process) {
  if (process.alive()) End(process, Death::kKilled);
}

void Simulation::PowerCut(Machine& machine) {
  machine.set_up(false);
  for (size_t i = 0; i < processes_.size(); ++i) {
    Process& process = *processes_[i];
    if (process.alive() && &process.machine() == &machine) End(process, Death::kPowerCut);
  }
  machine.disk().CutPower();
}

void Simulation::Pause(Process& process, nanoseconds duration, PauseMode mode) {
  if (!process.alive()) return;
  NoteProcess(process, kPaused);
  process.Pause(duration, mode);
}

void Simulation::SetCpuFactor(Process& process, int64_t factor) {
  RMQ_ASSERT(factor >= 1);
  process.set_cpu_factor(factor);
}

void Simulation::StepWallClock(Machine& machine, nanoseconds by) {
  hash().Add(TraceKind::kCondition, machine.object(), static_cast<uint64_t>(by.count()));
  machine.clock().Step(by);
}

void Simulation::Partition(const Machines& from, const Machines& to, Direction direction) {
  for (Machine* a : from) {
    for (Machine* b : to) {
      network_.SetPartitioned(*a, *b, true);
      if (direction == Direction::kBoth) network_.SetPartitioned(*b, *a, true);
    }
  }
}

void Simulation::Heal() {
  network_.Heal();
}

void Simulation::Clog(Machine& from, Machine& to, nanoseconds duration) {
  network_.Clog(from, to, duration);
}

void Simulation::ChangeLink(Machine& from, Machine& to, const LinkChange& change) {
  network_.ChangeLink(from, to, change);
}

void Simulation::ResetConnections(Machine& a, Machine& b) {
  network_.ResetConnections(a, b);
}

void Simulation::RegisterHost(std::string_view name, std::vector<IpAddress> ips) {
  network_.RegisterHost(name, std::move(ips));
}

Disk& Simulation::EmptyDisk() {
  disk().Wipe();
  return disk();
}

void Simulation::ProcessReturned(Process& process) {
  End(process, Death::kReturned);
  if (&process == &test_process()) test_returned_ = true;
}

// The order matters: first nothing of the process happens any more, then the world notices, and
// what is left of its fibers goes last, when it can't act on anything.
void Simulation::End(Process& process, Death death) {
  NoteProcess(process, death == Death::kReturned ? kReturned
                       : death == Death::kKilled ? kKilled
                                                 : kLostPower);
  process.Die();
  network_.ProcessEnded(process, death == Death::kPowerCut);
  process.runtime().sim_files().Die();
  if (unwind_at_once_ || death == Death::kReturned) scheduler_.DisposeLater(process);
}

void Simulation::NoteProcess(const Process& process, uint64_t what) {
  hash().Add(TraceKind::kProcess, process.object(), static_cast<uint64_t>(process.id()), what);
}

}  // namespace rmq::sim
