#include "remoting/outbound_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>

namespace rmq::remoting {
namespace {

void AppendText(OutboundQueue& queue, std::string_view text) {
  queue.Tail().append(text);
  queue.Appended(text.size());
}

TEST(OutboundQueue, GathersManySmallPiecesInOneSlice) {
  OutboundQueue queue;
  for (int i = 0; i < 100; ++i) {
    AppendText(queue, "head");
    queue.Append(Bytes::Copy("body"));
  }
  std::array<Slice, 4> slices;
  EXPECT_EQ(queue.Gather(slices), 1U);
  EXPECT_EQ(slices[0].size(), 800U);
}

TEST(OutboundQueue, DoesNotCopyALargePiece) {
  const Bytes large = Bytes::Copy(std::string(100'000, 'x'));
  OutboundQueue queue;
  AppendText(queue, "head");
  queue.Append(large);
  std::array<Slice, 4> slices;
  ASSERT_EQ(queue.Gather(slices), 2U);
  EXPECT_EQ(slices[1].data(), large.data());
}

RC_GTEST_PROP(OutboundQueueProperty, GivesTheBytesBackInOrder,
              (const std::vector<uint16_t>& sizes, const std::vector<uint16_t>& drops)) {
  OutboundQueue queue;
  std::string expected;
  std::string got;
  size_t drop = 0;
  const auto take = [&](size_t most) {
    std::array<Slice, 3> slices;
    const size_t count = queue.Gather(slices);
    std::string front;
    for (size_t i = 0; i < count; ++i) front += AsText(slices[i]);
    RC_ASSERT(!front.empty());
    front.resize(std::min(front.size(), most + 1));
    queue.Drop(front.size());
    got += front;
  };
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::string text(sizes[i] % 3000, static_cast<char>('a' + i % 26));
    expected += text;
    if (i % 2 == 0) {
      AppendText(queue, text);
    } else {
      queue.Append(Bytes::Copy(text));
    }
    if (!queue.empty() && drop < drops.size()) take(drops[drop++]);
  }
  while (!queue.empty()) take(1'000'000);
  RC_ASSERT(got == expected);
}

}  // namespace
}  // namespace rmq::remoting
