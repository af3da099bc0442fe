// The binary form of an address inside messages and offset message ids: 4 or 16 bytes of IP, then
// the port as 4 bytes (MSG-6). Its text form and the type itself are rmq::Endpoint.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/endpoint.h"

namespace rmq::wire {

using HostAddress = Endpoint;

constexpr size_t HostAddressSize(bool v6) {
  return v6 ? 20 : 8;
}

// Writes HostAddressSize(host.ip.v6) bytes.
inline void StoreHostAddress(std::byte* to, const HostAddress& host) {
  const size_t ip_size = host.ip.v6 ? 16 : 4;
  std::memcpy(to, host.ip.bytes.data(), ip_size);
  StoreBigEndian<uint32_t>(to + ip_size, host.port);
}

// Reads HostAddressSize(v6) bytes. False: the port is not a port.
inline bool LoadHostAddress(const std::byte* from, bool v6, HostAddress& host) {
  const size_t ip_size = v6 ? 16 : 4;
  host.ip.v6 = v6;
  std::memcpy(host.ip.bytes.data(), from, ip_size);
  const auto port = LoadBigEndian<uint32_t>(from + ip_size);
  host.port = static_cast<uint16_t>(port);
  return port <= 0xffff;
}

}  // namespace rmq::wire
