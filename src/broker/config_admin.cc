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

AdminAnswer RuntimeInfo(AdminCall& call) {
  const store::StoreStats stats = call.parts.store.Stats();
  wire::KVTable body;
  auto& t = body.table;
  t["brokerVersion"] = fmt::to_string(wire::kOurVersion);
  t["brokerVersionDesc"] = "V5_4_0";
  t["brokerActive"] = "true";
  t["commitLogMinOffset"] = fmt::to_string(stats.min_offset.value);
  t["commitLogMaxOffset"] = fmt::to_string(stats.readable_offset.value);
  t["dispatchBehindBytes"] = fmt::to_string(stats.dispatch_behind_bytes);
  t["remainHowManyDataToFlush"] = fmt::format("{} B", stats.written_offset - stats.flushed_offset);
  t["putMessageTimesTotal"] = fmt::to_string(stats.put_count);
  t["putMessageSizeTotal"] = fmt::to_string(stats.put_bytes);
  t["putMessageFailedTimes"] = fmt::to_string(stats.put_failed_count);
  return call.OkWithJson(body);
}

}  // namespace rmq::broker
