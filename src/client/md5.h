// MD5 (RFC 1321), for the hash ring that Java clients use. Not for secrets.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace rmq::client {

std::array<std::byte, 16> Md5(std::string_view text);

}  // namespace rmq::client
