// Java's String.hashCode() of UTF-8 text, and the two numbers RocketMQ derives from it. They are
// part of the ConsumeQueue's and the IndexFile's format, and clients compute the same ones, so they
// follow Java to the bit (MSG-40 to MSG-42). Pure functions; they do not fail: malformed UTF-8
// counts as U+FFFD where Java's decoder would put one.
#pragma once

#include <cstdint>
#include <string_view>

namespace rmq::wire {

int32_t JavaStringHash(std::string_view utf8);

// The tags code of a message or of one tag of a subscription; 0 when there is no tag.
int64_t TagsCode(std::string_view tag);

// The non-negative hash of an IndexFile key such as "topic#key".
uint32_t IndexKeyHash(std::string_view key);
// The same for `topic` + '#' + `key`, without joining them.
uint32_t IndexKeyHash(std::string_view topic, std::string_view key);

}  // namespace rmq::wire
