// Bytes through a stream: order, short counts, back-pressure, readiness.
#include <gmock/gmock.h>

#include <array>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

constexpr char kArea[] = "Stream";

Cases Transfers() {
  return {
      {kArea, "BytesArriveInOrder",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "first "));
         Must(WriteText(ctx, *pair.a, "second"));
         EXPECT_EQ(ReadText(ctx, *pair.b, 12), "first second");
       }},
      {kArea, "TheAcceptedEndWritesToo",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.b, "welcome"));
         EXPECT_EQ(ReadText(ctx, *pair.a, 7), "welcome");
       }},
      {kArea, "TheTwoDirectionsAreIndependent",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "ping"));
         Must(WriteText(ctx, *pair.b, "pong"));
         EXPECT_EQ(ReadText(ctx, *pair.a, 4), "pong");
         EXPECT_EQ(ReadText(ctx, *pair.b, 4), "ping");
       }},
      {kArea, "AReadNeverTakesMoreThanAsked",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "abcdef"));
         std::string got;
         for (int i = 0; i < 6; ++i) {
           std::array<std::byte, 2> into{std::byte{0}, std::byte{'!'}};
           ASSERT_EQ(Must(ReadSome(ctx, *pair.b, std::span(into).first(1))), 1U);
           EXPECT_EQ(into[1], std::byte{'!'});
           got += static_cast<char>(into[0]);
         }
         EXPECT_EQ(got, "abcdef");
       }},
      {kArea, "AReadDoesNotWaitForAFullBuffer",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "few"));
         std::array<std::byte, 1000> into;
         const size_t read = Must(ReadSome(ctx, *pair.b, into));
         EXPECT_GE(read, 1U);
         EXPECT_LE(read, 3U);
       }},
      {kArea, "ReadFullyCollectsManySmallWrites",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string text = Pattern(100);
         Gate gate;
         ctx.executor().Spawn(gate, "writes", [&](Context& own) {
           for (const char& c : text) {
             Must(WriteText(own, *pair.a, {&c, 1}));
             Must(own.Yield());
           }
         });
         std::string got(100, '\0');
         Must(ReadFully(ctx, *pair.b, std::as_writable_bytes(std::span(got))));
         EXPECT_EQ(got, text);
         gate.Close(ctx);
       }},
      {kArea, "SlicesAreWrittenOneAfterTheOther",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::array<Slice, 5> slices{AsBytes("ab"), AsBytes(""), AsBytes("c"), AsBytes(""),
                                           AsBytes("def")};
         const size_t written = Must(WriteSome(ctx, *pair.a, slices));
         EXPECT_GE(written, 1U);
         EXPECT_EQ(ReadText(ctx, *pair.b, written), std::string("abcdef").substr(0, written));
       }},
      {kArea, "EmptySlicesInFrontAreSkipped",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         std::vector<Slice> slices(300);
         slices.push_back(AsBytes("x"));
         EXPECT_EQ(Must(WriteSome(ctx, *pair.a, slices)), 1U);
         EXPECT_EQ(ReadText(ctx, *pair.b, 1), "x");
       }},
      {kArea, "ThousandsOfSlicesAreTakenInParts",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string text = Pattern(3000);
         std::vector<Slice> slices;
         for (size_t i = 0; i < text.size(); ++i) slices.push_back(AsBytes(text).subspan(i, 1));
         std::span<const Slice> left = slices;
         while (!left.empty()) left = left.subspan(Must(WriteSome(ctx, *pair.a, left)));
         EXPECT_EQ(ReadText(ctx, *pair.b, 3000), text);
       }},
      {kArea, "EightMegabytesArriveUnchanged",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string text = Pattern(8 << 20);
         Gate gate;
         ctx.executor().Spawn(gate, "writes", [&](Context& own) {
           Must(WriteText(own, *pair.a, text));
           pair.a->CloseWrite();
         });
         EXPECT_TRUE(ReadToEnd(ctx, *pair.b) == text);
         gate.Close(ctx);
       }},
      {kArea, "BothDirectionsCarryMegabytesAtOnce",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string text = Pattern(2 << 20);
         int intact = 0;
         TaskGroup group(ctx);
         for (Stream* stream : {pair.a.get(), pair.b.get()}) {
           group.Spawn("writes",
                       [&, stream](Context& own) { Must(WriteText(own, *stream, text)); });
           group.Spawn("reads", [&, stream](Context& own) {
             intact += ReadText(own, *stream, text.size()) == text;
           });
         }
         group.Wait();
         EXPECT_EQ(intact, 2);
       }},
      {kArea, "AThousandRoundTrips",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Gate gate;
         ctx.executor().Spawn(gate, "echo", [&](Context& own) {
           for (int i = 0; i < 1000; ++i) Must(WriteText(own, *pair.b, ReadText(own, *pair.b, 8)));
         });
         for (int i = 0; i < 1000; ++i) {
           const std::string text = std::to_string(10'000'000 + i);
           Must(WriteText(ctx, *pair.a, text));
           ASSERT_EQ(ReadText(ctx, *pair.a, 8), text);
         }
         gate.Close(ctx);
       }},
      {kArea, "AnAbandonedReadLosesNoBytes",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         std::array<std::byte, 8> into;
         for (int i = 0; i < 3; ++i) {
           Context quick = ctx.WithTimeout(microseconds(200));
           EXPECT_EQ(Outcome(ReadSome(quick, *pair.b, into)), "DeadlineExceeded");
         }
         Must(WriteText(ctx, *pair.a, "whole"));
         EXPECT_EQ(ReadText(ctx, *pair.b, 5), "whole");
       }},
  };
}

Cases Pressure() {
  return {
      {kArea, "TryReadSaysWhenThereIsNothing",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         std::array<std::byte, 8> into;
         EXPECT_EQ(Outcome(pair.a->TryRead(into)), "WouldBlock");
         EXPECT_EQ(Outcome(pair.b->TryRead(into)), "WouldBlock");
       }},
      {kArea, "AStreamNobodyReadsTakesNoMore",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         EXPECT_GT(Fill(ctx, *pair.a), 0U);
         const Slice slice = AsBytes("x");
         EXPECT_EQ(Outcome(pair.a->TryWrite({&slice, 1})), "WouldBlock");
       }},
      {kArea, "ReadingMakesRoomForTheWriter",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         bool writable = false;
         pair.a->WhenWritable([&] { writable = true; });
         Gate gate;
         ctx.executor().Spawn(gate, "drains", [&](Context& own) { Drain(own, *pair.b); });
         Until(ctx, [&] { return writable; });
         const Slice slice = AsBytes("x");
         EXPECT_EQ(Outcome(WriteSome(ctx, *pair.a, {&slice, 1})), "ok");
         gate.Close(ctx);
       }},
      {kArea, "WriteFullyWaitsForTheReader",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const std::string text = Pattern(32 << 20);
         bool written = false;
         Gate gate;
         ctx.executor().Spawn(gate, "writes", [&](Context& own) {
           Must(WriteText(own, *pair.a, text));
           written = true;
           pair.a->CloseWrite();
         });
         Must(ctx.SleepFor(milliseconds(3)));
         EXPECT_FALSE(written);
         EXPECT_TRUE(ReadToEnd(ctx, *pair.b) == text);
         EXPECT_TRUE(written);
         gate.Close(ctx);
       }},
      {kArea, "BackPressureInOneDirectionLeavesTheOtherOpen",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         Must(WriteText(ctx, *pair.b, "against the stream"));
         EXPECT_EQ(ReadText(ctx, *pair.a, 18), "against the stream");
       }},
      {kArea, "BackPressureOnOneStreamLeavesOthersOpen",
       [](Context& ctx, Env& env) {
         const StreamPair full = MakeStreamPair(ctx, env);
         const StreamPair other = MakeStreamPair(ctx, env);
         Fill(ctx, *full.a);
         Must(WriteText(ctx, *other.a, "free"));
         EXPECT_EQ(ReadText(ctx, *other.b, 4), "free");
       }},
      {kArea, "WhatWasTakenUnderPressureArrives",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const size_t taken = Fill(ctx, *pair.a);
         pair.a->CloseWrite();
         EXPECT_EQ(ReadToEnd(ctx, *pair.b).size(), taken);
       }},
  };
}

Cases Readiness() {
  return {
      {kArea, "WhenReadableCallsOnceBytesAreThere",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         int calls = 0;
         std::function<void()> wait;
         std::array<std::byte, 8> into;
         wait = [&] {
           pair.b->WhenReadable([&] {
             ++calls;
             if (Outcome(pair.b->TryRead(into)) == "WouldBlock") {
               --calls;
               wait();
             }
           });
         };
         wait();
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(calls, 0);
         Must(WriteText(ctx, *pair.a, "go"));
         Until(ctx, [&] { return calls == 1; });
         Must(WriteText(ctx, *pair.a, "again"));
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(calls, 1);
       }},
      {kArea, "WhenReadableNeverCallsInline",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "ab"));
         EXPECT_EQ(ReadText(ctx, *pair.b, 1), "a");
         bool called = false;
         pair.b->WhenReadable([&] { called = true; });
         EXPECT_FALSE(called);
         Until(ctx, [&] { return called; });
       }},
      {kArea, "WhenReadableCallsForBytesThatWereThereBefore",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "early"));
         Must(ctx.SleepFor(milliseconds(1)));
         bool called = false;
         pair.b->WhenReadable([&] { called = true; });
         Until(ctx, [&] { return called; });
         EXPECT_EQ(ReadText(ctx, *pair.b, 5), "early");
       }},
      {kArea, "WhenReadableCallsAgainIfNotAllWasRead",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Must(WriteText(ctx, *pair.a, "0123456789"));
         std::string got;
         std::function<void()> step = [&] {
           std::array<std::byte, 1> into;
           const Result<size_t> read = pair.b->TryRead(into);
           if (read.has_value()) got += AsText(into);
           if (got.size() < 10) pair.b->WhenReadable([&] { step(); });
         };
         pair.b->WhenReadable([&] { step(); });
         Until(ctx, [&] { return got.size() == 10; });
         EXPECT_EQ(got, "0123456789");
       }},
      {kArea, "WhenWritableCallsOnAnEmptyStream",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         bool called = false;
         pair.a->WhenWritable([&] { called = true; });
         EXPECT_FALSE(called);
         Until(ctx, [&] { return called; });
       }},
      {kArea, "WhenWritableWaitsWhileTheStreamIsFull",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         bool room = false;
         const Slice slice = AsBytes("x");
         std::function<void()> step = [&] {
           room = pair.a->TryWrite({&slice, 1}).has_value();
           if (!room) pair.a->WhenWritable([&] { step(); });
         };
         pair.a->WhenWritable([&] { step(); });
         Must(ctx.SleepFor(milliseconds(2)));
         EXPECT_FALSE(room);
         Gate gate;
         ctx.executor().Spawn(gate, "drains", [&](Context& own) { Drain(own, *pair.b); });
         Until(ctx, [&] { return room; });
         gate.Close(ctx);
       }},
      {kArea, "ANewCallbackReplacesTheOldOne",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         bool called = false;
         pair.b->WhenReadable([] { ADD_FAILURE(); });
         pair.b->WhenReadable([&] { called = true; });
         Must(WriteText(ctx, *pair.a, "x"));
         Until(ctx, [&] { return called; });
         Must(ctx.SleepFor(milliseconds(1)));
       }},
      {kArea, "ACallbackTakenBackIsNotCalled",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         pair.b->WhenReadable([] { ADD_FAILURE(); });
         pair.b->WhenReadable(nullptr);
         pair.a->WhenWritable([] { ADD_FAILURE(); });
         pair.a->WhenWritable(nullptr);
         Must(WriteText(ctx, *pair.a, "x"));
         Must(ctx.SleepFor(milliseconds(2)));
         EXPECT_EQ(ReadText(ctx, *pair.b, 1), "x");
       }},
      {kArea, "AReplacedCallbackIsDropped",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         auto owned = std::make_shared<int>(1);
         const std::weak_ptr<int> watch = owned;
         pair.b->WhenReadable([owned = std::move(owned)] {});
         EXPECT_FALSE(watch.expired());
         pair.b->WhenReadable(nullptr);
         EXPECT_TRUE(watch.expired());
       }},
      {kArea, "ReadableAndWritableAreAwaitedSideBySide",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.b);
         bool readable = false;
         bool writable = false;
         pair.b->WhenReadable([&] { readable = true; });
         pair.b->WhenWritable([&] { writable = true; });
         Must(WriteText(ctx, *pair.a, "x"));
         Until(ctx, [&] { return readable; });
         Gate gate;
         ctx.executor().Spawn(gate, "drains", [&](Context& own) { Drain(own, *pair.a); });
         Until(ctx, [&] { return writable; });
         gate.Close(ctx);
       }},
      {kArea, "ACallbackMayDestroyItsStream",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         pair.b->WhenReadable([&] { pair.b = nullptr; });
         Must(WriteText(ctx, *pair.a, "x"));
         Until(ctx, [&] { return pair.b == nullptr; });
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.a), "ConnectionReset");
       }},
      {kArea, "ACallbackMayAbortItsStream",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         bool called = false;
         pair.b->WhenReadable([&] {
           pair.b->Abort();
           called = true;
         });
         Must(WriteText(ctx, *pair.a, "x"));
         Until(ctx, [&] { return called; });
         EXPECT_EQ(ReadUntilNoMore(ctx, *pair.a), "ConnectionReset");
       }},
      {kArea, "ADestroyedStreamDoesNotCallItsReader",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         pair.b->WhenReadable([] { ADD_FAILURE(); });
         pair.b = nullptr;
         Must(ctx.SleepFor(milliseconds(2)));
       }},
      {kArea, "ADestroyedStreamDoesNotCallItsWriter",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         Fill(ctx, *pair.a);
         pair.a->WhenWritable([] { ADD_FAILURE(); });
         pair.a = nullptr;
         Must(ctx.SleepFor(milliseconds(2)));
       }},
      {kArea, "AStreamDestroyedWhenItsCallIsDueDoesNotCall",
       [](Context& ctx, Env& env) {
         StreamPair pair = MakeStreamPair(ctx, env);
         pair.a->WhenReadable([] { ADD_FAILURE(); });
         pair.a->Abort();  // The call is on the run queue now.
         pair.a = nullptr;
         Must(ctx.SleepFor(milliseconds(2)));
       }},
  };
}

}  // namespace

Cases StreamCases() {
  Cases cases = Transfers();
  std::ranges::move(Pressure(), std::back_inserter(cases));
  std::ranges::move(Readiness(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
