#include "base/endpoint.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

namespace rmq {
namespace {

template <typename T>
std::optional<T> ParseNumber(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<IpAddress> ParseV4(std::string_view text) {
  IpAddress ip;
  for (size_t i = 0; i < 4; ++i) {
    const size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto number = ParseNumber<uint8_t>(text.substr(0, dot));
    if (!number) return std::nullopt;
    ip.bytes[i] = *number;
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return ip;
}

// Appends the 16-bit groups of one side of "::".
bool ParseGroups(std::string_view text, std::vector<uint16_t>& groups) {
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (part.find('.') != std::string_view::npos && colon == std::string_view::npos) {
      const auto v4 = ParseV4(part);
      if (!v4) return false;
      groups.push_back(static_cast<uint16_t>(v4->bytes[0] << 8 | v4->bytes[1]));
      groups.push_back(static_cast<uint16_t>(v4->bytes[2] << 8 | v4->bytes[3]));
      return groups.size() <= 8;
    }
    const auto group = part.size() <= 4 ? ParseNumber<uint16_t>(part, 16) : std::nullopt;
    if (!group || groups.size() == 8) return false;
    groups.push_back(*group);
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

std::optional<IpAddress> ParseV6(std::string_view text) {
  std::vector<uint16_t> left;
  std::vector<uint16_t> right;
  const size_t gap = text.find("::");
  if (!ParseGroups(text.substr(0, gap), left)) return std::nullopt;
  if (gap != std::string_view::npos) {
    if (!ParseGroups(text.substr(gap + 2), right)) return std::nullopt;
    if (left.size() + right.size() > 7) return std::nullopt;
  } else if (left.size() != 8) {
    return std::nullopt;
  }
  left.resize(8 - right.size());
  left.insert(left.end(), right.begin(), right.end());
  IpAddress ip;
  ip.v6 = true;
  for (size_t i = 0; i < 8; ++i) {
    ip.bytes[2 * i] = static_cast<uint8_t>(left[i] >> 8);
    ip.bytes[2 * i + 1] = static_cast<uint8_t>(left[i] & 0xff);
  }
  return ip;
}

}  // namespace

Result<IpAddress> IpAddress::Parse(std::string_view text) {
  const auto ip = text.find(':') == std::string_view::npos ? ParseV4(text) : ParseV6(text);
  if (!ip) return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not an IP address", text));
  return *ip;
}

std::string IpAddress::ToString() const {
  if (!v6) return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  std::string text;
  for (size_t i = 0; i < 16; i += 2) {
    fmt::format_to(std::back_inserter(text), "{}{:x}", i == 0 ? "" : ":",
                   bytes[i] << 8 | bytes[i + 1]);
  }
  return text;
}

Result<HostPort> HostPort::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto bad = [&] {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("'{}' is not host:port", text));
  };
  if (colon == std::string_view::npos || colon == 0) return bad();
  const auto port = ParseNumber<uint16_t>(text.substr(colon + 1));
  if (!port) return bad();
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  if (host.empty()) return bad();
  return HostPort{std::string(host), *port};
}

Result<Endpoint> Endpoint::Parse(std::string_view text) {
  RMQ_TRY(const HostPort parts, HostPort::Parse(text));
  RMQ_TRY(const IpAddress ip, IpAddress::Parse(parts.host));
  return Endpoint{ip, parts.port};
}

std::string Endpoint::ToString() const {
  return ip.v6 ? fmt::format("[{}]:{}", ip.ToString(), port)
               : fmt::format("{}:{}", ip.ToString(), port);
}

}  // namespace rmq
