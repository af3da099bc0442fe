#include "namesrv/kv_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sim_test.h"

namespace rmq::namesrv {
namespace {

using testing::AnyOf;

constexpr const char* kPath = "/data/namesrv/kvConfig.json";

std::string Reloaded(Context& ctx, sim::Simulation& sim) {
  KvConfig kv(sim.files(), kPath);
  kv.Load(ctx).value();
  return kv.Get("ns", "k").value_or("nothing");
}

SIM_TEST(KvConfig, IsEmptyWithoutAFile) {
  KvConfig kv(sim.files(), kPath);
  EXPECT_TRUE(kv.Load(ctx).has_value());
  EXPECT_EQ(kv.Get("ns", "k"), std::nullopt);
  EXPECT_EQ(kv.FindNamespace("ns"), nullptr);
  EXPECT_TRUE(kv.Delete(ctx, "ns", "k").has_value());
}

SIM_TEST(KvConfig, ReadsTheFileOfApache) {
  sim.disk().WriteFile(kPath, R"({"configTable":{"ORDER_TOPIC_CONFIG":{"T":"broker-a:4"}}})");
  KvConfig kv(sim.files(), kPath);
  kv.Load(ctx).value();
  EXPECT_EQ(kv.Get("ORDER_TOPIC_CONFIG", "T"), "broker-a:4");
}

SIM_TEST(KvConfig, NamesTheFileThatItCannotRead) {
  sim.disk().WriteFile(kPath, "{\"configTable\":");
  KvConfig kv(sim.files(), kPath);
  const Result<void> loaded = kv.Load(ctx);
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(loaded.error().message(), testing::HasSubstr(kPath));
}

// NS-18. Fails the first disk operation of Put, then the second, and so on until it gets through:
// readers go on seeing the old text, the file holds one of the two, and the next Put works.
SIM_TEST(KvConfig, ATextThatCouldNotBeStoredIsNotThere) {
  int failures = 0;
  for (uint64_t nth = 1;; ++nth) {
    sim.EmptyDisk();
    KvConfig kv(sim.files(), kPath);
    kv.Put(ctx, "ns", "k", "old").value();
    sim.disk().FailNthOperation(nth);
    if (kv.Put(ctx, "ns", "k", "new").has_value()) break;
    ++failures;
    EXPECT_EQ(kv.Get("ns", "k"), "old");
    EXPECT_THAT(Reloaded(ctx, sim), AnyOf("old", "new"));
    kv.Put(ctx, "ns", "k", "newer").value();
    EXPECT_EQ(Reloaded(ctx, sim), "newer");
  }
  EXPECT_GE(failures, 5);  // Open, write, sync, rename, sync.
}

SIM_TEST(KvConfig, ChangesQueueUp) {
  KvConfig kv(sim.files(), kPath);
  runtime::TaskGroup group(ctx);
  for (int i = 0; i < 10; ++i) {
    group.Spawn("put", [&, i](Context& put) { kv.Put(put, "ns", std::to_string(i), "v").value(); });
  }
  group.Wait();
  KvConfig again(sim.files(), kPath);
  again.Load(ctx).value();
  EXPECT_EQ(again.FindNamespace("ns")->size(), 10U);
}

}  // namespace
}  // namespace rmq::namesrv
