#include "client/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/message.h"
#include "wire/message_batch.h"
#include "wire/message_sys_flag.h"

namespace rmq::client {
namespace {

using testing::SizeIs;

std::string Record(const wire::MessageToStore& message) {
  std::string record(wire::StoredMessageSize(message), '\0');
  wire::EncodeStoredMessage(message, std::as_writable_bytes(std::span(record)));
  return record;
}

TEST(DecodeMessages, ReadsAllThatIsStored) {
  std::string properties;
  wire::AppendProperty(properties, wire::kPropertyUniqKey, "ID");
  wire::AppendProperty(properties, wire::kPropertyTags, "tag");
  const std::string records =
      Record({.topic = "orders",
              .body = AsBytes("first"),
              .properties = properties,
              .queue_id = 3,
              .flag = 4,
              .reconsume_times = 2,
              .queue_offset = QueueOffset{7},
              .physical_offset = CommitLogOffset{256},
              .born_time = WallTime{1000},
              .store_time = WallTime{2000},
              .store_host = {.ip = IpAddress::V4(10, 0, 0, 1), .port = 10911}}) +
      Record({.topic = "orders", .body = AsBytes("second")});

  const auto messages = DecodeMessages(AsBytes(records), "broker-a");

  ASSERT_TRUE(messages.has_value()) << messages.error().ToString();
  ASSERT_THAT(*messages, SizeIs(2));
  const MessageExt& first = *messages->front();
  EXPECT_EQ(first.body.text(), "first");
  EXPECT_EQ(first.msg_id, "ID");
  EXPECT_EQ(first.tags(), "tag");
  EXPECT_EQ(first.queue, (MessageQueue{"orders", "broker-a", 3}));
  EXPECT_EQ(first.queue_offset, QueueOffset{7});
  EXPECT_EQ(first.commit_log_offset, CommitLogOffset{256});
  EXPECT_EQ(first.offset_msg_id, "0A00000100002A9F0000000000000100");
  EXPECT_EQ(first.flag, 4);
  EXPECT_EQ(first.reconsume_times, 2);
  EXPECT_EQ(first.born_time, WallTime{1000});
  EXPECT_EQ(first.store_time, WallTime{2000});
  EXPECT_EQ((*messages)[1]->msg_id, (*messages)[1]->offset_msg_id);
}

TEST(DecodeMessages, TakesAnInnerBatchApart) {
  std::string own;
  wire::AppendProperty(own, wire::kPropertyUniqKey, "TWO");
  const std::vector<wire::BatchRecord> parts = {
      {.flag = 1, .body = AsBytes("one"), .properties = {}},
      {.flag = 2, .body = AsBytes("two"), .properties = own}};
  const Bytes batch = wire::EncodeBatch(parts).value();
  std::string properties;
  wire::AppendProperty(properties, wire::kPropertyInnerNum, "2");
  wire::AppendProperty(properties, wire::kPropertyInnerBase, "40");
  const std::string record = Record({.topic = "orders",
                                     .body = batch.view(),
                                     .properties = properties,
                                     .sys_flag = wire::kInnerBatchFlag | wire::kNeedUnwrapFlag,
                                     .queue_offset = QueueOffset{40}});

  const auto messages = DecodeMessages(AsBytes(record), "broker-a");

  ASSERT_TRUE(messages.has_value()) << messages.error().ToString();
  ASSERT_THAT(*messages, SizeIs(2));
  EXPECT_EQ((*messages)[0]->body.text(), "one");
  EXPECT_EQ((*messages)[0]->queue_offset, QueueOffset{40});
  EXPECT_EQ((*messages)[1]->body.text(), "two");
  EXPECT_EQ((*messages)[1]->queue_offset, QueueOffset{41});
  EXPECT_EQ((*messages)[1]->flag, 2);
  EXPECT_EQ((*messages)[1]->msg_id, "TWO");
}

TEST(DecodeMessages, RefusesWhatIsCutOff) {
  const std::string record = Record({.topic = "orders", .body = AsBytes("body")});
  for (size_t size = 1; size < record.size(); ++size) {
    const auto messages = DecodeMessages(AsBytes(record).first(size), "broker-a");
    EXPECT_EQ(messages.error().code(), ErrorCode::kCorruption) << size;
  }
  EXPECT_THAT(*DecodeMessages({}, "broker-a"), SizeIs(0));
}

}  // namespace
}  // namespace rmq::client
