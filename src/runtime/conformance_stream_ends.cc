// How streams end: half-close, abort, destruction, reset.
#include <gmock/gmock.h>

#include <array>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::AnyOf;

constexpr char kArea[] = "StreamEnd";

std::string TryReadOutcome(Stream& stream) {
  std::array<std::byte, 8> into;
  return Outcome(stream.TryRead(into));
}
std::string TryWriteOutcome(Stream& stream) {
  const Slice slice = AsBytes("x");
  return Outcome(stream.TryWrite({&slice, 1}));
}
// The first write that fails.
std::string WriteUntilNoMore(Context& ctx, Stream& stream) {
  for (;;) {
    const Result<void> written = WriteText(ctx, stream, "x");
    if (!written.has_value()) return Outcome(written);
    Must(ctx.Yield());
  }
}

Cases HalfCloses() {
  return {
      {kArea, "ThePeerReadsAllBytesAndThenTheEnd",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "last words"));
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "last words");
       }},
      {kArea, "AnEndWithoutBytesIsAnEnd",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "");
       }},
      {kArea, "TheEndIsReadAsOftenAsAsked",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         std::array<std::byte, 8> into;
         for (int i = 0; i < 3; ++i) EXPECT_EQ(Must(ReadSome(ctx, *pair.b, into)), 0U);
       }},
      {kArea, "TheEndWakesAWaitingReader",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->CloseWrite(); });
         std::array<std::byte, 8> into;
         EXPECT_EQ(Must(ReadSome(ctx, *pair.b, into)), 0U);
         gate.Close(ctx);
       }},
      {kArea, "TheEndCallsWhenReadable",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         bool called = false;
         pair.b->WhenReadable([&] { called = true; });
         pair.a->CloseWrite();
         Until(ctx, [&] { return called; });
       }},
      {kArea, "ReadingGoesOnAfterCloseWrite",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "");
         Must(WriteText(ctx, *pair.b, "answer"));
         EXPECT_EQ(ReadText(ctx, *pair.a, 6), "answer");
       }},
      {kArea, "TheAcceptedEndMayCloseFirst",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.b, "bye"));
         pair.b->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.a), "bye");
         Must(WriteText(ctx, *pair.a, "bye bye"));
         EXPECT_EQ(ReadText(ctx, *pair.b, 7), "bye bye");
       }},
      {kArea, "BothEndsClose",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "a"));
         Must(WriteText(ctx, *pair.b, "b"));
         pair.a->CloseWrite();
         pair.b->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.a), "b");
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "a");
       }},
      {kArea, "NothingIsWrittenAfterCloseWrite",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         EXPECT_EQ(TryWriteOutcome(*pair.a), "Closed");
         EXPECT_EQ(Outcome(WriteText(ctx, *pair.a, "x")), "Closed");
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "");
       }},
      {kArea, "CloseWriteTwiceIsLikeOnce",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b), "");
         EXPECT_EQ(TryReadOutcome(*pair.a), "WouldBlock");
       }},
      {kArea, "CloseWriteCallsAWaitingWriter",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->CloseWrite(); });
         EXPECT_EQ(Outcome(WriteText(ctx, *pair.a, "x")), "Closed");
         gate.Close(ctx);
       }},
      {kArea, "WhenWritableCallsAfterCloseWrite",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         bool called = false;
         pair.a->WhenWritable([&] { called = true; });
         Until(ctx, [&] { return called; });
       }},
      {kArea, "ReadFullySaysClosedWhenTheStreamEndsEarly",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "abc"));
         pair.a->CloseWrite();
         std::array<std::byte, 4> into;
         EXPECT_EQ(Outcome(ReadFully(ctx, *pair.b, into)), "Closed");
       }},
      {kArea, "ADestroyedStreamThatWasClosedDeliversItsBytes",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         const size_t taken = Fill(ctx, *pair.a);
         pair.a->CloseWrite();
         pair.a = nullptr;
         EXPECT_EQ(ReadToEnd(ctx, *pair.b).size(), taken);
       }},
      {kArea, "WritingToAStreamThatWasClosedAndDestroyedFails",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->CloseWrite();
         pair.a = nullptr;
         EXPECT_EQ(WriteUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
  };
}

Cases Aborts() {
  return {
      {kArea, "AnAbortedStreamIsClosedForItsOwner",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         EXPECT_EQ(TryReadOutcome(*pair.a), "Closed");
         EXPECT_EQ(TryWriteOutcome(*pair.a), "Closed");
       }},
      {kArea, "AnAbortDropsWhatWasNotRead",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.b, "unread"));
         Must(ctx.SleepFor(milliseconds(1)));
         pair.a->Abort();
         EXPECT_EQ(TryReadOutcome(*pair.a), "Closed");
       }},
      {kArea, "ThePeerOfAnAbortReadsAReset",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "AResetIsReadAsOftenAsAsked",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         for (int i = 0; i < 3; ++i) EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "ThePeerOfAnAbortCantWrite",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         EXPECT_EQ(WriteUntilNoMore(ctx, *pair.b), "ConnectionReset");
         EXPECT_EQ(WriteUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "AResetSeenByAWriteIsSeenByTheNextReadToo",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         EXPECT_EQ(WriteUntilNoMore(ctx, *pair.b), "ConnectionReset");
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "AnAbortWakesThePeersReader",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->Abort(); });
         std::array<std::byte, 8> into;
         EXPECT_EQ(Outcome(ReadSome(ctx, *pair.b, into)), "ConnectionReset");
         gate.Close(ctx);
       }},
      {kArea, "AnAbortWakesThePeersWriter",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.b);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->Abort(); });
         EXPECT_EQ(Outcome(WriteText(ctx, *pair.b, "x")), "ConnectionReset");
         gate.Close(ctx);
       }},
      {kArea, "AnAbortCallsThePeersWhenReadable",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         bool called = false;
         pair.b->WhenReadable([&] { called = true; });
         pair.a->Abort();
         Until(ctx, [&] { return called; });
       }},
      {kArea, "AnAbortWakesItsOwnReader",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->Abort(); });
         std::array<std::byte, 8> into;
         EXPECT_EQ(Outcome(ReadSome(ctx, *pair.a, into)), "Closed");
         gate.Close(ctx);
       }},
      {kArea, "AnAbortWakesItsOwnWriter",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->Abort(); });
         EXPECT_EQ(Outcome(WriteText(ctx, *pair.a, "x")), "Closed");
         gate.Close(ctx);
       }},
      {kArea, "AnAbortCallsPendingCallbacksThroughTheRunQueue",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         int calls = 0;
         pair.a->WhenReadable([&] { ++calls; });
         pair.a->WhenWritable([&] { ++calls; });
         pair.a->Abort();
         EXPECT_EQ(calls, 0);
         Until(ctx, [&] { return calls == 2; });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(calls, 2);
       }},
      {kArea, "CallbacksAreCalledAfterAnAbort",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         int calls = 0;
         pair.a->WhenReadable([&] { ++calls; });
         pair.a->WhenWritable([&] { ++calls; });
         EXPECT_EQ(calls, 0);
         Until(ctx, [&] { return calls == 2; });
       }},
      {kArea, "AbortTwiceIsLikeOnce",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         pair.a->Abort();
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "BothEndsMayAbort",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         pair.b->Abort();
         EXPECT_EQ(TryReadOutcome(*pair.a), "Closed");
         EXPECT_EQ(TryReadOutcome(*pair.b), "Closed");
       }},
      {kArea, "AnAbortAfterCloseWriteResets",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         pair.a->CloseWrite();
         pair.a->Abort();
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "CloseWriteAfterAnAbortDoesNothing",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->Abort();
         pair.a->CloseWrite();
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "AnAbortLeavesOtherStreamsAlone",
       [](Context& ctx, Env& env) {
         const StreamPair one = MakeStreamPair(ctx, env);
         const StreamPair other = MakeStreamPair(ctx, env);
         one.a->Abort();
         Must(WriteText(ctx, *other.a, "alive"));
         EXPECT_EQ(ReadText(ctx, *other.b, 5), "alive");
       }},
      {kArea, "ADestroyedStreamResetsItsPeer",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         pair.a = nullptr;
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.b), "ConnectionReset");
       }},
      {kArea, "ReadFullyPassesAResetOn",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Gate gate;
         Later(ctx, gate, [&] { pair.a->Abort(); });
         std::array<std::byte, 8> into;
         EXPECT_EQ(Outcome(ReadFully(ctx, *pair.b, into)), "ConnectionReset");
         gate.Close(ctx);
       }},
      {kArea, "AStreamBrokenBeforeItIsAcceptedSaysSo",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         a->Abort();
         Context quick = ctx.WithTimeout(milliseconds(3));
         const auto b = listener->Accept(quick);  // Broken, or never there.
         if (b.has_value()) {
           EXPECT_EQ(ReadUntilNoMore(ctx, **b), "ConnectionReset");
         } else {
           EXPECT_EQ(Outcome(b), "DeadlineExceeded");
         }
       }},
  };
}

}  // namespace

Cases StreamEndCases() {
  Cases cases = HalfCloses();
  std::ranges::move(Aborts(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
