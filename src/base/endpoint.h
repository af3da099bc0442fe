// Where a socket is: an IP address (v4 or v6) and a port. Names are resolved by runtime::Network.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rmq {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // v4 uses the first four
  bool v6 = false;

  static constexpr IpAddress V4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
    return IpAddress{.bytes = {a, b, c, d}};
  }
  static constexpr IpAddress Loopback() { return V4(127, 0, 0, 1); }
  static constexpr IpAddress Any() { return V4(0, 0, 0, 0); }
  // "10.0.0.1" or "fe80::1"; kInvalidArgument names the text.
  static Result<IpAddress> Parse(std::string_view text);

  size_t size() const { return v6 ? 16 : 4; }
  std::string ToString() const;
  auto operator<=>(const IpAddress&) const = default;
};

struct Endpoint {
  IpAddress ip;
  uint16_t port = 0;

  // "10.0.0.1:9876" or "[fe80::1]:9876" with a numeric address.
  static Result<Endpoint> Parse(std::string_view text);
  std::string ToString() const;
  auto operator<=>(const Endpoint&) const = default;
};

// Splits "host:port"; the host may be a name. IPv6 hosts stand in brackets.
struct HostPort {
  std::string host;
  uint16_t port = 0;
  static Result<HostPort> Parse(std::string_view text);
};

}  // namespace rmq
