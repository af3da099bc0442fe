#include "sim/sim_network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kLatency{"net: latency of a link"};
constexpr runtime::Site kJitter{"net: jitter"};
constexpr runtime::Site kLoss{"net: segment lost"};
constexpr runtime::Site kClog{"net: link clogs"};
constexpr runtime::Site kClogTime{"net: link clogs for"};

constexpr nanoseconds kFirstResend = milliseconds(200);
constexpr int kMostLosses = 6;  // of one segment
constexpr uint16_t kFirstFreePort = 32768;

}  // namespace

SimNetwork::SimNetwork(Scheduler& scheduler, NetworkOptions options)
    : scheduler_(scheduler), options_(options), nowhere_("nowhere", UINT32_MAX, IpAddress::Any()) {
  nowhere_.set_up(false);
}

// --- links ---

Link& SimNetwork::LinkBetween(Machine& from, Machine& to) {
  const auto [at, is_new] = links_.try_emplace({from.number(), to.number()});
  Link& link = at->second;
  if (is_new) {
    link.from = &from;
    link.to = &to;
    link.object = MixBits(from.object() + 3 * to.object());
    InitLink(link);
  }
  return link;
}

void SimNetwork::InitLink(Link& link) const {
  if (link.from == link.to) {
    link.latency = options_.loopback_latency;
    return;
  }
  link.latency = nanoseconds(scheduler_.draws().Between(
      kLatency, link.object, options_.least_latency.count(), options_.most_latency.count()));
  link.mean_jitter = options_.mean_jitter;
  link.bytes_per_second = options_.bytes_per_second;
  link.loss_one_in = options_.loss_one_in;
}

void SimNetwork::SetOptions(const NetworkOptions& options) {
  options_ = options;
  for (auto& [machines, link] : links_) InitLink(link);
}

bool SimNetwork::OneIn(runtime::Site site, uint64_t object, uint32_t n) {
  return n > 0 && scheduler_.draws().Chance(site, object, 1, n);
}

Tick SimNetwork::DrawArrival(Link& link, uint64_t bytes) {
  Draws& draws = scheduler_.draws();
  Tick depart = scheduler_.now();
  if (link.bytes_per_second > 0) {
    depart = std::max(depart, link.busy_until) +
             nanoseconds(static_cast<int64_t>(bytes * 1'000'000'000 / link.bytes_per_second));
    link.busy_until = depart;
  }
  nanoseconds delay = link.latency;
  delay += nanoseconds(draws.Exponential(kJitter, link.object, link.mean_jitter.count()));
  for (int losses = 0; losses < kMostLosses; ++losses) {
    if (!OneIn(kLoss, link.object, link.loss_one_in)) break;
    delay += kFirstResend * (1 << losses);
  }
  if (link.from != link.to && OneIn(kClog, link.object, options_.clog_one_in)) {
    Clog(*link.from, *link.to,
         nanoseconds(draws.Exponential(kClogTime, link.object, options_.mean_clog.count())));
  }
  return depart + delay;
}

// --- faults ---

void SimNetwork::SetPartitioned(Machine& from, Machine& to, bool partitioned) {
  LinkBetween(from, to).partitioned = partitioned;
  if (!partitioned) RetryStalled();
}

void SimNetwork::Heal() {
  for (auto& [machines, link] : links_) {
    link.partitioned = false;
    link.clogged_until = Tick{};
  }
  RetryStalled();
}

void SimNetwork::Clog(Machine& from, Machine& to, nanoseconds duration) {
  Link& link = LinkBetween(from, to);
  link.clogged_until = std::max(link.clogged_until, scheduler_.now() + duration);
  scheduler_.After(duration, [this] { RetryStalled(); });
}

void SimNetwork::ChangeLink(Machine& from, Machine& to, const LinkChange& change) {
  Link& link = LinkBetween(from, to);
  if (change.latency.has_value()) link.latency = *change.latency;
  if (change.mean_jitter.has_value()) link.mean_jitter = *change.mean_jitter;
  if (change.bytes_per_second.has_value()) link.bytes_per_second = *change.bytes_per_second;
  if (change.loss_one_in.has_value()) link.loss_one_in = *change.loss_one_in;
}

// A copy: what is done to one connection may end others.
std::vector<std::shared_ptr<SimConnection>> SimNetwork::Connections() {
  std::vector<std::shared_ptr<SimConnection>> all;
  for (SimConnection* c = connections_.first(); c != nullptr; c = connections_.Next(*c)) {
    all.push_back(c->shared_from_this());
  }
  return all;
}

void SimNetwork::RetryStalled() {
  for (const auto& connection : Connections()) connection->RetryStalled();
}

void SimNetwork::ResetConnections(const Machine& a, const Machine& b) {
  for (const auto& connection : Connections()) {
    const Machine* x = &connection->machine(0);
    const Machine* y = &connection->machine(1);
    if ((x == &a && y == &b) || (x == &b && y == &a)) connection->Break();
  }
}

// --- machines, processes, names ---

void SimNetwork::AddMachine(Machine& machine) {
  machines_.push_back(&machine);
  RegisterHost(machine.name(), {machine.ip()});
}

void SimNetwork::RegisterHost(std::string_view name, std::vector<IpAddress> ips) {
  hosts_.insert_or_assign(std::string(name), std::move(ips));
}

Machine* SimNetwork::FindMachine(Machine& from, const IpAddress& ip) {
  if (ip == IpAddress::Loopback() || ip == IpAddress::Any()) return &from;
  for (Machine* machine : machines_) {
    if (machine->ip() == ip) return machine;
  }
  return &nowhere_;
}

Result<std::vector<IpAddress>> SimNetwork::Resolve(std::string_view host) const {
  if (const Result<IpAddress> numeric = IpAddress::Parse(host); numeric.has_value()) {
    return std::vector<IpAddress>{*numeric};
  }
  if (host == "localhost") return std::vector<IpAddress>{IpAddress::Loopback()};
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || found->second.empty()) {
    return Fail(ErrorCode::kNotFound, fmt::format("host {}", host));
  }
  return found->second;
}

void SimNetwork::ProcessEnded(Process& process, bool power_lost) {
  std::vector<std::shared_ptr<SimListenSocket>> closing;
  for (const auto& [at, socket] : listeners_) {
    if (socket->process == &process) closing.push_back(socket);
  }
  for (const auto& socket : closing) CloseListener(*socket);
  for (const auto& connection : Connections()) {
    for (int side = 0; side < 2; ++side) {
      if (connection->process(side) != &process) continue;
      if (power_lost) {
        connection->PowerLost(side);
      } else {
        connection->ProcessKilled(side);
      }
    }
  }
}

// --- listening and connecting ---

uint16_t SimNetwork::FreePort(const Machine& machine) {
  uint16_t& last = last_port_[machine.number()];
  do {
    last = last < kFirstFreePort || last == UINT16_MAX ? kFirstFreePort
                                                       : static_cast<uint16_t>(last + 1);
  } while (listeners_.contains({machine.number(), last}));
  return last;
}

Result<std::shared_ptr<SimListenSocket>> SimNetwork::Listen(Process& process, Endpoint at) {
  const Machine& machine = process.machine();
  if (at.ip != IpAddress::Any() && at.ip != IpAddress::Loopback() && at.ip != machine.ip()) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("listen {}: not an address of this machine", at.ToString()));
  }
  if (at.port == 0) at.port = FreePort(machine);
  const auto socket = std::make_shared<SimListenSocket>(process, at);
  const auto [place, is_new] = listeners_.try_emplace({machine.number(), at.port}, socket);
  if (!is_new) {
    return Fail(ErrorCode::kAlreadyExists, fmt::format("listen {}: in use", at.ToString()));
  }
  return socket;
}

void SimNetwork::CloseListener(SimListenSocket& socket) {
  if (!socket.open) return;
  socket.open = false;
  const bool alive = socket.process->alive();
  // A dead process's connections are ended by ProcessEnded.
  for (const auto& waiting : socket.backlog) {
    if (alive) waiting->Abort(1);
  }
  socket.backlog.clear();
  listeners_.erase({socket.process->machine().number(), socket.local.port});
}

std::shared_ptr<SimListenSocket> SimNetwork::FindListener(const Machine& from, const Machine& to,
                                                          Endpoint at) const {
  const auto found = listeners_.find({to.number(), at.port});
  if (found == listeners_.end()) return nullptr;
  const IpAddress& bound = found->second->local.ip;
  if (bound == IpAddress::Loopback() && &from != &to) return nullptr;
  return found->second;
}

std::shared_ptr<SimConnection> SimNetwork::MakeConnection(Process& client, Endpoint to) {
  Machine& machine = client.machine();
  Machine& target = *FindMachine(machine, to.ip);
  const bool loopback = to.ip == IpAddress::Loopback();
  const Endpoint from{.ip = loopback ? to.ip : machine.ip(), .port = FreePort(machine)};
  const uint64_t count = ++connection_counts_[{client.object(), to}];
  const uint64_t object =
      MixBits(client.object() + StableHash(fmt::format("{} #{}", to.ToString(), count)));
  Link& forth = LinkBetween(machine, target);  // Draws: in our order, not the compiler's.
  Link& back = LinkBetween(target, machine);
  auto connection = std::make_shared<SimConnection>(*this, object, client, from, to, forth, back);
  connections_.PushBack(*connection);
  return connection;
}

}  // namespace rmq::sim
