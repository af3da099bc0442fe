#include "runtime/conformance_tools.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace rmq::runtime::conformance {

void CannotPrepare(const Error& error) {
  std::fprintf(stderr, "the case can't be prepared: %s\n", error.ToString().c_str());
  std::abort();
}

std::string Pattern(size_t count) {
  std::string text(count, '\0');
  for (size_t i = 0; i < count; ++i) {
    text[i] = static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  }
  return text;
}

void Until(Context& ctx, const std::function<bool()>& condition) {
  for (int i = 0; i < 20'000 && !condition(); ++i) Must(ctx.SleepFor(microseconds(100)));
  EXPECT_TRUE(condition()) << "waited in vain";
}

void Later(Context& ctx, Gate& gate, UniqueFunction<void()> body) {
  ctx.executor().Spawn(gate, "later", [body = std::move(body)](Context& own) mutable {
    if (own.SleepFor(milliseconds(1)).has_value()) body();
  });
}

std::unique_ptr<Listener> MakeListener(Context& ctx, Env& env) {
  return Must(env.runtime.network().Listen(ctx, {env.address, 0}));
}

StreamPair MakeStreamPair(Context& ctx, Env& env) {
  const auto listener = MakeListener(ctx, env);
  StreamPair pair;
  pair.a = Must(env.runtime.network().Connect(ctx, listener->local()));
  pair.b = Must(listener->Accept(ctx));
  return pair;
}

Result<void> WriteText(Context& ctx, Stream& stream, std::string_view text) {
  return WriteFully(ctx, stream, AsBytes(text));
}

std::string ReadText(Context& ctx, Stream& stream, size_t count) {
  std::string text(count, '\0');
  size_t done = 0;
  while (done < count) {
    const auto into = std::as_writable_bytes(std::span(text)).subspan(done);
    const Result<size_t> read = ReadSome(ctx, stream, into);
    if (!read.has_value() || *read == 0) break;
    done += *read;
  }
  text.resize(done);
  return text;
}

std::string ReadToEnd(Context& ctx, Stream& stream) {
  std::string text;
  std::array<std::byte, 4096> part;
  for (;;) {
    const Result<size_t> read = ReadSome(ctx, stream, part);
    EXPECT_EQ(Outcome(read), "ok");
    if (!read.has_value() || *read == 0) return text;
    text += AsText(Slice(part).first(*read));
  }
}

std::string ReadUntilNoMore(Context& ctx, Stream& stream) {
  std::array<std::byte, 4096> part;
  for (;;) {
    const Result<size_t> read = ReadSome(ctx, stream, part);
    if (!read.has_value() || *read == 0) return Outcome(read);
  }
}

// A stream that says kWouldBlock may take more once the network has moved what it holds.
size_t Fill(Context& ctx, Stream& stream) {
  const std::string chunk(64 * 1024, 'x');
  const Slice slice = AsBytes(chunk);
  size_t total = 0;
  for (int quiet = 0; quiet < 3;) {
    const Result<size_t> written = stream.TryWrite({&slice, 1});
    if (written.has_value()) {
      total += *written;
      quiet = 0;
    } else {
      EXPECT_EQ(Outcome(written), "WouldBlock");
      ++quiet;
      Must(ctx.SleepFor(milliseconds(1)));
    }
  }
  return total;
}

void Drain(Context& ctx, Stream& stream) {
  std::vector<std::byte> part(256 * 1024);
  for (;;) {
    const Result<size_t> read = ReadSome(ctx, stream, part);
    if (!read.has_value() || *read == 0) return;
  }
}

std::unique_ptr<Directory> Scratch(Context& ctx, Env& env) {
  return Must(env.runtime.files().OpenDirectory(ctx, env.scratch, /*create=*/true));
}

std::unique_ptr<File> MakeFile(Context& ctx, Directory& directory, std::string_view name,
                               std::string_view contents) {
  auto file = Must(directory.Open(ctx, name, OpenMode::kCreateNew));
  Must(WriteFully(ctx, *file, 0, AsBytes(contents)));
  return file;
}

std::string Contents(Context& ctx, File& file, uint64_t at) {
  std::string text;
  std::vector<std::byte> part(64 * 1024);
  for (;;) {
    const Result<size_t> read = file.ReadAt(ctx, at, part);
    EXPECT_EQ(Outcome(read), "ok");
    if (!read.has_value() || *read == 0) return text;
    text += AsText(Slice(part).first(*read));
    at += *read;
  }
}

std::string Contents(Context& ctx, Directory& directory, std::string_view name) {
  return Contents(ctx, *Must(directory.Open(ctx, name, OpenMode::kRead)));
}

std::vector<std::string> Names(Context& ctx, Directory& directory) {
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : Must(directory.List(ctx))) names.push_back(entry.name);
  return names;
}

}  // namespace rmq::runtime::conformance
