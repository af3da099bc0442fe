// TCP as the daemons see it. A Stream, a Listener belong to the executor they were made on.
//
// Idle connections need no fiber: TryRead and WhenReadable let a connection be a state machine.
// Fibers use ReadSome and WriteSome, built on the same four calls.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "runtime/context.h"

namespace rmq::runtime {

class Stream {
 public:
  // Like Abort, unless CloseWrite was called: then the bytes written before still reach the peer,
  // provided that nothing the peer sent was left unread. No callback comes afterwards.
  virtual ~Stream() = default;

  // Reads what is there: at least 1 byte, or 0 at the end of the stream (the peer's CloseWrite), as
  // often as it is asked. kWouldBlock if there is nothing yet; kConnectionReset, perhaps before all
  // that arrived was read; kClosed after Abort. Short counts are normal. REQUIRES: into is not
  // empty.
  virtual Result<size_t> TryRead(std::span<std::byte> into) = 0;
  // Takes at least 1 byte of the slices, in order, or says kWouldBlock (back-pressure),
  // kConnectionReset, or kClosed after CloseWrite or Abort. Bytes taken may still be lost with the
  // connection. REQUIRES: the slices hold at least 1 byte.
  virtual Result<size_t> TryWrite(std::span<const Slice> from) = 0;

  // Calls `ready` once, through the run queue, as soon as TryRead would not say kWouldBlock (also
  // for an end or an error). Now and then TryRead says it all the same: wait again. One of each
  // kind at a time: a new one replaces the old one, nullptr takes it back. `ready` may destroy the
  // Stream.
  virtual void WhenReadable(UniqueFunction<void()> ready) = 0;
  virtual void WhenWritable(UniqueFunction<void()> ready) = 0;

  // The peer reads the end of the stream after all bytes written before. Reading goes on. A
  // pending WhenWritable is called. Idempotent.
  virtual void CloseWrite() = 0;
  // Drops the connection at once in both directions; the peer sees kConnectionReset. Pending
  // callbacks are called. Idempotent.
  virtual void Abort() = 0;

  virtual Endpoint local() const = 0;
  virtual Endpoint peer() const = 0;
};

// Waits until something can be read, then TryRead.
Result<size_t> ReadSome(Context& ctx, Stream& stream, std::span<std::byte> into);
// Waits until something can be written, then TryWrite.
Result<size_t> WriteSome(Context& ctx, Stream& stream, std::span<const Slice> from);
// All of it, or an error (kClosed if the stream ends in between).
Result<void> ReadFully(Context& ctx, Stream& stream, std::span<std::byte> into);
Result<void> WriteFully(Context& ctx, Stream& stream, Slice from);

class Listener {
 public:
  // Stops listening. Streams already accepted live on.
  virtual ~Listener() = default;
  // Streams come in the order in which they were connected; one may be broken already. The stream
  // belongs to ctx's executor, which is the listener's. kResourceExhausted (no descriptors) passes:
  // try again after a pause. One fiber at a time.
  virtual Result<std::unique_ptr<Stream>> Accept(Context& ctx) = 0;
  virtual Endpoint local() const = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  // Port 0 picks a free one: ask local(). kAlreadyExists if the port is taken.
  virtual Result<std::unique_ptr<Listener>> Listen(Context& ctx, Endpoint at) = 0;
  // kConnectionRefused, kConnectionReset (no way there), kResourceExhausted, or the Context's
  // errors: give it a deadline. It may succeed before the peer has called Accept.
  virtual Result<std::unique_ptr<Stream>> Connect(Context& ctx, Endpoint to) = 0;
  // All addresses of a name, best first, or a numeric address itself. kNotFound; kUnavailable if
  // nobody can tell now.
  virtual Result<std::vector<IpAddress>> Resolve(Context& ctx, std::string_view host) = 0;
  // The address other machines most likely reach this one by: the first that is not a loopback.
  virtual IpAddress LocalAddress() const = 0;
};

}  // namespace rmq::runtime
