#include "runtime/network.h"

namespace rmq::runtime {
namespace {

Result<void> WaitUntil(Context& ctx, Stream& stream, void (Stream::*when)(UniqueFunction<void()>)) {
  Waiter waiter(ctx);
  (stream.*when)([&waiter] { waiter.Wake(); });
  Result<void> waited = waiter.Wait();
  if (!waited.has_value()) (stream.*when)(nullptr);  // `waiter` is about to die.
  return waited;
}

bool WouldBlock(const Result<size_t>& result) {
  return !result.has_value() && result.error().code() == ErrorCode::kWouldBlock;
}

}  // namespace

Result<size_t> ReadSome(Context& ctx, Stream& stream, std::span<std::byte> into) {
  for (;;) {
    RMQ_TRY(ctx.Check());
    Result<size_t> read = stream.TryRead(into);
    if (!WouldBlock(read)) return read;
    RMQ_TRY(WaitUntil(ctx, stream, &Stream::WhenReadable));
  }
}

Result<size_t> WriteSome(Context& ctx, Stream& stream, std::span<const Slice> from) {
  for (;;) {
    RMQ_TRY(ctx.Check());
    Result<size_t> written = stream.TryWrite(from);
    if (!WouldBlock(written)) return written;
    RMQ_TRY(WaitUntil(ctx, stream, &Stream::WhenWritable));
  }
}

Result<void> ReadFully(Context& ctx, Stream& stream, std::span<std::byte> into) {
  while (!into.empty()) {
    RMQ_TRY(const size_t read, ReadSome(ctx, stream, into));
    if (read == 0) return Fail(ErrorCode::kClosed, "the stream ended");
    into = into.subspan(read);
  }
  return {};
}

Result<void> WriteFully(Context& ctx, Stream& stream, Slice from) {
  while (!from.empty()) {
    RMQ_TRY(const size_t written, WriteSome(ctx, stream, std::span(&from, 1)));
    from = from.subspan(written);
  }
  return {};
}

}  // namespace rmq::runtime
