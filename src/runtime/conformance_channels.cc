// Channel and Future.
#include <gmock/gmock.h>

#include "runtime/channel.h"
#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr char kArea[] = "Channel";

Cases Channels() {
  return {
      {kArea, "ValuesArriveInOrder",
       [](Context& ctx, Env&) {
         Channel<int> channel(4);
         std::vector<int> got;
         TaskGroup group(ctx);
         group.Spawn("sends", [&](Context& own) {
           for (int i = 0; i < 100; ++i) Must(channel.Send(own, i));
           channel.Close();
         });
         group.Spawn("receives", [&](Context& own) {
           for (auto v = channel.Receive(own); v.has_value(); v = channel.Receive(own)) {
             got.push_back(*v);
           }
         });
         group.Wait();
         EXPECT_EQ(got.size(), 100U);
         EXPECT_TRUE(std::ranges::is_sorted(got));
       }},
      {kArea, "AFullChannelBlocksItsSender",
       [](Context& ctx, Env&) {
         Channel<int> channel(2);
         Gate gate;
         int sent = 0;
         ctx.executor().Spawn(gate, "sends", [&](Context& own) {
           while (channel.Send(own, sent).has_value()) ++sent;
         });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(sent, 2);
         EXPECT_EQ(Must(channel.Receive(ctx)), 0);
         Until(ctx, [&] { return sent == 3; });
         gate.Close(ctx);
       }},
      {kArea, "AnEmptyChannelBlocksItsReceiver",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         Gate gate;
         Later(ctx, gate, [&] { EXPECT_EQ(Outcome(channel.TrySend(9)), "ok"); });
         EXPECT_EQ(Must(channel.Receive(ctx)), 9);
         gate.Close(ctx);
       }},
      {kArea, "TrySendSaysWhenTheChannelIsFull",
       [](Context&, Env&) {
         Channel<int> channel(1);
         EXPECT_EQ(Outcome(channel.TrySend(1)), "ok");
         EXPECT_EQ(Outcome(channel.TrySend(2)), "WouldBlock");
         EXPECT_EQ(channel.size(), 1U);
       }},
      {kArea, "TryReceiveSaysWhenTheChannelIsEmpty",
       [](Context&, Env&) {
         Channel<int> channel(1);
         EXPECT_EQ(channel.TryReceive(), std::nullopt);
         Must(channel.TrySend(5));
         EXPECT_EQ(channel.TryReceive(), 5);
       }},
      {kArea, "AClosedChannelStillGivesWhatIsInIt",
       [](Context& ctx, Env&) {
         Channel<int> channel(3);
         Must(channel.TrySend(1));
         Must(channel.TrySend(2));
         channel.Close();
         EXPECT_TRUE(channel.closed());
         EXPECT_EQ(Must(channel.Receive(ctx)), 1);
         EXPECT_EQ(Must(channel.Receive(ctx)), 2);
         EXPECT_EQ(Outcome(channel.Receive(ctx)), "Closed");
       }},
      {kArea, "AClosedChannelTakesNothing",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         channel.Close();
         EXPECT_EQ(Outcome(channel.TrySend(1)), "Closed");
         EXPECT_EQ(Outcome(channel.Send(ctx, 1)), "Closed");
       }},
      {kArea, "ClosingWakesABlockedSender",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         Must(channel.TrySend(1));
         Gate gate;
         Later(ctx, gate, [&] { channel.Close(); });
         EXPECT_EQ(Outcome(channel.Send(ctx, 2)), "Closed");
         gate.Close(ctx);
       }},
      {kArea, "ClosingWakesAllReceivers",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         int closed = 0;
         Gate gate;
         for (int i = 0; i < 5; ++i) {
           ctx.executor().Spawn(gate, "receives", [&](Context& own) {
             closed += Outcome(channel.Receive(own)) == "Closed";
           });
         }
         Must(ctx.SleepFor(milliseconds(1)));
         channel.Close();
         Until(ctx, [&] { return closed == 5; });
         gate.Close(ctx);
       }},
      {kArea, "EachValueGoesToOneReceiver",
       [](Context& ctx, Env&) {
         Channel<int> channel(2);
         std::vector<int> got;
         TaskGroup group(ctx);
         for (int i = 0; i < 3; ++i) {
           group.Spawn("receives", [&](Context& own) {
             for (auto v = channel.Receive(own); v.has_value(); v = channel.Receive(own)) {
               got.push_back(*v);
               Must(own.Yield());
             }
           });
         }
         for (int i = 0; i < 50; ++i) Must(channel.Send(ctx, i));
         channel.Close();
         group.Wait();
         std::ranges::sort(got);
         EXPECT_EQ(got.size(), 50U);
         EXPECT_EQ(std::ranges::adjacent_find(got), got.end());
       }},
      {kArea, "SeveralSendersShareAChannel",
       [](Context& ctx, Env&) {
         Channel<int> channel(2);
         std::vector<int> got;
         TaskGroup group(ctx);
         for (int i = 0; i < 3; ++i) {
           group.Spawn("sends", [&, i](Context& own) {
             for (int j = 0; j < 10; ++j) Must(channel.Send(own, i * 10 + j));
           });
         }
         while (got.size() < 30) got.push_back(Must(channel.Receive(ctx)));
         group.Wait();
         std::ranges::sort(got);
         EXPECT_EQ(std::ranges::adjacent_find(got), got.end());
         EXPECT_EQ(got.back(), 29);
       }},
      {kArea, "AReceiverThatGaveUpTakesNoValue",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(channel.Receive(quick)), "DeadlineExceeded");
         Must(channel.TrySend(7));
         EXPECT_EQ(Must(channel.Receive(ctx)), 7);
       }},
      {kArea, "ASenderThatGaveUpLeavesNoValue",
       [](Context& ctx, Env&) {
         Channel<int> channel(1);
         Must(channel.TrySend(1));
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(channel.Send(quick, 2)), "DeadlineExceeded");
         EXPECT_EQ(Must(channel.Receive(ctx)), 1);
         EXPECT_EQ(channel.TryReceive(), std::nullopt);
       }},
      {kArea, "ValuesMayBeMoveOnly",
       [](Context& ctx, Env&) {
         Channel<std::unique_ptr<int>> channel(1);
         Must(channel.Send(ctx, std::make_unique<int>(3)));
         EXPECT_EQ(*Must(channel.Receive(ctx)), 3);
       }},
  };
}

Cases Futures() {
  return {
      {kArea, "AFutureSetBeforeIsThereAtOnce",
       [](Context& ctx, Env&) {
         Future<int> future;
         EXPECT_FALSE(future.ready());
         future.Set(4);
         EXPECT_TRUE(future.ready());
         EXPECT_EQ(*Must(future.Get(ctx)), 4);
       }},
      {kArea, "AFutureSetLaterIsAwaited",
       [](Context& ctx, Env&) {
         Future<std::string> future;
         Gate gate;
         Later(ctx, gate, [&] { future.Set("late"); });
         EXPECT_EQ(*Must(future.Get(ctx)), "late");
         gate.Close(ctx);
       }},
      {kArea, "TheFirstValueOfAFutureCounts",
       [](Context& ctx, Env&) {
         Future<int> future;
         future.Set(1);
         future.Set(2);
         EXPECT_EQ(*Must(future.Get(ctx)), 1);
       }},
      {kArea, "AFutureWakesAllWhoWait",
       [](Context& ctx, Env&) {
         Future<int> future;
         std::vector<int> got;
         TaskGroup group(ctx);
         for (int i = 0; i < 4; ++i) {
           group.Spawn("gets", [&, i](Context& own) { got.push_back(i + *Must(future.Get(own))); });
         }
         Must(ctx.SleepFor(milliseconds(1)));
         future.Set(10);
         group.Wait();
         EXPECT_THAT(got, UnorderedElementsAre(10, 11, 12, 13));
       }},
      {kArea, "TheValueStaysInItsFuture",
       [](Context& ctx, Env&) {
         Future<std::string> future;
         future.Set("kept");
         EXPECT_EQ(Must(future.Get(ctx)), Must(future.Get(ctx)));
         EXPECT_EQ(*Must(future.Get(ctx)), "kept");
       }},
      {kArea, "GivingUpOnAFutureLeavesItUsable",
       [](Context& ctx, Env&) {
         Future<int> future;
         Context quick = ctx.WithTimeout(milliseconds(1));
         EXPECT_EQ(Outcome(future.Get(quick)), "DeadlineExceeded");
         future.Set(1);
         EXPECT_EQ(*Must(future.Get(ctx)), 1);
       }},
  };
}

}  // namespace

Cases ChannelCases() {
  Cases cases = Channels();
  std::ranges::move(Futures(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
