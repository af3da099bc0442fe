#include "remoting/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "base/assert.h"
#include "base/hash.h"
#include "base/intrusive_list.h"
#include "remoting/frame_reader.h"
#include "remoting/outbound_queue.h"
#include "runtime/mutex.h"

namespace rmq::remoting {
namespace {

using runtime::Executor;
using wire::RemotingCommand;
using Done = UniqueFunction<void(Result<RemotingCommand>)>;

// One read takes many small requests. Reading happens on the scheduler's stack only: a fiber's
// would be too small for this.
constexpr size_t kScratchSize = 64 * 1024;
constexpr size_t kSlicesPerWrite = 64;
// So much is read and written before the others have their turn.
constexpr int kReadsPerTurn = 4;
constexpr size_t kWrittenPerTurn = 1024 * 1024;
// A header's length has 24 bits, and JSON may write 6 characters for one.
constexpr size_t kMaxHeaderText = 0xffffff / 6 - 64 * 1024;

bool WouldBlock(const Error& error) {
  return error.code() == ErrorCode::kWouldBlock;
}

uint64_t NewId(runtime::Runtime& runtime, Executor& executor) {
  const uint64_t number = executor.NextNumber();
  if (&executor == &runtime.executor()) return number;
  return StableHash(executor.name()) << 32 | number;
}

size_t SizeOf(const std::vector<Bytes>& body) {
  size_t size = 0;
  for (const Bytes& part : body) size += part.size();
  return size;
}

// CONN-8: whether the peer would take it as one frame, and we could encode it.
bool FitsAFrame(const RemotingCommand& command, size_t body_size) {
  size_t text = command.remark.size();
  for (const auto& field : command.ext_fields) text += field.key.size() + field.value.size() + 8;
  return text <= kMaxHeaderText && body_size <= wire::kMaxFrameSize &&
         6 * text + body_size + 1024 <= wire::kMaxFrameSize;
}

}  // namespace

class Connection::Impl {
 public:
  Impl(runtime::Runtime& runtime, Executor& executor, std::unique_ptr<runtime::Stream> stream,
       RequestHandler& handler, ConnectionOptions options)
      : runtime_(runtime),
        executor_(executor),
        stream_(std::move(stream)),
        handler_(handler),
        options_(options),
        id_(NewId(runtime, executor)),
        local_(stream_->local()),
        peer_(stream_->peer()),
        idle_(executor) {}
  ~Impl() { RMQ_ASSERT(closed_ || executor_.dead()); }

  void Start(Connection& self);
  void Send(const RemotingCommand& command, const std::vector<Bytes>& body);
  Result<void> CheckSend(const RemotingCommand& command) const;
  Result<RemotingCommand> Call(Context& ctx, RemotingCommand request);
  void CallAsync(RemotingCommand request, nanoseconds timeout, Done done);
  void Close(ErrorCode reason);
  void CloseAfterWrites(ErrorCode reason);
  void WaitForCallbacks(Context& ctx);

 private:
  friend class Connection;

  // A request of ours that waits for its answer.
  struct PendingCall : ListNode, runtime::TimerNode {
    PendingCall(Impl& impl, int32_t number, Done function, bool from_fiber)
        : TimerNode(&PendingCall::Expired),
          owner(impl),
          opaque(number),
          done(std::move(function)),
          inline_done(from_fiber) {}
    static void Expired(TimerNode& node);

    Impl& owner;
    const int32_t opaque;
    Done done;
    const bool inline_done;  // it only wakes a fiber, and is gone with it
  };

  Result<int32_t> BeginCall(RemotingCommand request, Done done, bool from_fiber);
  void Forget(int32_t opaque) { calls_.erase(opaque); }
  // CONN-9: removes the call and delivers its result through the run queue.
  void EndCall(PendingCall& call, Result<RemotingCommand> result);
  void FailCalls(ErrorCode reason);
  void DeferDone(Done done, Result<RemotingCommand> result);

  bool reads() const { return !closed_ && !paused_; }
  void ArmRead();
  void Read();
  bool ReadOnce();
  void Take(Slice received);
  void Deliver(Bytes frame);
  void DeliverAnswer(RemotingCommand answer);
  void Break(const Error& error);

  void ScheduleFlush();
  void Flush();
  void ArmWrite();
  void PauseOrResume();
  void Touch() { last_activity_ = executor_.Now(); }
  void ArmIdle(Tick when);
  void CheckIdle();

  runtime::Runtime& runtime_;
  Executor& executor_;
  std::unique_ptr<runtime::Stream> stream_;  // null some time after closed_
  RequestHandler& handler_;
  const ConnectionOptions options_;
  const uint64_t id_;
  const Endpoint local_;
  const Endpoint peer_;
  Connection* self_ = nullptr;

  FrameReader reader_;
  Bytes unread_;         // received while reading was paused
  bool paused_ = false;  // too much waits to be written
  bool ending_ = false;  // CloseAfterWrites
  bool closed_ = false;

  OutboundQueue outbound_;
  bool flush_scheduled_ = false;
  bool write_blocked_ = false;
  bool write_closed_ = false;

  std::unordered_map<int32_t, PendingCall> calls_;  // for look-ups alone
  IntrusiveList<PendingCall> calls_in_order_;
  int32_t last_opaque_ = 0;
  uint64_t unmatched_answers_ = 0;
  size_t deferred_done_ = 0;
  runtime::Condition all_done_;

  runtime::Timer idle_;
  Tick last_activity_;
};

// --- reading ---

void Connection::Impl::Start(Connection& self) {
  self_ = &self;
  Touch();
  if (options_.idle_timeout > seconds(0)) ArmIdle(last_activity_ + options_.idle_timeout);
  ArmRead();
}

// The stream forgets its callbacks when it is destroyed, so they need no share of the connection.
void Connection::Impl::ArmRead() {
  stream_->WhenReadable([this] { Read(); });
}

void Connection::Impl::Read() {
  if (!reads()) return;
  const auto keep = self_->shared_from_this();
  if (!unread_.empty()) Take(std::exchange(unread_, Bytes()).view());
  for (int i = 0; i < kReadsPerTurn && reads(); ++i) {
    if (!ReadOnce()) return;
  }
  if (reads()) ArmRead();
}

// Returns false if nothing is left to do now.
bool Connection::Impl::ReadOnce() {
  std::byte scratch[kScratchSize];
  const std::span<std::byte> room = reader_.Room();
  const std::span<std::byte> into = room.empty() ? std::span<std::byte>(scratch) : room;
  const Result<size_t> read = stream_->TryRead(into);
  if (!read.has_value()) {
    if (WouldBlock(read.error())) {
      ArmRead();
    } else {
      Break(read.error());
    }
    return false;
  }
  if (*read == 0) {
    Close(ErrorCode::kConnectionReset);
    return false;
  }
  Touch();
  if (room.empty()) {
    Take(into.first(*read));
  } else if (Bytes frame = reader_.Filled(*read); !frame.empty()) {
    Deliver(std::move(frame));
  }
  // A short read has most likely emptied the socket: asking again would be a call for nothing.
  const bool more = *read == into.size();
  if (!more && reads()) ArmRead();
  return more;
}

void Connection::Impl::Take(Slice received) {
  while (!received.empty() && !closed_) {
    if (paused_) {
      unread_ = Bytes::Copy(received);
      return;
    }
    Result<Bytes> frame = reader_.Next(received);
    if (!frame.has_value()) return Break(frame.error());
    if (!frame->empty()) Deliver(*std::move(frame));
  }
}

void Connection::Impl::Deliver(Bytes frame) {
  Result<RemotingCommand> command = wire::DecodeFrame(std::move(frame));
  if (!command.has_value()) return Break(command.error());
  if (command->IsResponse()) return DeliverAnswer(*std::move(command));
  if (!ending_) handler_.HandleRequest(self_->shared_from_this(), *std::move(command));
}

void Connection::Impl::Break(const Error& error) {
  if (error.code() == ErrorCode::kCorruption) {
    RMQ_LOG(runtime_.log(), kWarn, "remoting", "connection {} to {} closed: {}", id_,
            peer_.ToString(), error.message());
  } else {
    RMQ_LOG(runtime_.log(), kDebug, "remoting", "connection {} to {} broke: {}", id_,
            peer_.ToString(), error.ToString());
  }
  Close(ErrorCode::kConnectionReset);
}

// --- writing ---

void Connection::Impl::Send(const RemotingCommand& command, const std::vector<Bytes>& body) {
  std::string& tail = outbound_.Tail();
  const size_t before = tail.size();
  wire::EncodeFrameHeader(command, command.body.size() + SizeOf(body), tail);
  outbound_.Appended(tail.size() - before);
  outbound_.Append(command.body);
  for (const Bytes& part : body) outbound_.Append(part);
  PauseOrResume();
  ScheduleFlush();
}

// CONN-7: everything that is ready runs before the flush, so that its answers leave in one write.
void Connection::Impl::ScheduleFlush() {
  if (flush_scheduled_ || write_blocked_) return;
  flush_scheduled_ = true;
  executor_.Defer([connection = self_->weak_from_this()] {
    if (const auto keep = connection.lock()) keep->impl_->Flush();
  });
}

void Connection::Impl::Flush() {
  flush_scheduled_ = false;
  if (closed_ || write_blocked_) return;
  size_t budget = kWrittenPerTurn;
  while (!outbound_.empty()) {
    std::array<Slice, kSlicesPerWrite> slices;
    const size_t count = outbound_.Gather(slices);
    const Result<size_t> written = stream_->TryWrite(std::span(slices).first(count));
    if (!written.has_value() && !WouldBlock(written.error())) return Break(written.error());
    if (!written.has_value()) {
      ArmWrite();
      break;
    }
    outbound_.Drop(*written);
    Touch();
    budget -= std::min(budget, *written);
    if (budget == 0 && !outbound_.empty()) {
      ArmWrite();
      break;
    }
  }
  PauseOrResume();
  if (ending_ && outbound_.empty() && !write_closed_) {
    write_closed_ = true;
    stream_->CloseWrite();
  }
}

void Connection::Impl::ArmWrite() {
  write_blocked_ = true;
  stream_->WhenWritable([this] {
    const auto keep = self_->shared_from_this();
    write_blocked_ = false;
    Flush();
  });
}

// CONN-5.
void Connection::Impl::PauseOrResume() {
  if (outbound_.bytes() > options_.max_outbound_bytes) {
    paused_ = true;
  } else if (paused_ && outbound_.bytes() <= options_.max_outbound_bytes / 2) {
    paused_ = false;
    // Through the run queue: we may be on a fiber's stack.
    executor_.Defer([connection = self_->weak_from_this()] {
      if (const auto keep = connection.lock()) keep->impl_->Read();
    });
  }
}

// --- our own requests ---

Result<void> Connection::Impl::CheckSend(const RemotingCommand& command) const {
  if (closed_ || ending_) return Fail(ErrorCode::kClosed, "the connection is closed");
  if (outbound_.bytes() > options_.max_outbound_bytes) {
    return Fail(ErrorCode::kResourceExhausted, fmt::format("{} does not read: {} bytes wait",
                                                           peer_.ToString(), outbound_.bytes()));
  }
  if (!FitsAFrame(command, command.body.size())) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("request {} is larger than a frame: {} bytes", command.code,
                            command.body.size()));
  }
  return {};
}

Result<int32_t> Connection::Impl::BeginCall(RemotingCommand request, Done done, bool from_fiber) {
  RMQ_TRY(CheckSend(request));
  if (calls_.size() >= options_.max_pending_calls) {
    return Fail(ErrorCode::kResourceExhausted,
                fmt::format("{} owes {} answers", peer_.ToString(), calls_.size()));
  }
  do {
    last_opaque_ = last_opaque_ == INT32_MAX ? 1 : last_opaque_ + 1;
  } while (calls_.contains(last_opaque_));
  request.opaque = last_opaque_;
  request.flag &= ~(RemotingCommand::kResponseFlag | RemotingCommand::kOnewayFlag);
  const auto [call, added] =
      calls_.try_emplace(last_opaque_, *this, last_opaque_, std::move(done), from_fiber);
  RMQ_ASSERT(added);
  calls_in_order_.PushBack(call->second);
  Send(request, {});
  return last_opaque_;
}

Result<RemotingCommand> Connection::Impl::Call(Context& ctx, RemotingCommand request) {
  RMQ_TRY(ctx.Check());
  const auto keep = self_->shared_from_this();
  std::optional<Result<RemotingCommand>> answer;
  runtime::Waiter waiter(ctx);
  RMQ_TRY(const int32_t opaque, BeginCall(
                                    std::move(request),
                                    [&](Result<RemotingCommand> result) {
                                      answer = std::move(result);
                                      waiter.Wake();
                                    },
                                    /*from_fiber=*/true));
  // Also when the fiber is unwound: the call must not outlive what it refers to.
  struct Forgetter {
    Impl& impl;
    int32_t opaque;
    ~Forgetter() { impl.Forget(opaque); }
  } forgetter{*this, opaque};
  RMQ_TRY(waiter.Wait());
  return *std::move(answer);
}

void Connection::Impl::CallAsync(RemotingCommand request, nanoseconds timeout, Done done) {
  // The function is moved only if the call begins, so it is still ours after a failure.
  Result<void> sendable = CheckSend(request);
  if (sendable.has_value() && calls_.size() >= options_.max_pending_calls) {
    sendable = Fail(ErrorCode::kResourceExhausted, "too many calls");
  }
  if (!sendable.has_value()) {
    return DeferDone(std::move(done), Fail(std::move(sendable).error()));
  }
  const Result<int32_t> opaque =
      BeginCall(std::move(request), std::move(done), /*from_fiber=*/false);
  RMQ_ASSERT(opaque.has_value());
  executor_.ArmTimer(calls_.at(*opaque), executor_.Now() + timeout);
}

void Connection::Impl::PendingCall::Expired(TimerNode& node) {
  auto& call = static_cast<PendingCall&>(node);
  call.owner.EndCall(call, Fail(ErrorCode::kDeadlineExceeded));
}

void Connection::Impl::EndCall(PendingCall& call, Result<RemotingCommand> result) {
  Done done = std::move(call.done);
  const bool inline_done = call.inline_done;
  Forget(call.opaque);
  if (inline_done) return done(std::move(result));
  DeferDone(std::move(done), std::move(result));
}

void Connection::Impl::DeferDone(Done done, Result<RemotingCommand> result) {
  ++deferred_done_;
  executor_.Defer([keep = self_->shared_from_this(), done = std::move(done),
                   result = std::move(result)]() mutable {
    done(std::move(result));
    Impl& impl = *keep->impl_;
    if (--impl.deferred_done_ == 0) impl.all_done_.NotifyAll();
  });
}

// CONN-3.
void Connection::Impl::DeliverAnswer(RemotingCommand answer) {
  const auto found = calls_.find(answer.opaque);
  if (found == calls_.end()) {
    ++unmatched_answers_;
    return;
  }
  // We are in a function of the run queue already, with nothing of ours half done: no need to
  // defer, which would cost an allocation for each answer.
  Done done = std::move(found->second.done);
  calls_.erase(found);
  done(std::move(answer));
}

void Connection::Impl::FailCalls(ErrorCode reason) {
  while (!calls_in_order_.empty()) {
    EndCall(calls_in_order_.front(),
            Fail(reason, fmt::format("the connection to {} ended", peer_.ToString())));
  }
}

void Connection::Impl::WaitForCallbacks(Context& ctx) {
  RMQ_ASSERT(closed_);
  while (deferred_done_ > 0) {
    runtime::Waiter waiter(ctx);
    executor_.Defer([&waiter] { waiter.Wake(); });
    waiter.WaitForWake();
  }
}

// --- the end ---

void Connection::Impl::Close(ErrorCode reason) {
  if (closed_) return;
  closed_ = true;
  const auto keep = self_->shared_from_this();
  idle_.Disarm();
  if (!write_closed_) stream_->Abort();  // Else its destructor does what is right.
  outbound_.Clear();
  unread_ = Bytes();
  FailCalls(reason);
  handler_.ConnectionClosed(*self_);
  // Not at once: we may be in a callback of the stream.
  executor_.Defer([keep] { keep->impl_->stream_.reset(); });
}

void Connection::Impl::CloseAfterWrites(ErrorCode reason) {
  if (closed_ || ending_) return;
  ending_ = true;
  FailCalls(reason);
  ScheduleFlush();
}

void Connection::Impl::ArmIdle(Tick when) {
  idle_.Arm(when, [connection = self_->weak_from_this()] {
    if (const auto keep = connection.lock()) keep->impl_->CheckIdle();
  });
}

// CONN-6. The timer is not moved with each byte: when it rings, it looks whether that was too
// early.
void Connection::Impl::CheckIdle() {
  if (closed_) return;
  const Tick due = last_activity_ + options_.idle_timeout;
  if (executor_.Now() < due) return ArmIdle(due);
  RMQ_LOG(runtime_.log(), kInfo, "remoting", "connection {} to {} closed: idle for {} s", id_,
          peer_.ToString(), options_.idle_timeout.count());
  Close(ErrorCode::kConnectionReset);
}

// --- the face ---

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

std::shared_ptr<Connection> Connection::Start(runtime::Runtime& runtime, Executor& executor,
                                              std::unique_ptr<runtime::Stream> stream,
                                              RequestHandler& handler, ConnectionOptions options) {
  std::shared_ptr<Connection> connection(new Connection(
      std::make_unique<Impl>(runtime, executor, std::move(stream), handler, options)));
  connection->impl_->Start(*connection);
  return connection;
}
std::shared_ptr<Connection> Connection::Start(runtime::Runtime& runtime,
                                              std::unique_ptr<runtime::Stream> stream,
                                              RequestHandler& handler, ConnectionOptions options) {
  return Start(runtime, runtime.executor(), std::move(stream), handler, options);
}

void Connection::Reply(const RemotingCommand& request, RemotingCommand response,
                       std::vector<Bytes> body) {
  if (request.IsOneway() || closed()) return;  // CONN-4
  const size_t body_size = response.body.size() + SizeOf(body);
  if (!FitsAFrame(response, body_size)) {
    response =
        wire::MakeResponse(request, wire::ResponseCode::kSystemError,
                           fmt::format("the answer is larger than a frame: {} bytes", body_size));
    body.clear();
  }
  response.opaque = request.opaque;
  response.flag |= RemotingCommand::kResponseFlag;
  impl_->Send(response, body);
}

Result<RemotingCommand> Connection::Call(Context& ctx, RemotingCommand request) {
  return impl_->Call(ctx, std::move(request));
}
void Connection::CallAsync(RemotingCommand request, nanoseconds timeout, Done done) {
  impl_->CallAsync(std::move(request), timeout, std::move(done));
}
Result<void> Connection::SendOneway(RemotingCommand request) {
  RMQ_TRY(impl_->CheckSend(request));
  impl_->last_opaque_ = impl_->last_opaque_ == INT32_MAX ? 1 : impl_->last_opaque_ + 1;
  request.opaque = impl_->last_opaque_;
  request.flag |= RemotingCommand::kOnewayFlag;
  impl_->Send(request, {});
  return {};
}

void Connection::Close(ErrorCode reason) {
  impl_->Close(reason);
}
void Connection::CloseAfterWrites(ErrorCode reason) {
  impl_->CloseAfterWrites(reason);
}
void Connection::WaitForCallbacks(Context& ctx) {
  impl_->WaitForCallbacks(ctx);
}

bool Connection::closed() const {
  return impl_->closed_;
}
Endpoint Connection::local() const {
  return impl_->local_;
}
Endpoint Connection::peer() const {
  return impl_->peer_;
}
uint64_t Connection::id() const {
  return impl_->id_;
}
size_t Connection::outbound_bytes() const {
  return impl_->outbound_.bytes();
}
size_t Connection::pending_calls() const {
  return impl_->calls_.size();
}
uint64_t Connection::unmatched_answers() const {
  return impl_->unmatched_answers_;
}

}  // namespace rmq::remoting
