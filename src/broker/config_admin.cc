#include "broker/config_admin.h"

#include <fmt/format.h>

#include "wire/admin_headers.h"
#include "wire/data_version.h"
#include "wire/mq_version.h"
#include "wire/properties_text.h"
#include "wire/route_data.h"

namespace rmq::broker {

using wire::ResponseCode;

AdminAnswer ReadConfigText(AdminCall& call) {
  wire::RemotingCommand response = call.Ok();
  response.body = Bytes::Copy(call.parts.schema.Text());
  wire::EncodeHeader(wire::GetBrokerConfigResponseHeader{.version = wire::ToJson(
                                                             call.parts.topics.data_version())},
                     response.ext_fields);
  return response;
}

// BROKER-40: either all keys are taken or none; black-listed ones are refused (CVE-2023-33246).
AdminAnswer UpdateConfig(AdminCall& call) {
  RMQ_TRY(const auto properties, wire::ParseProperties(call.request.body.text()));
  const std::string black_list =
      fmt::format(";{};rocketmqHome;", call.parts.config.config_black_list);
  for (const auto& property : properties) {
    if (black_list.find(fmt::format(";{};", property.key)) != std::string::npos) {
      return call.Refuse(ResponseCode::kNoPermission,
                         fmt::format("Can not update config in black list: {}", property.key));
    }
    const Result<void> valid = call.parts.schema.Check(property.key, property.value);
    if (!valid.has_value() && valid.error().code() == ErrorCode::kInvalidArgument) {
      return call.Refuse(ResponseCode::kInvalidParameter, valid.error().message());
    }
  }
  for (const auto& property : properties) {
    (void)call.parts.schema.Update(property.key, property.value);
  }
  call.parts.store.SetFlushMode(call.parts.config.sync_flush() ? store::FlushMode::kSyncFlush
                                                               : store::FlushMode::kAsyncFlush);
  return call.Ok();
}

namespace {

std::string Percent(uint64_t used, uint64_t total) {
  return fmt::format("{:.6f}",
                     total == 0 ? 0 : static_cast<double>(used) / static_cast<double>(total));
}

std::string Gigabytes(uint64_t bytes) {
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1 << 30));
}

void DescribeDisk(const AdminCall& call, const runtime::DiskSpace& space,
                  std::map<std::string, std::string>& t) {
  const std::string ratio = Percent(space.total_bytes - space.available_bytes, space.total_bytes);
  t["commitLogDiskRatio"] = ratio;
  t["consumeQueueDiskRatio"] = ratio;
  t[fmt::format("commitLogDiskRatio_{}/commitlog", call.parts.config.store_root)] = ratio;
  t["commitLogDirCapacity"] = fmt::format("Total : {}, Free : {}.", Gigabytes(space.total_bytes),
                                          Gigabytes(space.available_bytes));
}

// Requests wait in no queue here but for the store: these are its size and the bounds as
// configured.
void DescribeQueues(const AdminCall& call, std::map<std::string, std::string>& t) {
  for (const std::string_view pool : {"pull", "litePull", "query", "ack"}) {
    t[fmt::format("{}ThreadPoolQueueSize", pool)] = "0";
    t[fmt::format("{}ThreadPoolQueueHeadWaitTimeMills", pool)] = "0";
  }
  t["EndTransactionQueueSize"] = "0";
  t["sendThreadPoolQueueCapacity"] = fmt::to_string(call.parts.config.send_queue_capacity);
  for (const auto& [shown, key] :
       {std::pair{"pullThreadPoolQueueCapacity", "pullThreadPoolQueueCapacity"},
        std::pair{"litePullThreadPoolQueueCapacity", "litePullThreadPoolQueueCapacity"},
        std::pair{"queryThreadPoolQueueCapacity", "queryThreadPoolQueueCapacity"},
        std::pair{"ackThreadPoolQueueCapacity", "ackThreadPoolQueueCapacity"},
        std::pair{"EndTransactionThreadPoolQueueCapacity", "endTransactionPoolQueueCapacity"}}) {
    const wire::ConfigKey* found = call.parts.schema.Find(key);
    t[shown] = found == nullptr ? "0" : found->text;
  }
}

void DescribeStore(const store::StoreStats& stats, std::map<std::string, std::string>& t) {
  t["commitLogMinOffset"] = fmt::to_string(stats.min_offset.value);
  t["commitLogMaxOffset"] = fmt::to_string(stats.readable_offset.value);
  t["dispatchBehindBytes"] = fmt::to_string(stats.dispatch_behind_bytes);
  t["dispatchMaxBuffer"] = "0";
  // Java's word for "there is no transient store pool".
  t["remainTransientStoreBufferNumbs"] = "2147483647";
  t["remainHowManyDataToFlush"] = fmt::format("{} B", stats.written_offset - stats.flushed_offset);
  t["putMessageTimesTotal"] = fmt::to_string(stats.put_count);
  t["putMessageSizeTotal"] = fmt::to_string(stats.put_bytes);
  t["putMessageFailedTimes"] = fmt::to_string(stats.put_failed_count);
  t["putMessageAverageSize"] = fmt::format(
      "{:.2f}", stats.put_count == 0
                    ? 0
                    : static_cast<double>(stats.put_bytes) / static_cast<double>(stats.put_count));
  t["getMessageEntireTimeMax"] = "0";
}

// Timer messages are not accepted, so none waits.
void DescribeTimers(std::map<std::string, std::string>& t) {
  for (const char* key : {"timerReadBehind", "timerOffsetBehind", "timerCongestNum"}) t[key] = "0";
  for (const char* key : {"timerEnqueueTps", "timerDequeueTps"}) t[key] = "0.0";
}

}  // namespace

AdminAnswer RuntimeInfo(AdminCall& call) {
  const store::StoreStats stats = call.parts.store.Stats();
  wire::KVTable body;
  auto& t = body.table;
  t["brokerVersion"] = fmt::to_string(wire::kOurVersion);
  t["brokerVersionDesc"] = "V5_4_0";
  t["brokerActive"] = "true";
  t["startAcceptSendRequestTimeStamp"] = "0";
  RMQ_TRY(const runtime::DiskSpace space, call.parts.store.Space(call.ctx));
  DescribeDisk(call, space, t);
  const auto earliest = call.parts.store.EarliestStoreTime(call.ctx);
  t["earliestMessageTimeStamp"] = fmt::to_string(earliest.has_value() ? earliest->ms : -1);
  DescribeStore(stats, t);
  DescribeQueues(call, t);
  DescribeTimers(t);
  call.parts.stats.Describe(stats, call.ctx.Now(), t);
  return call.OkWithJson(body);
}

}  // namespace rmq::broker
