// The properties of a message: `name 0x01 value 0x02 name 0x01 value 0x02 …`.
//
// PropertiesView reads them where they lie, without allocating; the broker's hot paths use it.
// Properties is an ordered list for whoever changes them. Nothing here fails on hostile text: what
// is no pair is skipped, as every client does (MSG-20 to MSG-24).
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rmq::wire {

inline constexpr char kNameValueSeparator = 0x01;
inline constexpr char kPropertySeparator = 0x02;
// Between the keys in the value of KEYS.
inline constexpr char kKeySeparator = ' ';
// Between the queues in the values of INNER_MULTI_DISPATCH and INNER_MULTI_QUEUE_OFFSET.
inline constexpr char kMultiDispatchSeparator = ',';

// Names.
inline constexpr std::string_view kPropertyKeys = "KEYS";
inline constexpr std::string_view kPropertyTags = "TAGS";
inline constexpr std::string_view kPropertyWaitStoreMsgOk = "WAIT";
inline constexpr std::string_view kPropertyDelayTimeLevel = "DELAY";
inline constexpr std::string_view kPropertyRetryTopic = "RETRY_TOPIC";
inline constexpr std::string_view kPropertyRealTopic = "REAL_TOPIC";
inline constexpr std::string_view kPropertyRealQueueId = "REAL_QID";
inline constexpr std::string_view kPropertyTransactionPrepared = "TRAN_MSG";
inline constexpr std::string_view kPropertyProducerGroup = "PGROUP";
inline constexpr std::string_view kPropertyMinOffset = "MIN_OFFSET";
inline constexpr std::string_view kPropertyMaxOffset = "MAX_OFFSET";
inline constexpr std::string_view kPropertyBuyerId = "BUYER_ID";
inline constexpr std::string_view kPropertyOriginMessageId = "ORIGIN_MESSAGE_ID";
inline constexpr std::string_view kPropertyTransferFlag = "TRANSFER_FLAG";
inline constexpr std::string_view kPropertyCorrectionFlag = "CORRECTION_FLAG";
inline constexpr std::string_view kPropertyMq2Flag = "MQ2_FLAG";
inline constexpr std::string_view kPropertyReconsumeTime = "RECONSUME_TIME";
inline constexpr std::string_view kPropertyMsgRegion = "MSG_REGION";
inline constexpr std::string_view kPropertyTraceSwitch = "TRACE_ON";
inline constexpr std::string_view kPropertyUniqKey = "UNIQ_KEY";
inline constexpr std::string_view kPropertyExtendUniqInfo = "EXTEND_UNIQ_INFO";
inline constexpr std::string_view kPropertyMaxReconsumeTimes = "MAX_RECONSUME_TIMES";
inline constexpr std::string_view kPropertyConsumeStartTime = "CONSUME_START_TIME";
inline constexpr std::string_view kPropertyInnerNum = "INNER_NUM";
inline constexpr std::string_view kPropertyInnerBase = "INNER_BASE";
inline constexpr std::string_view kPropertyDupInfo = "DUP_INFO";
inline constexpr std::string_view kPropertyCheckImmunityTimeInSeconds =
    "CHECK_IMMUNITY_TIME_IN_SECONDS";
inline constexpr std::string_view kPropertyTransactionPreparedQueueOffset =
    "TRAN_PREPARED_QUEUE_OFFSET";
inline constexpr std::string_view kPropertyTransactionId = "__transactionId__";
inline constexpr std::string_view kPropertyTransactionCheckTimes = "TRANSACTION_CHECK_TIMES";
inline constexpr std::string_view kPropertyInstanceId = "INSTANCE_ID";
inline constexpr std::string_view kPropertyCorrelationId = "CORRELATION_ID";
inline constexpr std::string_view kPropertyReplyToClient = "REPLY_TO_CLIENT";
inline constexpr std::string_view kPropertyTtl = "TTL";
inline constexpr std::string_view kPropertyReplyArriveTime = "ARRIVE_TIME";
inline constexpr std::string_view kPropertyPushReplyTime = "PUSH_REPLY_TIME";
inline constexpr std::string_view kPropertyCluster = "CLUSTER";
inline constexpr std::string_view kPropertyMessageType = "MSG_TYPE";
inline constexpr std::string_view kPropertyPopCk = "POP_CK";
inline constexpr std::string_view kPropertyPopCkOffset = "POP_CK_OFFSET";
inline constexpr std::string_view kPropertyFirstPopTime = "1ST_POP_TIME";
inline constexpr std::string_view kPropertyShardingKey = "__SHARDINGKEY";
inline constexpr std::string_view kPropertyForwardQueueId = "PROPERTY_FORWARD_QUEUE_ID";
inline constexpr std::string_view kPropertyRedirect = "REDIRECT";
inline constexpr std::string_view kPropertyInnerMultiDispatch = "INNER_MULTI_DISPATCH";
inline constexpr std::string_view kPropertyInnerMultiQueueOffset = "INNER_MULTI_QUEUE_OFFSET";
inline constexpr std::string_view kPropertyTraceContext = "TRACE_CONTEXT";
inline constexpr std::string_view kPropertyTimerDelaySec = "TIMER_DELAY_SEC";
inline constexpr std::string_view kPropertyTimerDelayMs = "TIMER_DELAY_MS";
inline constexpr std::string_view kPropertyTimerDeliverMs = "TIMER_DELIVER_MS";
inline constexpr std::string_view kPropertyTimerEnqueueMs = "TIMER_ENQUEUE_MS";
inline constexpr std::string_view kPropertyTimerDequeueMs = "TIMER_DEQUEUE_MS";
inline constexpr std::string_view kPropertyTimerRollTimes = "TIMER_ROLL_TIMES";
inline constexpr std::string_view kPropertyTimerOutMs = "TIMER_OUT_MS";
inline constexpr std::string_view kPropertyTimerDelUniqKey = "TIMER_DEL_UNIQKEY";
inline constexpr std::string_view kPropertyTimerDelayLevel = "TIMER_DELAY_LEVEL";
inline constexpr std::string_view kPropertyBornHost = "__BORNHOST";
inline constexpr std::string_view kPropertyBornTimestamp = "BORN_TIMESTAMP";
inline constexpr std::string_view kPropertyCrc32 = "__CRC32#";
inline constexpr std::string_view kPropertyDlqOriginTopic = "DLQ_ORIGIN_TOPIC";
inline constexpr std::string_view kPropertyDlqOriginMessageId = "DLQ_ORIGIN_MESSAGE_ID";
// Properties with this prefix are not stored (MSG-24).
inline constexpr std::string_view kTransientPropertyPrefix = "__RMQ.TRANSIENT.";
inline bool IsTransientProperty(std::string_view name) {
  return name.starts_with(kTransientPropertyPrefix);
}

struct Property {
  std::string_view name;
  std::string_view value;
  bool operator==(const Property&) const = default;
};

// The pairs of a properties text, in its order; the text must outlive the view.
//
//   for (const auto [name, value] : PropertiesView(message.properties)) …
class PropertiesView {
 public:
  explicit PropertiesView(std::string_view text) : text_(text) {}

  class Iterator {
   public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(std::string_view rest) : rest_(rest) { Advance(); }
    const Property& operator*() const { return property_; }
    const Property* operator->() const { return &property_; }
    Iterator& operator++() {
      Advance();
      return *this;
    }
    void operator++(int) { Advance(); }
    bool operator==(std::default_sentinel_t) const { return property_.name.empty(); }

   private:
    void Advance();

    std::string_view rest_;
    Property property_;  // an empty name: at the end
  };

  Iterator begin() const { return Iterator(text_); }
  std::default_sentinel_t end() const { return {}; }

  // The value under `name`; of several, the last (MSG-22). Reads the whole text.
  std::optional<std::string_view> Find(std::string_view name) const;

 private:
  std::string_view text_;
};

// A list of properties with distinct names, in the order in which they were first set.
class Properties {
 public:
  struct Entry {
    std::string name;
    std::string value;
    bool operator==(const Entry&) const = default;
  };

  Properties() = default;
  static Properties Parse(std::string_view text);

  // Replaces the value in place, or appends. A pair without name or value would be lost by every
  // reader (MSG-21), so it removes instead. Neither separator is escaped: what comes from a user
  // passes CheckUserProperty first.
  void Set(std::string_view name, std::string_view value);
  // False: there was none.
  bool Remove(std::string_view name);
  std::optional<std::string_view> Find(std::string_view name) const;

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

  // With a separator after the last pair too.
  std::string ToString() const;

  bool operator==(const Properties&) const = default;

 private:
  std::vector<Entry> entries_;
};

// Appends one pair to a properties text whose last pair may lack its separator.
void AppendProperty(std::string& text, std::string_view name, std::string_view value);

// Names that the system uses and users may not set (MSG-23).
bool IsReservedProperty(std::string_view name);

// kInvalidArgument, in the words of the Java client: the name is reserved, one of the two is blank,
// or (the Java client lets this pass) a separator would turn them into other properties.
Result<void> CheckUserProperty(std::string_view name, std::string_view value);

}  // namespace rmq::wire
