// SimConnection is a simulated TCP connection: two sides, each a socket in some machine's kernel,
// and two pipes of bytes between them. Side 0 connected, side 1 accepts.
//
// A segment travels for the latency of its link. While its link carries nothing it waits for the
// link to heal; a sender that hears nothing for too long resets its own side and tells nobody. A
// segment for a socket that is gone is answered with a reset, if the machine is up: that is how a
// half-open connection is found out. Resets themselves are sent once and may be lost.
//
// The kernel's part goes on when the process is dead: sides are kept alive by the events under
// way. Shared by streams, the backlog of a listener and events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/intrusive_list.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/context.h"
#include "runtime/executor.h"
#include "sim/process.h"
#include "sim/sim_link.h"

namespace rmq::sim {

class SimListenSocket;
class SimNetwork;

// Bytes in order, appended at one end and taken at the other.
class ByteQueue {
 public:
  size_t size() const { return bytes_.size() - head_; }
  void Append(Slice bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void Take(std::span<std::byte> into);
  // Forgets all but the first `size` bytes.
  void Shorten(size_t size) { bytes_.resize(head_ + size); }

 private:
  std::vector<std::byte> bytes_;
  size_t head_ = 0;
};

class SimConnection : public ListNode, public std::enable_shared_from_this<SimConnection> {
 public:
  // `client` connects from `from`; the pipes use the links from side 0 to side 1 and back.
  // `object` is the stable number of this connection.
  SimConnection(SimNetwork& network, uint64_t object, Process& client, Endpoint from, Endpoint to,
                Link& forth, Link& back);

  uint64_t object() const { return object_; }
  Process* process(int side) const { return sides_[side].process; }
  const Machine& machine(int side) const { return *pipes_[side].link->from; }

  // --- making it ---

  // Waits until the connection is established or refused. A failure leaves no socket on side 0.
  Result<void> Connect(Context& ctx);
  // A stream of `executor` now uses the side.
  void Attach(int side, runtime::Executor& executor);

  // --- what a stream does; see runtime/network.h ---

  Result<size_t> TryRead(int side, std::span<std::byte> into);
  Result<size_t> TryWrite(int side, std::span<const Slice> from);
  void WhenReadable(int side, UniqueFunction<void()> ready);
  void WhenWritable(int side, UniqueFunction<void()> ready);
  void CloseWrite(int side);
  void Abort(int side);
  // The stream is gone: the kernel closes the socket as close(2) does, except that a side that
  // still could write resets.
  void Detach(int side);
  const Endpoint& local(int side) const { return sides_[side].local; }

  // --- what the world does ---

  // The process of `side` was killed: its kernel closes the socket.
  void ProcessKilled(int side);
  // The machine of `side` lost power: nobody hears of it.
  void PowerLost(int side);
  // Both sides see a reset at once.
  void Break();
  // Links carry again what they did not: sends what was held up.
  void RetryStalled();

 private:
  struct Side {
    Process* process = nullptr;
    runtime::Executor* executor = nullptr;  // of the stream, once there is one
    Endpoint local;
    bool socket = false;        // the kernel knows the connection
    bool aborted = false;       // by Abort
    bool reset = false;         // a reset came
    bool write_closed = false;  // by CloseWrite
    bool at_end = false;        // the peer's end came
    UniqueFunction<void()> on_readable;
    UniqueFunction<void()> on_writable;
    bool readable_queued = false;
    bool writable_queued = false;
  };
  // From side i to side 1 - i.
  struct Pipe {
    Link* link = nullptr;
    uint64_t object = 0;
    ByteQueue bytes;                       // under way, or received and not read
    size_t received = 0;                   // of these
    uint64_t window = 0;                   // most bytes in it
    uint64_t unconfirmed = 0;              // read, but the sender has not heard of it
    Tick last_arrival;                     // segments don't overtake each other
    std::optional<uint64_t> breaks_after;  // bytes; the fault "reset at any byte"
    bool sender_gone = false;              // lost power: nothing is sent again
    bool stalled = false;                  // something waits for a link
    bool patience_runs = false;            // the sender waits for a confirmation, but not for ever
    uint64_t patience_number = 0;
    size_t held_bytes = 0;  // of segments that wait for the link
    bool held_end = false;
    bool holds_segment = false;
  };

  bool Readable(int side) const;
  bool Writable(int side) const;
  void NotifyReadable(int side);
  void NotifyWritable(int side);
  void RunReadable(int side);
  void RunWritable(int side);
  bool UsableBy(int side) const;
  Result<void> CheckWritable(int side) const;
  size_t ShortCount(runtime::Site site, const Pipe& pipe, size_t count);

  void SendSyn(int attempt);
  void SynArrives(int attempt);
  void RetrySyn(int attempt);
  void Answer(Result<void> result, int attempt);
  void AnswerArrives(Result<void> result);

  void Send(int side, size_t bytes, bool end);
  void Arrive(int side, size_t bytes, bool end);
  void Hold(Pipe& pipe, int side, size_t bytes, bool end);
  void StartPatience(int side);
  void Resend(int side);
  void GiveUp(int side, uint64_t patience_number);
  bool EnterBacklog();
  void SendReset(int side);
  void ResetArrives(int side);
  void MarkReset(int side);
  void CloseSocket(int side);
  void Confirm(int side, size_t bytes);
  void Note(const Pipe& pipe, uint64_t what, uint64_t value);

  SimNetwork& network_;
  const uint64_t object_;
  Side sides_[2];
  Pipe pipes_[2];
  // Until the connection is established.
  runtime::Waiter* connecting_ = nullptr;
  Result<void> connect_result_;
  bool established_ = false;
  std::shared_ptr<SimListenSocket> listener_;  // until the connection is in its backlog
};

}  // namespace rmq::sim
