#include "remoting/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace rmq::remoting {
namespace {

// A frame of `size` bytes with an empty header; all its bytes but the first eight are `filling`.
std::string FrameOfSize(size_t size, char filling) {
  std::string frame;
  AppendBigEndian<uint32_t>(frame, static_cast<uint32_t>(size - 4));
  AppendBigEndian<uint32_t>(frame, 0);
  frame.resize(size, filling);
  return frame;
}

std::vector<std::string> Cut(FrameReader& reader, Slice piece) {
  std::vector<std::string> frames;
  while (!piece.empty()) {
    const Result<Bytes> frame = reader.Next(piece);
    EXPECT_TRUE(frame.has_value());
    if (!frame->empty()) frames.emplace_back(frame->text());
  }
  return frames;
}

TEST(FrameReader, CutsFramesThatComeByteByByte) {
  const std::vector<std::string> frames = {FrameOfSize(8, 'a'), FrameOfSize(9, 'b'),
                                           FrameOfSize(10'000, 'c')};
  FrameReader reader;
  std::vector<std::string> cut;
  for (const std::string& frame : frames) {
    for (const char c : frame) {
      for (std::string& whole : Cut(reader, AsBytes({&c, 1}))) cut.push_back(std::move(whole));
    }
  }
  EXPECT_EQ(cut, frames);
}

RC_GTEST_PROP(FrameReaderProperty, CutsTheSameFramesHoweverTheBytesCome,
              (const std::vector<uint16_t>& sizes, const std::vector<uint16_t>& pieces)) {
  std::vector<std::string> frames;
  std::string all;
  for (size_t i = 0; i < sizes.size(); ++i) {
    frames.push_back(FrameOfSize(8 + sizes[i], static_cast<char>('a' + i % 26)));
    all += frames.back();
  }
  FrameReader reader;
  std::vector<std::string> cut;
  Slice rest = AsBytes(all);
  for (size_t i = 0; !rest.empty(); ++i) {
    const size_t piece =
        i < pieces.size() ? std::min<size_t>(pieces[i] + 1, rest.size()) : rest.size();
    for (std::string& frame : Cut(reader, rest.first(piece))) cut.push_back(std::move(frame));
    rest = rest.subspan(piece);
  }
  RC_ASSERT(cut == frames);
}

TEST(FrameReader, RefusesALengthAsSoonAsItIsThere) {
  for (const std::string_view length :
       {std::string_view("\x00\x00\x00\x03", 4), std::string_view("\xff\xff\xff\xff", 4),
        std::string_view("\x01\x00\x00\x00", 4), std::string_view("GET ", 4)}) {
    FrameReader reader;
    Slice first = AsBytes(length.substr(0, 3));
    EXPECT_TRUE(reader.Next(first).has_value());
    Slice second = AsBytes(length.substr(3));
    const Result<Bytes> refused = reader.Next(second);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code(), ErrorCode::kCorruption);
  }
}

TEST(FrameReader, RefusesAHeaderLongerThanItsFrame) {
  std::string frame = FrameOfSize(100, 'x');
  frame[7] = 97;
  FrameReader reader;
  Slice all = AsBytes(frame);
  EXPECT_FALSE(reader.Next(all).has_value());
}

// CONN-1.
TEST(FrameReader, HoldsAtMostTwiceWhatCame) {
  constexpr size_t kSize = wire::kMaxFrameSize;
  const std::string frame = FrameOfSize(kSize, 'x');
  FrameReader reader;
  size_t fed = 0;
  for (size_t step = 8; fed + step < kSize; step = step * 3 / 2) {
    EXPECT_TRUE(Cut(reader, AsBytes(frame).subspan(fed, step)).empty());
    fed += step;
    EXPECT_LE(reader.block_size(), std::max<size_t>(2 * fed, 4096));
  }
  EXPECT_GT(fed, kSize / 3);
}

TEST(FrameReader, LetsALargeFrameBeReadIntoItsOwnBlock) {
  const std::string frame = FrameOfSize(1'000'000, 'x');
  FrameReader reader;
  EXPECT_TRUE(reader.Room().empty());
  size_t fed = 60'000;
  EXPECT_TRUE(Cut(reader, AsBytes(frame).first(fed)).empty());

  Bytes whole;
  const std::byte* last_room = nullptr;
  while (whole.empty()) {
    const std::span<std::byte> room = reader.Room();
    if (room.empty()) {  // Little is missing: other frames may follow at once.
      Slice rest = AsBytes(frame).subspan(fed);
      whole = reader.Next(rest).value();
      break;
    }
    const size_t count = std::min<size_t>(room.size(), 50'000);
    std::copy_n(AsBytes(frame).begin() + static_cast<ptrdiff_t>(fed), count, room.begin());
    fed += count;
    last_room = room.data();
    whole = reader.Filled(count);
  }
  EXPECT_EQ(whole.text(), frame);
  EXPECT_GE(last_room, whole.data());
  EXPECT_LT(last_room, whole.data() + whole.size());
  EXPECT_EQ(reader.pending_bytes(), 0U);
}

}  // namespace
}  // namespace rmq::remoting
