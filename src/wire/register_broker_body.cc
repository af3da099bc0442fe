#include "wire/register_broker_body.h"

#include <fmt/format.h>

#include "wire/compression.h"
#include "wire/json_bean.h"
#include "wire/mq_version.h"

namespace rmq::wire {
namespace {

constexpr int kBestCompression = 9;

// Takes counts and counted texts off the front.
class CountedReader {
 public:
  explicit CountedReader(std::string_view text) : left_(text) {}

  Result<size_t> ReadCount() {
    if (left_.size() < sizeof(int32_t)) return Cut();
    const auto count = LoadBigEndian<int32_t>(AsBytes(left_).data());
    left_.remove_prefix(sizeof count);
    if (count < 0) return Fail(ErrorCode::kCorruption, "register body: negative count");
    return static_cast<size_t>(count);
  }
  Result<std::string_view> ReadText() {
    RMQ_TRY(const size_t size, ReadCount());
    if (size > left_.size()) return Cut();
    const std::string_view text = left_.substr(0, size);
    left_.remove_prefix(size);
    return text;
  }

 private:
  static std::unexpected<Error> Cut() {
    return Fail(ErrorCode::kCorruption, "register body: cut off");
  }
  std::string_view left_;
};

Result<void> ReadTopics(CountedReader& reader, TopicConfigAndMappingSerializeWrapper& into) {
  RMQ_TRY(const size_t count, reader.ReadCount());
  for (size_t i = 0; i < count; ++i) {
    RMQ_TRY(const std::string_view text, reader.ReadText());
    RMQ_TRY(TopicConfig config, TopicConfigFromText(text));
    std::string name = config.topic_name;
    into.topic_config_table.insert_or_assign(std::move(name), std::move(config));
  }
  return {};
}

Result<void> ReadMappings(CountedReader& reader, TopicConfigAndMappingSerializeWrapper& into) {
  RMQ_TRY(const size_t count, reader.ReadCount());
  for (size_t i = 0; i < count; ++i) {
    RMQ_TRY(const std::string_view text, reader.ReadText());
    RMQ_TRY(TopicQueueMappingInfo info, FromJson<TopicQueueMappingInfo>(text));
    std::string topic = info.topic;
    into.topic_queue_mapping_info_map.insert_or_assign(std::move(topic), std::move(info));
  }
  return {};
}

Result<RegisterBrokerBody> DecodeInflated(std::string_view inflated, int32_t broker_version) {
  CountedReader reader(inflated);
  RegisterBrokerBody body;
  auto& wrapper = body.topic_config_serialize_wrapper;
  RMQ_TRY(const std::string_view version, reader.ReadText());
  RMQ_TRY(wrapper.data_version, FromJson<DataVersion>(version));
  RMQ_TRY(ReadTopics(reader, wrapper));
  RMQ_TRY(const std::string_view filters, reader.ReadText());
  RMQ_TRY(body.filter_server_list, FromJson<std::vector<std::string>>(filters));
  if (broker_version >= kVersion5_0_0) RMQ_TRY(ReadMappings(reader, wrapper));
  return body;
}

void AppendCount(std::string& out, size_t count) {
  AppendBigEndian(out, static_cast<int32_t>(count));
}
void AppendText(std::string& out, std::string_view text) {
  AppendCount(out, text.size());
  out += text;
}

std::string EncodeForDeflation(const RegisterBrokerBody& body) {
  const auto& wrapper = body.topic_config_serialize_wrapper;
  std::string out;
  AppendText(out, ToJson(wrapper.data_version));
  AppendCount(out, wrapper.topic_config_table.size());
  for (const auto& [name, config] : wrapper.topic_config_table) {
    AppendText(out, TopicConfigToText(config));
  }
  AppendText(out, ToJson(body.filter_server_list));
  AppendCount(out, wrapper.topic_queue_mapping_info_map.size());
  for (const auto& [topic, info] : wrapper.topic_queue_mapping_info_map) {
    AppendText(out, ToJson(info));
  }
  return out;
}

}  // namespace

Result<RegisterBrokerBody> DecodeRegisterBrokerBody(Slice body, bool compressed,
                                                    int32_t broker_version) {
  if (!compressed) return FromJson<RegisterBrokerBody>(AsText(body));
  RMQ_TRY(const std::string inflated,
          Decompress(CompressionType::kZlib, body, kMaxInflatedRegisterBody));
  return DecodeInflated(inflated, broker_version);
}

Result<std::string> EncodeRegisterBrokerBody(const RegisterBrokerBody& body, bool compressed) {
  if (!compressed) return ToJson(body);
  return Compress(CompressionType::kZlib, AsBytes(EncodeForDeflation(body)), kBestCompression);
}

}  // namespace rmq::wire
