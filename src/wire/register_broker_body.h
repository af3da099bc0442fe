// RegisterBrokerBody: all topics of a broker, as it registers them with every NameServer each 30 s.
// Plain JSON, or a compressed sequence of counted texts (WIRE-16).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/topic_config.h"

namespace rmq::wire {

// What a compressed body may grow to.
inline constexpr size_t kMaxInflatedRegisterBody = 64 * 1024 * 1024;

struct RegisterBrokerBody {
  std::vector<std::string> filter_server_list;
  TopicConfigAndMappingSerializeWrapper topic_config_serialize_wrapper;
  bool operator==(const RegisterBrokerBody&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("filterServerList", filter_server_list);
    v.Field("topicConfigSerializeWrapper", topic_config_serialize_wrapper);
  }
};

// `compressed` comes from the request's header, `broker_version` from its command. Fails with
// kCorruption, or kResourceExhausted for a body that inflates beyond the limit.
Result<RegisterBrokerBody> DecodeRegisterBrokerBody(Slice body, bool compressed,
                                                    int32_t broker_version);

// The compressed form is the one of 5.0 and later. Fails only for lack of memory.
Result<std::string> EncodeRegisterBrokerBody(const RegisterBrokerBody& body, bool compressed);

}  // namespace rmq::wire
