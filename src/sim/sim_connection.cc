#include "sim/sim_connection.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "sim/sim_network.h"

namespace rmq::sim {
namespace {

constexpr runtime::Site kWindow{"net: window"};
constexpr runtime::Site kWillBreak{"net: connection breaks"};
constexpr runtime::Site kBreakSide{"net: connection breaks which way"};
constexpr runtime::Site kBreakAfter{"net: connection breaks after"};
constexpr runtime::Site kShortRead{"net: short read"};
constexpr runtime::Site kShortWrite{"net: short write"};
constexpr runtime::Site kShortBy{"net: short by"};
constexpr runtime::Site kRefuse{"net: refuse"};
constexpr runtime::Site kSlowConnect{"net: slow connect"};
constexpr runtime::Site kGiveUp{"net: give up after"};
constexpr runtime::Site kResend{"net: resend after"};
constexpr runtime::Site kQuietDeath{"net: quiet death"};
constexpr runtime::Site kDropUnread{"net: reset drops unread"};

constexpr nanoseconds kMeanResend = milliseconds(200);
constexpr int kSynAttempts = 6;  // 1 + 2 + 4 + … seconds: about two minutes

// What Note adds to the hash.
enum NetworkEvent : uint64_t { kSent, kArrived, kEndArrived, kResetArrived, kEstablished, kGaveUp };

// Halvings of the largest window; 0 is the largest, the mildest.
uint64_t DrawWindow(Draws& draws, uint64_t object, const NetworkOptions& options) {
  const auto most = static_cast<uint64_t>(std::bit_width(options.most_window));
  const auto least = static_cast<uint64_t>(std::bit_width(options.least_window));
  const uint64_t drawn = draws.Draw(kWindow, object, most - least + 1);
  return std::max(options.most_window >> drawn, options.least_window);
}

}  // namespace

void ByteQueue::Take(std::span<std::byte> into) {
  std::memcpy(into.data(), bytes_.data() + head_, into.size());
  head_ += into.size();
  if (head_ == bytes_.size()) {
    bytes_.clear();
    head_ = 0;
  } else if (head_ > 64 * 1024 && head_ > bytes_.size() / 2) {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
}

SimConnection::SimConnection(SimNetwork& network, uint64_t object, Process& client, Endpoint from,
                             Endpoint to, Link& forth, Link& back)
    : network_(network), object_(object) {
  sides_[0].process = &client;
  sides_[0].local = from;
  sides_[1].local = to;
  pipes_[0].link = &forth;
  pipes_[1].link = &back;
  const NetworkOptions& options = network.options();
  Draws& draws = network.scheduler().draws();
  for (int i = 0; i < 2; ++i) {
    pipes_[i].object = 2 * object + static_cast<uint64_t>(i);
    pipes_[i].window = DrawWindow(draws, pipes_[i].object, options);
  }
  if (network.OneIn(kWillBreak, object, options.reset_one_in)) {
    Pipe& pipe = pipes_[draws.Draw(kBreakSide, object, 2)];
    pipe.breaks_after =
        draws.Exponential(kBreakAfter, object, static_cast<int64_t>(options.mean_bytes_to_reset));
  }
}

void SimConnection::Note(const Pipe& pipe, uint64_t what, uint64_t value) {
  network_.scheduler().hash().Add(TraceKind::kNetwork, pipe.object, what, value);
}

// --- making it ---

Result<void> SimConnection::Connect(Context& ctx) {
  sides_[0].socket = true;
  SendSyn(0);
  runtime::Waiter waiter(ctx);
  connecting_ = &waiter;
  Result<void> waited = waiter.Wait();
  connecting_ = nullptr;
  if (!waited.has_value()) {
    Abort(0);
    return waited;
  }
  return connect_result_;
}

void SimConnection::Attach(int side, runtime::Executor& executor) {
  sides_[side].executor = &executor;
}

void SimConnection::SendSyn(int attempt) {
  if (!sides_[0].socket) return;
  if (attempt == 0 &&
      network_.OneIn(kSlowConnect, object_, network_.options().slow_connect_one_in)) {
    RetrySyn(attempt);
    return;
  }
  Scheduler& scheduler = network_.scheduler();
  const Tick arrival = network_.DrawArrival(*pipes_[0].link, 0);
  scheduler.After(arrival - scheduler.now(),
                  [self = shared_from_this(), attempt] { self->SynArrives(attempt); });
}

void SimConnection::RetrySyn(int attempt) {
  network_.scheduler().After(seconds(1LL << attempt), [self = shared_from_this(), attempt] {
    if (attempt + 1 < kSynAttempts) {
      self->SendSyn(attempt + 1);
    } else {
      self->AnswerArrives(Fail(ErrorCode::kConnectionReset, "no answer"));
    }
  });
}

void SimConnection::SynArrives(int attempt) {
  if (!sides_[0].socket) return;
  const Link& link = *pipes_[0].link;
  if (!link.Carries(network_.scheduler().now())) return RetrySyn(attempt);
  std::shared_ptr<SimListenSocket> listener =
      network_.FindListener(*link.from, *link.to, sides_[1].local);
  if (listener == nullptr || network_.OneIn(kRefuse, object_, network_.options().refuse_one_in)) {
    return Answer(Fail(ErrorCode::kConnectionRefused), attempt);
  }
  if (listener->backlog.size() >= network_.options().backlog) return RetrySyn(attempt);
  listener_ = std::move(listener);
  Answer({}, attempt);
}

void SimConnection::Answer(Result<void> result, int attempt) {
  Scheduler& scheduler = network_.scheduler();
  const Tick arrival = network_.DrawArrival(*pipes_[1].link, 0);
  const bool refused = !result.has_value();
  scheduler.After(arrival - scheduler.now(), [self = shared_from_this(), refused, attempt] {
    if (!self->pipes_[1].link->Carries(self->network_.scheduler().now())) {
      self->RetrySyn(attempt);
    } else if (refused) {
      self->AnswerArrives(Fail(ErrorCode::kConnectionRefused));
    } else {
      self->AnswerArrives({});
    }
  });
}

// The confirmation of the handshake travels as an empty segment: it may be held up like any other,
// and the listener hears of the connection by it.
void SimConnection::AnswerArrives(Result<void> result) {
  if (!sides_[0].socket) return;
  Note(pipes_[1], kEstablished, result.has_value() ? 1 : 0);
  connect_result_ = std::move(result);
  established_ = connect_result_.has_value();
  if (established_) {
    Send(0, 0, /*end=*/false);
  } else {
    sides_[0].socket = false;
  }
  if (connecting_ != nullptr) connecting_->Wake();
}

bool SimConnection::EnterBacklog() {
  const std::shared_ptr<SimListenSocket> listener = std::exchange(listener_, nullptr);
  if (!listener->open) return false;
  sides_[1].socket = true;
  sides_[1].process = listener->process;
  listener->backlog.push_back(shared_from_this());
  if (listener->accepting != nullptr) listener->accepting->Wake();
  return true;
}

// --- what a stream does ---

bool SimConnection::UsableBy(int side) const {
  const Side& s = sides_[side];
  return s.executor != nullptr && s.process->alive();
}

size_t SimConnection::ShortCount(runtime::Site site, const Pipe& pipe, size_t count) {
  if (!network_.OneIn(site, pipe.object, network_.options().short_count_one_in)) return count;
  return count - network_.scheduler().draws().Draw(kShortBy, pipe.object, count);
}

Result<size_t> SimConnection::TryRead(int side, std::span<std::byte> into) {
  RMQ_ASSERT(!into.empty());
  Side& reader = sides_[side];
  if (!UsableBy(side) || reader.aborted) return Fail(ErrorCode::kClosed);
  Pipe& pipe = pipes_[1 - side];
  if (pipe.received == 0) {
    if (reader.reset) return Fail(ErrorCode::kConnectionReset);
    if (reader.at_end && pipe.bytes.size() == 0) return size_t{0};
    return Fail(ErrorCode::kWouldBlock);
  }
  const size_t count = ShortCount(kShortRead, pipe, std::min(into.size(), pipe.received));
  pipe.bytes.Take(into.first(count));
  pipe.received -= count;
  Confirm(1 - side, count);
  return count;
}

Result<void> SimConnection::CheckWritable(int side) const {
  const Side& writer = sides_[side];
  if (!UsableBy(side) || writer.aborted || writer.write_closed) return Fail(ErrorCode::kClosed);
  if (writer.reset) return Fail(ErrorCode::kConnectionReset);
  const Pipe& pipe = pipes_[side];
  if (pipe.bytes.size() + pipe.unconfirmed >= pipe.window) return Fail(ErrorCode::kWouldBlock);
  return {};
}

Result<size_t> SimConnection::TryWrite(int side, std::span<const Slice> from) {
  RMQ_TRY(CheckWritable(side));
  size_t total = 0;
  for (const Slice slice : from) total += slice.size();
  RMQ_ASSERT(total > 0);
  Pipe& pipe = pipes_[side];
  const size_t room = pipe.window - pipe.bytes.size() - pipe.unconfirmed;
  const size_t count = ShortCount(kShortWrite, pipe, std::min(total, room));
  size_t left = count;
  uint64_t hash = kSent;
  for (const Slice slice : from) {
    const Slice part = slice.first(std::min(left, slice.size()));
    pipe.bytes.Append(part);
    hash = HashBytes(part, hash);
    left -= part.size();
    if (left == 0) break;
  }
  Note(pipe, hash, count);
  Send(side, count, /*end=*/false);
  return count;
}

bool SimConnection::Readable(int side) const {
  const Side& s = sides_[side];
  const Pipe& pipe = pipes_[1 - side];
  return s.aborted || s.reset || pipe.received > 0 || (s.at_end && pipe.bytes.size() == 0);
}

bool SimConnection::Writable(int side) const {
  const Result<void> check = CheckWritable(side);
  return check.has_value() || check.error().code() != ErrorCode::kWouldBlock;
}

void SimConnection::WhenReadable(int side, UniqueFunction<void()> ready) {
  sides_[side].on_readable = std::move(ready);
  NotifyReadable(side);
}

void SimConnection::WhenWritable(int side, UniqueFunction<void()> ready) {
  sides_[side].on_writable = std::move(ready);
  NotifyWritable(side);
}

void SimConnection::NotifyReadable(int side) {
  Side& s = sides_[side];
  if (!s.on_readable || s.readable_queued || !UsableBy(side) || !Readable(side)) return;
  s.readable_queued = true;
  s.executor->Enqueue([self = shared_from_this(), side] { self->RunReadable(side); });
}

void SimConnection::NotifyWritable(int side) {
  Side& s = sides_[side];
  if (!s.on_writable || s.writable_queued || !UsableBy(side) || !Writable(side)) return;
  s.writable_queued = true;
  s.executor->Enqueue([self = shared_from_this(), side] { self->RunWritable(side); });
}

// The callback may have been withdrawn or replaced, and the bytes taken, since this was queued.
void SimConnection::RunReadable(int side) {
  Side& s = sides_[side];
  s.readable_queued = false;
  if (!s.on_readable || !Readable(side)) return;
  UniqueFunction<void()> ready = std::move(s.on_readable);
  s.on_readable = nullptr;
  ready();
}

void SimConnection::RunWritable(int side) {
  Side& s = sides_[side];
  s.writable_queued = false;
  if (!s.on_writable || !Writable(side)) return;
  UniqueFunction<void()> ready = std::move(s.on_writable);
  s.on_writable = nullptr;
  ready();
}

void SimConnection::CloseWrite(int side) {
  Side& s = sides_[side];
  if (!UsableBy(side) || s.aborted || s.reset || s.write_closed) return;
  s.write_closed = true;
  Send(side, 0, /*end=*/true);
  NotifyWritable(side);
}

void SimConnection::Abort(int side) {
  Side& s = sides_[side];
  if (!s.process->alive() || s.aborted) return;
  s.aborted = true;
  if (s.socket) {
    CloseSocket(side);
    SendReset(side);
  }
  NotifyReadable(side);
  NotifyWritable(side);
}

// As Linux does it: a socket closed in order goes on delivering what was written, one that
// swallows unread bytes resets.
void SimConnection::Detach(int side) {
  Side& s = sides_[side];
  s.on_readable = nullptr;
  s.on_writable = nullptr;
  if (!s.process->alive() || !s.socket) return;
  if (s.write_closed && pipes_[1 - side].received == 0) {
    s.socket = false;
  } else {
    Abort(side);
  }
}

// --- what the network does ---

void SimConnection::Send(int side, size_t bytes, bool end) {
  Pipe& pipe = pipes_[side];
  Scheduler& scheduler = network_.scheduler();
  pipe.last_arrival = std::max(pipe.last_arrival, network_.DrawArrival(*pipe.link, bytes));
  scheduler.After(pipe.last_arrival - scheduler.now(), [self = shared_from_this(), side, bytes,
                                                        end] { self->Arrive(side, bytes, end); });
}

void SimConnection::Arrive(int side, size_t bytes, bool end) {
  Pipe& pipe = pipes_[side];
  const Tick now = network_.scheduler().now();
  if (pipe.holds_segment || !pipe.link->Carries(now)) return Hold(pipe, side, bytes, end);
  const int to = 1 - side;
  Side& receiver = sides_[to];
  const bool known = to == 0 || listener_ == nullptr || EnterBacklog();
  if (!known || !receiver.socket) {
    if (sides_[side].socket) SendReset(to);
    return;
  }
  Note(pipe, end ? kEndArrived : kArrived, bytes);
  const bool breaks = pipe.breaks_after.has_value() && bytes >= *pipe.breaks_after;
  const size_t count = breaks ? *pipe.breaks_after : bytes;
  if (pipe.breaks_after.has_value()) *pipe.breaks_after -= count;
  pipe.received += count;
  if (end) receiver.at_end = true;
  if (breaks && bytes > 0) return Break();
  if (!pipes_[to].link->Carries(now)) StartPatience(side);  // No confirmation gets back.
  NotifyReadable(to);
}

void SimConnection::Hold(Pipe& pipe, int side, size_t bytes, bool end) {
  pipe.holds_segment = true;
  pipe.held_bytes += bytes;
  pipe.held_end = pipe.held_end || end;
  pipe.stalled = true;
  if (bytes > 0 || end) StartPatience(side);  // Nobody waits for the answer to an empty segment.
}

void SimConnection::StartPatience(int side) {
  Pipe& pipe = pipes_[side];
  pipe.stalled = true;
  if (pipe.patience_runs) return;
  pipe.patience_runs = true;
  const uint64_t number = ++pipe.patience_number;
  const NetworkOptions& options = network_.options();
  const nanoseconds patience(network_.scheduler().draws().Between(
      kGiveUp, pipe.object, options.least_give_up.count(), options.most_give_up.count()));
  network_.scheduler().After(
      patience, [self = shared_from_this(), side, number] { self->GiveUp(side, number); });
}

void SimConnection::GiveUp(int side, uint64_t patience_number) {
  const Pipe& pipe = pipes_[side];
  if (!pipe.patience_runs || pipe.patience_number != patience_number) return;
  if (!sides_[side].socket) return;
  Note(pipe, kGaveUp, patience_number);
  MarkReset(side);
}

void SimConnection::RetryStalled() {
  const Tick now = network_.scheduler().now();
  for (int side = 0; side < 2; ++side) {
    Pipe& pipe = pipes_[side];
    if (!pipe.stalled) continue;
    const bool confirms = pipes_[1 - side].link->Carries(now);
    if (pipe.holds_segment && pipe.link->Carries(now)) Resend(side);
    if (confirms && pipe.unconfirmed > 0) {
      pipe.unconfirmed = 0;
      NotifyWritable(side);
    }
    pipe.stalled = pipe.holds_segment || !confirms;
    if (!pipe.stalled) pipe.patience_runs = false;
  }
}

// Sends again what waited for the link, some time after it healed: senders back off.
void SimConnection::Resend(int side) {
  Pipe& pipe = pipes_[side];
  pipe.holds_segment = false;
  const size_t bytes = std::exchange(pipe.held_bytes, 0);
  const bool end = std::exchange(pipe.held_end, false);
  if (pipe.sender_gone) return;
  const nanoseconds backoff(
      network_.scheduler().draws().Exponential(kResend, pipe.object, kMeanResend.count()));
  pipe.last_arrival = std::max(pipe.last_arrival, network_.scheduler().now() + backoff);
  Send(side, bytes, end);
}

// Bytes were read: there is room for the sender once it hears of it.
void SimConnection::Confirm(int side, size_t bytes) {
  Pipe& pipe = pipes_[side];
  const Link& back = *pipes_[1 - side].link;
  if (!back.Carries(network_.scheduler().now())) {
    pipe.unconfirmed += bytes;
    if (sides_[side].socket) StartPatience(side);
  } else if (sides_[side].on_writable) {
    network_.scheduler().After(back.latency,
                               [self = shared_from_this(), side] { self->NotifyWritable(side); });
  }
}

void SimConnection::SendReset(int side) {
  const Link& link = *pipes_[side].link;
  if (!link.from->up()) return;
  Scheduler& scheduler = network_.scheduler();
  const Tick arrival = network_.DrawArrival(*pipes_[side].link, 0);
  scheduler.After(arrival - scheduler.now(),
                  [self = shared_from_this(), side] { self->ResetArrives(1 - side); });
}

void SimConnection::ResetArrives(int side) {
  const Pipe& pipe = pipes_[1 - side];
  if (!pipe.link->Carries(network_.scheduler().now()) || !sides_[side].socket) return;
  Note(pipe, kResetArrived, 0);
  MarkReset(side);
}

// The socket takes and sends nothing more. What it received can still be read.
void SimConnection::MarkReset(int side) {
  Side& s = sides_[side];
  if (!s.socket) return;
  CloseSocket(side);
  s.reset = true;
  Pipe& incoming = pipes_[1 - side];
  if (network_.OneIn(kDropUnread, incoming.object, network_.options().drop_unread_one_in)) {
    incoming.received = 0;
  }
  incoming.bytes.Shorten(incoming.received);
  NotifyReadable(side);
  NotifyWritable(side);
}

void SimConnection::CloseSocket(int side) {
  sides_[side].socket = false;
  pipes_[side].sender_gone = true;
}

// --- what the world does ---

void SimConnection::ProcessKilled(int side) {
  Side& s = sides_[side];
  if (!s.socket) return;
  const bool unread = pipes_[1 - side].received > 0;
  if (!unread &&
      network_.OneIn(kQuietDeath, pipes_[side].object, network_.options().quiet_death_one_in)) {
    if (!s.write_closed) Send(side, 0, /*end=*/true);
    s.socket = false;
    return;
  }
  CloseSocket(side);
  SendReset(side);
}

void SimConnection::PowerLost(int side) {
  CloseSocket(side);
}

void SimConnection::Break() {
  MarkReset(0);
  MarkReset(1);
}

}  // namespace rmq::sim
