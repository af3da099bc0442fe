// Listening, connecting, names.
#include <gmock/gmock.h>

#include <array>
#include <set>

#include "runtime/conformance_tools.h"

namespace rmq::runtime::conformance {
namespace {

constexpr char kArea[] = "Listener";

// A port of `env.address` on which nobody listens.
Endpoint FreeEndpoint(Context& ctx, Env& env) {
  return MakeListener(ctx, env)->local();
}

Cases Listening() {
  return {
      {kArea, "PortZeroPicksAFreePort",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         EXPECT_NE(listener->local().port, 0);
         EXPECT_EQ(listener->local().ip, env.address);
       }},
      {kArea, "PortZeroPicksDifferentPorts",
       [](Context& ctx, Env& env) {
         const auto a = MakeListener(ctx, env);
         const auto b = MakeListener(ctx, env);
         EXPECT_NE(a->local().port, b->local().port);
       }},
      {kArea, "AGivenPortIsTaken",
       [](Context& ctx, Env& env) {
         const Endpoint at = FreeEndpoint(ctx, env);
         const auto listener = Must(env.runtime.network().Listen(ctx, at));
         EXPECT_EQ(listener->local(), at);
       }},
      {kArea, "ATakenPortIsRefused",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         const auto second = env.runtime.network().Listen(ctx, listener->local());
         ASSERT_EQ(Outcome(second), "AlreadyExists");
         EXPECT_THAT(second.error().message(), testing::HasSubstr(listener->local().ToString()));
       }},
      {kArea, "ATakenPortStaysTakenForItsFirstOwner",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         (void)env.runtime.network().Listen(ctx, listener->local());
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         EXPECT_EQ(Outcome(listener->Accept(ctx)), "ok");
       }},
      {kArea, "APortIsFreeOnceItsListenerIsGone",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const Endpoint at = listener->local();
         listener = nullptr;
         EXPECT_EQ(Outcome(env.runtime.network().Listen(ctx, at)), "ok");
       }},
      {kArea, "APortIsFreeAlthoughItsStreamsLive",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const Endpoint at = listener->local();
         const auto a = Must(env.runtime.network().Connect(ctx, at));
         const auto b = Must(listener->Accept(ctx));
         listener = nullptr;
         EXPECT_EQ(Outcome(env.runtime.network().Listen(ctx, at)), "ok");
       }},
      {kArea, "APortIsFreeAfterStreamsWereClosedByTheServerFirst",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const Endpoint at = listener->local();
         {
           const auto a = Must(env.runtime.network().Connect(ctx, at));
           const auto b = Must(listener->Accept(ctx));
           b->CloseWrite();
           EXPECT_EQ(ReadToEnd(ctx, *a), "");
           a->CloseWrite();
           EXPECT_EQ(ReadToEnd(ctx, *b), "");
         }
         listener = nullptr;
         EXPECT_EQ(Outcome(env.runtime.network().Listen(ctx, at)), "ok");
       }},
      {kArea, "AListenerAtAnyAddressIsReachedByTheLocalOne",
       [](Context& ctx, Env& env) {
         Network& network = env.runtime.network();
         const auto listener = Must(network.Listen(ctx, {IpAddress::Any(), 0}));
         const Endpoint to{network.LocalAddress(), listener->local().port};
         const auto a = Must(network.Connect(ctx, to));
         const auto b = Must(listener->Accept(ctx));
         EXPECT_EQ(a->peer(), to);
         EXPECT_EQ(b->local(), to);
       }},
      {kArea, "AcceptWaitsForAConnection",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         Gate gate;
         std::unique_ptr<Stream> accepted;
         ctx.executor().Spawn(gate, "accepts",
                              [&](Context& own) { accepted = Must(listener->Accept(own)); });
         Must(ctx.SleepFor(milliseconds(1)));
         EXPECT_EQ(accepted, nullptr);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         Until(ctx, [&] { return accepted != nullptr; });
         gate.Close(ctx);
       }},
      {kArea, "StreamsAreAcceptedInTheOrderOfTheirConnects",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         std::vector<std::unique_ptr<Stream>> connected;
         for (int i = 0; i < 20; ++i) {
           connected.push_back(Must(env.runtime.network().Connect(ctx, listener->local())));
         }
         for (const auto& each : connected) {
           EXPECT_EQ(Must(listener->Accept(ctx))->peer(), each->local());
         }
       }},
      {kArea, "AcceptedStreamsOutliveTheirListener",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         const auto b = Must(listener->Accept(ctx));
         listener = nullptr;
         Must(WriteText(ctx, *a, "still here"));
         EXPECT_EQ(ReadText(ctx, *b, 10), "still here");
       }},
      {kArea, "AnAbandonedAcceptLosesNoConnection",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         for (int i = 0; i < 3; ++i) {
           Context quick = ctx.WithTimeout(microseconds(200));
           EXPECT_EQ(Outcome(listener->Accept(quick)), "DeadlineExceeded");
         }
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         EXPECT_EQ(Must(listener->Accept(ctx))->peer(), a->local());
       }},
      {kArea, "TwoHundredConnectionsAtOnce",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         int served = 0;
         Gate gate;
         ctx.executor().Spawn(gate, "accepts", [&](Context& own) {
           while (true) {
             Result<std::unique_ptr<Stream>> stream = listener->Accept(own);
             if (!stream.has_value()) return;
             own.executor().Spawn(gate, "serves", [stream = *std::move(stream)](Context& c) {
               const std::string got = ReadText(c, *stream, 4);
               (void)WriteText(c, *stream, got);
               stream->CloseWrite();
               (void)ReadUntilNoMore(c, *stream);
             });
           }
         });
         TaskGroup clients(ctx);
         for (int i = 0; i < 200; ++i) {
           clients.Spawn("client", [&, i](Context& own) {
             const auto stream = Must(env.runtime.network().Connect(own, listener->local()));
             const std::string text = std::to_string(1000 + i);
             Must(WriteText(own, *stream, text));
             served += ReadText(own, *stream, 4) == text;
             stream->CloseWrite();
           });
         }
         clients.Wait();
         EXPECT_EQ(served, 200);
         gate.Close(ctx);
       }},
  };
}

Cases Connecting() {
  return {
      {kArea, "ConnectingToNobodyIsRefused",
       [](Context& ctx, Env& env) {
         const Endpoint at = FreeEndpoint(ctx, env);
         const auto stream = env.runtime.network().Connect(ctx, at);
         ASSERT_EQ(Outcome(stream), "ConnectionRefused");
         EXPECT_THAT(stream.error().message(), testing::HasSubstr(at.ToString()));
       }},
      {kArea, "ConnectingNeverMeetsItself",
       [](Context& ctx, Env& env) {
         const Endpoint at = FreeEndpoint(ctx, env);
         for (int i = 0; i < 200; ++i) {
           EXPECT_EQ(Outcome(env.runtime.network().Connect(ctx, at)), "ConnectionRefused");
         }
       }},
      {kArea, "ADestroyedListenerRefuses",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const Endpoint at = listener->local();
         EXPECT_EQ(Outcome(env.runtime.network().Connect(ctx, at)), "ok");
         listener = nullptr;
         EXPECT_EQ(Outcome(env.runtime.network().Connect(ctx, at)), "ConnectionRefused");
       }},
      {kArea, "ADestroyedListenerBreaksWhatItNeverAccepted",
       [](Context& ctx, Env& env) {
         auto listener = MakeListener(ctx, env);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         listener = nullptr;
         EXPECT_EQ(ReadUntilNoMore(ctx, *a), "ConnectionReset");
       }},
      {kArea, "AStreamTakesBytesBeforeItIsAccepted",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         Must(WriteText(ctx, *a, "early"));
         const auto b = Must(listener->Accept(ctx));
         EXPECT_EQ(ReadText(ctx, *b, 5), "early");
       }},
      {kArea, "BothEndsAgreeOnTheirEndpoints",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         const auto a = Must(env.runtime.network().Connect(ctx, listener->local()));
         const auto b = Must(listener->Accept(ctx));
         EXPECT_EQ(a->peer(), listener->local());
         EXPECT_EQ(a->local(), b->peer());
         EXPECT_EQ(b->local(), listener->local());
       }},
      {kArea, "EachConnectionHasItsOwnLocalPort",
       [](Context& ctx, Env& env) {
         const auto listener = MakeListener(ctx, env);
         std::set<Endpoint> locals;
         std::vector<std::unique_ptr<Stream>> connected;
         for (int i = 0; i < 20; ++i) {
           connected.push_back(Must(env.runtime.network().Connect(ctx, listener->local())));
           locals.insert(connected.back()->local());
         }
         EXPECT_EQ(locals.size(), 20U);
       }},
      {kArea, "EndpointsAreKnownAfterAbort",
       [](Context& ctx, Env& env) {
         const StreamPair pair = MakeStreamPair(ctx, env);
         const Endpoint local = pair.a->local();
         const Endpoint peer = pair.a->peer();
         pair.a->Abort();
         EXPECT_EQ(pair.a->local(), local);
         EXPECT_EQ(pair.a->peer(), peer);
       }},
  };
}

Cases Resolving() {
  return {
      {kArea, "ANumericAddressResolvesToItself",
       [](Context& ctx, Env& env) {
         EXPECT_THAT(Must(env.runtime.network().Resolve(ctx, "10.1.2.3")),
                     testing::ElementsAre(IpAddress::V4(10, 1, 2, 3)));
       }},
      {kArea, "ANumericV6AddressResolvesToItself",
       [](Context& ctx, Env& env) {
         EXPECT_THAT(Must(env.runtime.network().Resolve(ctx, "fe80::1")),
                     testing::ElementsAre(Must(IpAddress::Parse("fe80::1"))));
       }},
      {kArea, "AnUnknownNameIsNotFound",
       [](Context& ctx, Env& env) {
         const auto found = env.runtime.network().Resolve(ctx, "no-such-host.invalid");
         EXPECT_THAT(Outcome(found), testing::AnyOf("NotFound", "Unavailable"));
       }},
      {kArea, "LookUpsCanBeMadeSideBySide",
       [](Context& ctx, Env& env) {
         int ended = 0;
         TaskGroup group(ctx);
         for (int i = 0; i < 10; ++i) {
           group.Spawn("resolves", [&](Context& own) {
             EXPECT_FALSE(env.runtime.network().Resolve(own, "no-such-host.invalid").has_value());
             ++ended;
           });
         }
         group.Wait();
         EXPECT_EQ(ended, 10);
       }},
      {kArea, "TheLocalAddressIsAnAddress",
       [](Context&, Env& env) {
         const IpAddress local = env.runtime.network().LocalAddress();
         EXPECT_NE(local, IpAddress::Any());
         EXPECT_EQ(local, env.runtime.network().LocalAddress());
       }},
  };
}

}  // namespace

Cases ListenerCases() {
  Cases cases = Listening();
  std::ranges::move(Connecting(), std::back_inserter(cases));
  std::ranges::move(Resolving(), std::back_inserter(cases));
  return cases;
}

}  // namespace rmq::runtime::conformance
