// Version numbers as peers send them: ordinals of Apache RocketMQ's MQVersion, where every release
// is preceded by its snapshot. Those from which behaviour differs, and our own. Rule WIRE-10.
#pragma once

#include <cstdint>
#include <string>

namespace rmq::wire {

inline constexpr int32_t kVersion3_0_11 = 37;  // from here: REGISTER_BROKER carries a body
inline constexpr int32_t kVersion4_9_3 = 399;  // up to here: signatures skip _UNIQUE_KEY_QUERY
inline constexpr int32_t kVersion4_9_4 = 401;  // from here: route data as standard JSON
inline constexpr int32_t kVersion5_0_0 = 413;  // from here: compressed registration has mappings
inline constexpr int32_t kVersion5_3_1 = 475;  // above: the peer understands GO_AWAY
inline constexpr int32_t kVersion5_4_0 = 493;
inline constexpr int32_t kHigherVersion = 612;

// What we say we are.
inline constexpr int32_t kOurVersion = kVersion5_4_0;

// "V5_4_0", "V4_9_4_SNAPSHOT", …; "HIGHER_VERSION" beyond the table, "UNKNOWN" below 0.
std::string MqVersionName(int32_t version);

}  // namespace rmq::wire
