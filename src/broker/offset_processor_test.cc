// Offsets, and messages by key and id: BROKER-20 to BROKER-25.
#include "broker/offset_processor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/broker_for_test.h"
#include "wire/message_properties.h"

namespace rmq::broker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::RemotingCommand;
using wire::RequestCode;
using wire::ResponseCode;

RemotingCommand QueueRequest(RequestCode code, std::string_view topic, int32_t queue_id) {
  return RawRequest(code, {{"topic", std::string(topic)}, {"queueId", std::to_string(queue_id)}});
}

RemotingCommand SearchRequest(int64_t timestamp, std::string_view boundary, int32_t queue = 0) {
  RemotingCommand request = QueueRequest(RequestCode::kSearchOffsetByTimestamp, "T", queue);
  request.ext_fields.Set("timestamp", timestamp);
  request.ext_fields.Set("boundaryType", boundary);
  return request;
}

RemotingCommand QueryRequest(std::string_view key, int32_t max, bool unique = false) {
  RemotingCommand request =
      RawRequest(RequestCode::kQueryMessage, {{"topic", "T"},
                                              {"key", std::string(key)},
                                              {"maxNum", std::to_string(max)},
                                              {"beginTimestamp", "0"},
                                              {"endTimestamp", "9223372036854775807"}});
  if (unique) request.ext_fields.Set("_UNIQUE_KEY_QUERY", "true");
  return request;
}

std::string Property(std::string_view name, std::string_view value) {
  std::string text;
  wire::AppendProperty(text, name, value);
  return text;
}

// BROKER-20: as long as nothing of the queue is gone, a new group may begin at 0.
SIM_TEST(Offsets, OfANewGroupAreZeroOrUnknown) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 0);
  EXPECT_EQ(Committed(client, broker, "G", "none", 7), 0);
  const RemotingCommand asked =
      client.Ask(broker, CommittedRequest("G", "T", 0, /*zero_if_not_found=*/false));
  EXPECT_EQ(asked.response_code(), ResponseCode::kQueryNotFound);
  EXPECT_EQ(asked.remark, "Not found, maybe this group consumer boot first");
  // Clients before 4.9.3 leave the field out and mean 0.
  RemotingCommand old = CommittedRequest("G", "T", 0);
  old.ext_fields.Remove("setZeroIfNotFound");
  EXPECT_EQ(Number(client.Ask(broker, std::move(old)), "offset"), 0);
}

// BROKER-20: 0 would be an offset that is gone: the client decides by its consumeFromWhere.
SIM_TEST(Offsets, OfANewGroupAreUnknownWhereTheBeginIsGone) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx, {{"mappedFileSizeCommitLog", "4096"}}));
  for (int i = 0; i < 10; ++i) Send(client, broker, {.body = std::string(1000, 'x')});
  ASSERT_TRUE(broker.StopAndWait(ctx));
  ASSERT_TRUE(broker.disk().RemoveFile("/store/commitlog/00000000000000000000").has_value());
  ASSERT_TRUE(broker.StartAndWait(ctx));
  EXPECT_GT(Number(client.Ask(broker, QueueRequest(RequestCode::kGetMinOffset, "T", 0)), "offset"),
            0);
  EXPECT_EQ(client.CodeOf(broker, CommittedRequest("G", "T", 0)), ResponseCode::kQueryNotFound);
}

// BROKER-21.
SIM_TEST(Offsets, AreCommittedWithinTheQueueAlone) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 0, 3)), ResponseCode::kSuccess);
  for (const int64_t offset : {int64_t{4}, int64_t{-1}, INT64_MAX, INT64_MIN}) {
    const RemotingCommand answer = client.Ask(broker, CommitRequest("G", "T", 0, offset));
    EXPECT_EQ(answer.response_code(), ResponseCode::kSystemError);
    EXPECT_EQ(answer.remark, fmt::format("offset {} of T queue 0 is outside of 0 to 3", offset));
  }
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 3);
  // Back is allowed: operators and consumers reset.
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 0, 1)), ResponseCode::kSuccess);
  EXPECT_EQ(Committed(client, broker, "G", "T", 0), 1);
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "none", 0, 0)), ResponseCode::kTopicNotExist);
}

// BROKER-21: a client that makes up queues would fill the broker's memory with their offsets.
SIM_TEST(Offsets, AreNotCommittedForQueuesThatDoNotExist) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  client.Ask(broker, CreateTopicRequest("T", 4));
  EXPECT_EQ(Send(client, broker, {.queue_id = 3}), 0);
  for (const int32_t queue : {-1, 4, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", queue, 0)), ResponseCode::kSystemError);
  }
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 2, 0)), ResponseCode::kSuccess);
  // One that the topic has had still holds messages to consume.
  client.Ask(broker, CreateTopicRequest("T", 1));
  EXPECT_EQ(client.CodeOf(broker, CommitRequest("G", "T", 3, 1)), ResponseCode::kSuccess);
}

// BROKER-22.
SIM_TEST(Offsets, OfQueuesAreTheirBounds) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) Send(client, broker, {});
  const auto ask = [&](RequestCode code, std::string_view topic, int32_t queue) {
    return Number(client.Ask(broker, QueueRequest(code, topic, queue)), "offset");
  };
  EXPECT_EQ(ask(RequestCode::kGetMaxOffset, "T", 0), 3);
  EXPECT_EQ(ask(RequestCode::kGetMinOffset, "T", 0), 0);
  for (const auto code : {RequestCode::kGetMaxOffset, RequestCode::kGetMinOffset}) {
    EXPECT_EQ(ask(code, "none", 0), 0);
    EXPECT_EQ(ask(code, "T", -1), 0);
    EXPECT_EQ(ask(code, "T", INT32_MAX), 0);
  }
}

// BROKER-23.
SIM_TEST(Offsets, AreFoundByTime) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (int i = 0; i < 3; ++i) {
    Send(client, broker, {});
    ctx.SleepFor(seconds(1)).value();
  }
  const int64_t first = Number(
      client.Ask(broker, QueueRequest(RequestCode::kGetEarliestMsgStoreTime, "T", 0)), "timestamp");
  EXPECT_GT(first, 1'000'000'000'000);
  const auto at = [&](int64_t time, std::string_view boundary) {
    return Number(client.Ask(broker, SearchRequest(time, boundary)), "offset");
  };
  EXPECT_EQ(at(first, "LOWER"), 0);
  EXPECT_EQ(at(first + 500, "LOWER"), 1);
  EXPECT_EQ(at(first + 500, "UPPER"), 0);
  EXPECT_EQ(at(INT64_MAX, "LOWER"), 3);
  EXPECT_EQ(at(INT64_MAX, "UPPER"), 2);
  EXPECT_EQ(at(INT64_MIN, "LOWER"), 0);
  EXPECT_EQ(client.CodeOf(broker, SearchRequest(0, "LOWER", -5)), ResponseCode::kSuccess);
  for (const int32_t queue : {1, -1, INT32_MAX}) {
    EXPECT_EQ(
        Number(client.Ask(broker, QueueRequest(RequestCode::kGetEarliestMsgStoreTime, "T", queue)),
               "timestamp"),
        -1);
  }
}

// BROKER-24.
SIM_TEST(Query, FindsMessagesByKey) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  for (const auto* body : {"1", "2", "3"}) {
    Send(client, broker,
         {.body = body, .properties = Property("KEYS", "order") + Property("UNIQ_KEY", "u")});
  }
  const RemotingCommand found = client.Ask(broker, QueryRequest("order", 2));
  EXPECT_EQ(found.response_code(), ResponseCode::kSuccess);
  EXPECT_THAT(BodiesOf(found), ElementsAre("2", "3"));
  EXPECT_GT(Number(found, "indexLastUpdateTimestamp"), 0);
  EXPECT_GT(Number(found, "indexLastUpdatePhyoffset"), 0);
  // A unique key names one message and its retries: the limit is the broker's.
  EXPECT_THAT(BodiesOf(client.Ask(broker, QueryRequest("u", 1, /*unique=*/true))),
              ElementsAre("1", "2", "3"));
  for (const int32_t max : {0, -1, INT32_MIN}) {
    EXPECT_EQ(client.CodeOf(broker, QueryRequest("order", max)), ResponseCode::kQueryNotFound);
  }
  EXPECT_THAT(BodiesOf(client.Ask(broker, QueryRequest("order", INT32_MAX))),
              ElementsAre("1", "2", "3"));
  const RemotingCommand none = client.Ask(broker, QueryRequest("other", 32));
  EXPECT_EQ(none.response_code(), ResponseCode::kQueryNotFound);
  EXPECT_EQ(none.remark, "can not find message, maybe time range not correct");
}

// BROKER-25.
SIM_TEST(Query, FindsAMessageByItsOffset) {
  TestBroker broker(sim);
  TestClient client(ctx, sim);
  ASSERT_TRUE(broker.StartAndWait(ctx));
  Send(client, broker, {});
  const auto view = [&](int64_t offset) {
    return client.Ask(
        broker, RawRequest(RequestCode::kViewMessageById, {{"offset", std::to_string(offset)}}));
  };
  EXPECT_THAT(BodiesOf(view(0)), ElementsAre("hello"));
  for (const int64_t offset : {int64_t{1}, int64_t{-1}, int64_t{1'000'000}, INT64_MAX, INT64_MIN}) {
    const RemotingCommand answer = view(offset);
    EXPECT_EQ(answer.response_code(), ResponseCode::kSystemError);
    EXPECT_THAT(answer.remark, HasSubstr("can not find message by the offset"));
  }
}

}  // namespace
}  // namespace rmq::broker
