#include "wire/send_headers.h"

namespace rmq::wire {
namespace {

struct Names {
  std::string_view header;
  std::string_view producer_group, topic, default_topic, default_topic_queue_nums, queue_id,
      sys_flag, born_timestamp, flag, properties, reconsume_times, unit_mode, max_reconsume_times,
      batch, broker_name;
};

constexpr Names kLong = {"SendMessageRequestHeader",
                         "producerGroup",
                         "topic",
                         "defaultTopic",
                         "defaultTopicQueueNums",
                         "queueId",
                         "sysFlag",
                         "bornTimestamp",
                         "flag",
                         "properties",
                         "reconsumeTimes",
                         "unitMode",
                         "maxReconsumeTimes",
                         "batch",
                         "bname"};
constexpr Names kShort = {"SendMessageRequestHeaderV2",
                          "a",
                          "b",
                          "c",
                          "d",
                          "e",
                          "f",
                          "g",
                          "h",
                          "i",
                          "j",
                          "k",
                          "l",
                          "m",
                          "n"};

template <typename V>
void VisitFields(V& v, const Names& names, SendMessageRequestHeader& header) {
  v.Required(names.producer_group, header.producer_group);
  v.Required(names.topic, header.topic);
  v.Optional(names.default_topic, header.default_topic);
  v.Required(names.default_topic_queue_nums, header.default_topic_queue_nums);
  v.Required(names.queue_id, header.queue_id);
  v.Required(names.sys_flag, header.sys_flag);
  v.Required(names.born_timestamp, header.born_timestamp);
  v.Required(names.flag, header.flag);
  v.Optional(names.properties, header.properties);
  v.Optional(names.reconsume_times, header.reconsume_times);
  v.Optional(names.unit_mode, header.unit_mode);
  v.Optional(names.max_reconsume_times, header.max_reconsume_times);
  v.Optional(names.batch, header.batch);
  v.Optional(names.broker_name, header.broker_name);
}

const Names& NamesFor(RequestCode code) {
  const bool is_long = code == RequestCode::kSendMessage || code == RequestCode::kSendReplyMessage;
  return is_long ? kLong : kShort;
}

}  // namespace

Result<SendMessageRequestHeader> DecodeSendMessageHeader(const RemotingCommand& command) {
  const Names& names = NamesFor(command.request_code());
  SendMessageRequestHeader header;
  HeaderReader reader(command.ext_fields);
  VisitFields(reader, names, header);
  if (!reader.ok()) return Fail(reader.TakeError(names.header));
  return header;
}

void EncodeSendMessageHeader(const SendMessageRequestHeader& header, ExtFields& out) {
  HeaderWriter writer(out);
  VisitFields(writer, kShort, const_cast<SendMessageRequestHeader&>(header));
}

}  // namespace rmq::wire
