// Every call that may suspend obeys its Context: before it starts, and while it waits. A table of
// calls times a table of ways to be interrupted.
#include <array>

#include "runtime/channel.h"
#include "runtime/conformance_tools.h"
#include "runtime/mutex.h"

namespace rmq::runtime::conformance {
namespace {

constexpr char kArea[] = "Interruption";

using Call = std::function<Result<void>(Context&)>;
using Check = std::function<void(const Call&)>;

// Prepares a call that would wait for ever (or, in the second table, that would succeed) and gives
// it to `check`.
struct Interruptible {
  std::string name;
  std::function<void(Context&, Env&, const Check& check)> prepare;
};

std::vector<Interruptible> WaitingCalls() {
  return {
      {"Sleep", [](Context&, Env&,
                   const Check& check) { check([](Context& c) { return c.SleepFor(hours(1)); }); }},
      {"MutexLock",
       [](Context& ctx, Env&, const Check& check) {
         Mutex mutex;
         const auto held = Must(mutex.Lock(ctx));
         check([&](Context& c) { return WithoutValue(mutex.Lock(c)); });
         EXPECT_TRUE(mutex.locked());
       }},
      {"SemaphoreAcquire",
       [](Context&, Env&, const Check& check) {
         Semaphore semaphore(0);
         check([&](Context& c) { return semaphore.Acquire(c); });
         EXPECT_EQ(semaphore.available(), 0U);
       }},
      {"ConditionWait",
       [](Context&, Env&, const Check& check) {
         Condition condition;
         check([&](Context& c) { return condition.Wait(c); });
       }},
      {"WaiterWait",
       [](Context&, Env&, const Check& check) {
         check([](Context& c) {
           Waiter waiter(c);
           return waiter.Wait();
         });
       }},
      {"ChannelSend",
       [](Context&, Env&, const Check& check) {
         Channel<int> channel(1);
         Must(channel.TrySend(1));
         check([&](Context& c) { return channel.Send(c, 2); });
         EXPECT_EQ(channel.size(), 1U);
       }},
      {"ChannelReceive",
       [](Context&, Env&, const Check& check) {
         Channel<int> channel(1);
         check([&](Context& c) { return WithoutValue(channel.Receive(c)); });
       }},
      {"FutureGet",
       [](Context&, Env&, const Check& check) {
         Future<int> future;
         check([&](Context& c) { return WithoutValue(future.Get(c)); });
       }},
      {"StreamRead",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         check([&](Context& c) {
           std::array<std::byte, 8> into;
           return WithoutValue(ReadSome(c, *pair.a, into));
         });
         Must(WriteText(ctx, *pair.b, "later"));
         EXPECT_EQ(ReadText(ctx, *pair.a, 5), "later");
       }},
      {"StreamReadFully",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.b, "half"));
         check([&](Context& c) {
           std::array<std::byte, 8> into;
           return ReadFully(c, *pair.a, into);
         });
       }},
      {"StreamWrite",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         check([&](Context& c) {
           const Slice slice = AsBytes("no room");
           return WithoutValue(WriteSome(c, *pair.a, {&slice, 1}));
         });
       }},
      {"StreamWriteFully",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string much(64 << 20, 'x');
         check([&](Context& c) { return WriteText(c, *pair.a, much); });
       }},
      {"Accept",
       [](Context& ctx, Env& env, const Check& check) {
         const auto listener = MakeListener(ctx, env);
         check([&](Context& c) { return WithoutValue(listener->Accept(c)); });
         const auto connected = Must(env.runtime.network().Connect(ctx, listener->local()));
         EXPECT_EQ(Outcome(listener->Accept(ctx)), "ok");
       }},
  };
}

Interruptible OnFile(std::string name, std::function<Result<void>(Context&, File&)> call) {
  return {std::move(name), [call](Context& ctx, Env& env, const Check& check) {
            const auto directory = Scratch(ctx, env);
            const auto file = MakeFile(ctx, *directory, "f", "before");
            check([&](Context& c) { return call(c, *file); });
            EXPECT_EQ(Contents(ctx, *file), "before");
          }};
}

Interruptible OnDirectory(std::string name,
                          std::function<Result<void>(Context&, Directory&)> call) {
  return {std::move(name), [call](Context& ctx, Env& env, const Check& check) {
            const auto directory = Scratch(ctx, env);
            MakeFile(ctx, *directory, "f", "before");
            check([&](Context& c) { return call(c, *directory); });
            EXPECT_EQ(Names(ctx, *directory), std::vector<std::string>{"f"});
          }};
}

std::vector<Interruptible> FileCalls() {
  return {
      OnFile("FileRead",
             [](Context& c, File& file) {
               std::array<std::byte, 8> into;
               return WithoutValue(file.ReadAt(c, 0, into));
             }),
      OnFile("FileWrite",
             [](Context& c, File& file) { return WriteFully(c, file, 0, AsBytes("after!")); }),
      OnFile("FileAllocate", [](Context& c, File& file) { return file.Allocate(c, 0, 4096); }),
      OnFile("FileTruncate", [](Context& c, File& file) { return file.Truncate(c, 1); }),
      OnFile("FileSyncData", [](Context& c, File& file) { return file.SyncData(c); }),
      OnFile("FileSyncAll", [](Context& c, File& file) { return file.SyncAll(c); }),
      OnFile("FileSize", [](Context& c, File& file) { return WithoutValue(file.Size(c)); }),
      OnDirectory("DirectoryOpen",
                  [](Context& c, Directory& directory) {
                    return WithoutValue(directory.Open(c, "new", OpenMode::kCreate));
                  }),
      OnDirectory("DirectoryOpenDirectory",
                  [](Context& c, Directory& directory) {
                    return WithoutValue(directory.OpenDirectory(c, "new", /*create=*/true));
                  }),
      OnDirectory("DirectoryRename",
                  [](Context& c, Directory& directory) {
                    return directory.Rename(c, "f", directory, "g");
                  }),
      OnDirectory("DirectoryRemove",
                  [](Context& c, Directory& directory) { return directory.Remove(c, "f"); }),
      OnDirectory("DirectoryList",
                  [](Context& c, Directory& directory) { return WithoutValue(directory.List(c)); }),
      OnDirectory("DirectorySync",
                  [](Context& c, Directory& directory) { return directory.Sync(c); }),
      OnDirectory(
          "DirectoryLock",
          [](Context& c, Directory& directory) { return WithoutValue(directory.Lock(c, "lock")); }),
  };
}

std::vector<Interruptible> OtherCalls() {
  return {
      {"Yield",
       [](Context&, Env&, const Check& check) { check([](Context& c) { return c.Yield(); }); }},
      {"ReadyStreamRead",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.b, "kept"));
         check([&](Context& c) {
           std::array<std::byte, 8> into;
           return WithoutValue(ReadSome(c, *pair.a, into));
         });
         EXPECT_EQ(ReadText(ctx, *pair.a, 4), "kept");
       }},
      {"ReadyStreamWrite",
       [](Context& ctx, Env& env, const Check& check) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         check([&](Context& c) { return WriteText(c, *pair.a, "never sent"); });
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "");
       }},
      {"ReadyAccept",
       [](Context& ctx, Env& env, const Check& check) {
         const auto listener = MakeListener(ctx, env);
         const auto connected = Must(env.runtime.network().Connect(ctx, listener->local()));
         check([&](Context& c) { return WithoutValue(listener->Accept(c)); });
         EXPECT_EQ(Outcome(listener->Accept(ctx)), "ok");
       }},
      {"Connect",
       [](Context& ctx, Env& env, const Check& check) {
         const auto listener = MakeListener(ctx, env);
         check([&](Context& c) {
           return WithoutValue(env.runtime.network().Connect(c, listener->local()));
         });
       }},
      {"Listen",
       [](Context&, Env& env, const Check& check) {
         check([&](Context& c) {
           return WithoutValue(env.runtime.network().Listen(c, {env.address, 0}));
         });
       }},
      {"Resolve",
       [](Context&, Env& env, const Check& check) {
         check([&](Context& c) {
           return WithoutValue(env.runtime.network().Resolve(c, "10.1.2.3"));
         });
       }},
      {"FileSystemOpenDirectory",
       [](Context&, Env& env, const Check& check) {
         check([&](Context& c) {
           return WithoutValue(env.runtime.files().OpenDirectory(c, env.scratch, true));
         });
       }},
      {"FileSystemSpace",
       [](Context& ctx, Env& env, const Check& check) {
         Scratch(ctx, env);
         check([&](Context& c) { return WithoutValue(env.runtime.files().Space(c, env.scratch)); });
       }},
  };
}

void CancelledBefore(Context& ctx, const Call& call) {
  Cancellation cancellation;
  cancellation.Cancel();
  Context narrow = ctx.WithCancellation(cancellation);
  EXPECT_EQ(Outcome(call(narrow)), "Cancelled");
}

void ExpiredBefore(Context& ctx, const Call& call) {
  Context late = ctx.WithDeadline(ctx.Now());
  EXPECT_EQ(Outcome(call(late)), "DeadlineExceeded");
}

void CancelledWhileItWaits(Context& ctx, const Call& call) {
  Cancellation cancellation;
  Gate gate;
  Later(ctx, gate, [&] { cancellation.Cancel(); });
  {
    Context narrow = ctx.WithCancellation(cancellation);
    EXPECT_EQ(Outcome(call(narrow)), "Cancelled");
  }
  EXPECT_TRUE(cancellation.cancelled());
  gate.Close(ctx);
}

void ExpiresWhileItWaits(Context& ctx, const Call& call) {
  Context quick = ctx.WithTimeout(milliseconds(2));
  EXPECT_EQ(Outcome(call(quick)), "DeadlineExceeded");
  EXPECT_GE(ctx.Now(), quick.deadline());
}

using Interrupt = void (*)(Context&, const Call&);

void Add(Cases& cases, const std::vector<Interruptible>& calls, const std::string& way,
         Interrupt interrupt) {
  for (const Interruptible& call : calls) {
    cases.push_back({kArea, call.name + way, [call, interrupt](Context& ctx, Env& env) {
                       call.prepare(ctx, env, [&](const Call& c) { interrupt(ctx, c); });
                     }});
  }
}

}  // namespace

Cases InterruptionCases() {
  Cases cases;
  for (const auto& calls : {WaitingCalls(), FileCalls(), OtherCalls()}) {
    Add(cases, calls, "CancelledBefore", &CancelledBefore);
    Add(cases, calls, "ExpiredBefore", &ExpiredBefore);
  }
  Add(cases, WaitingCalls(), "CancelledWhileItWaits", &CancelledWhileItWaits);
  Add(cases, WaitingCalls(), "ExpiresWhileItWaits", &ExpiresWhileItWaits);
  return cases;
}

}  // namespace rmq::runtime::conformance
