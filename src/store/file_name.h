// Names of files that are parts of one long sequence of bytes: the offset of their first byte in 20
// decimal digits (STORE-1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rmq::store {

std::string OffsetFileName(int64_t offset);
// Empty if `name` is not such a name: foreign files are left alone.
std::optional<int64_t> ParseOffsetFileName(std::string_view name);

}  // namespace rmq::store
