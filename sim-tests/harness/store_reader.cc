#include "harness/store_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <optional>

namespace rmq::simtest {
namespace {

constexpr uint32_t kMagicVersion1 = 0xdaa320a7;
constexpr uint32_t kMagicVersion2 = 0xdaa320ab;
constexpr uint32_t kMagicBlank = 0xcbd43194;
constexpr size_t kUnitSize = 20;
constexpr int32_t kHoleSize = 0x7fffffff;
constexpr std::string_view kScheduleTopic = "SCHEDULE_TOPIC_XXXX";

uint64_t BigEndian(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}
int64_t Int64(std::string_view bytes, size_t at) {
  return static_cast<int64_t>(BigEndian(bytes, at, 8));
}
int32_t Int32(std::string_view bytes, size_t at) {
  return static_cast<int32_t>(BigEndian(bytes, at, 4));
}

// Bit by bit would cost more than the rest of a run.
uint32_t Crc32(std::string_view bytes) {
  static constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t rest = i;
      for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xedb88320 : 0);
      table[i] = rest;
    }
    return table;
  }();
  uint32_t crc = ~uint32_t{0};
  for (const char c : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

// Java's, of ASCII: the simulator's tags and keys are nothing else.
int32_t JavaHash(std::string_view text) {
  uint32_t hash = 0;
  for (const char c : text) hash = 31 * hash + static_cast<uint8_t>(c);
  return static_cast<int32_t>(hash);
}
int32_t KeyHash(const std::string& topic, std::string_view key) {
  const int32_t hash = JavaHash(topic + "#" + std::string(key));
  return hash == std::numeric_limits<int32_t>::min() ? 0 : std::abs(hash);
}

// "name 0x01 value 0x02 …"; of several the last one counts.
std::string_view Property(std::string_view properties, std::string_view name) {
  std::string_view value;
  while (!properties.empty()) {
    const std::string_view pair = properties.substr(0, properties.find('\x02'));
    const size_t middle = pair.find('\x01');
    if (middle != std::string_view::npos && pair.substr(0, middle) == name) {
      value = pair.substr(middle + 1);
    }
    properties.remove_prefix(std::min(properties.size(), pair.size() + 1));
  }
  return value;
}

// "consumequeue/topic/3/00000000000000000000"
std::vector<std::string> Split(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '/') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace

StoreImage::StoreImage(const StoreFiles& files, uint32_t index_slots) {
  ReadLog(files);
  for (const auto& [path, bytes] : files) {
    const std::vector<std::string> parts = Split(path);
    if (parts.size() == 4 && parts[0] == "consumequeue") {
      ReadQueueFile({parts[1], std::atoi(parts[2].c_str())}, std::atoll(parts[3].c_str()), bytes);
    } else if (parts.size() == 2 && parts[0] == "index") {
      ReadIndexFile(path, bytes, index_slots);
    }
  }
}

// Up to the first bytes that are neither a record nor a blank (STORE-60).
void StoreImage::ReadLog(const StoreFiles& files) {
  bool ended = false;
  bool first = true;
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with("commitlog/")) continue;
    const int64_t begin = std::atoll(path.c_str() + std::string_view("commitlog/").size());
    if (std::exchange(first, false)) log_begin_ = log_end_ = begin;
    if (!ended && begin != log_end_) {
      unreadable_.push_back(
          fmt::format("{} does not follow a file that ends at {}", path, log_end_));
    }
    size_t position = 0;
    while (!ended) {
      const size_t left = bytes.size() - position;
      if (left >= 8 && BigEndian(bytes, position + 4, 4) == kMagicBlank &&
          BigEndian(bytes, position, 4) == left) {
        log_end_ = begin + static_cast<int64_t>(bytes.size());
        break;
      }
      Message message;
      ended = !ReadRecord(bytes, position, begin + static_cast<int64_t>(position), message);
      if (ended) break;
      position += static_cast<size_t>(message.size);
      log_end_ = begin + static_cast<int64_t>(position);
      messages_.push_back(std::move(message));
    }
    if (ended) CheckNothingBehind(path, bytes, position);
  }
}

// STORE-6: what lies behind the end would count again when the log has grown up to it.
void StoreImage::CheckNothingBehind(const std::string& path, std::string_view bytes, size_t from) {
  const size_t found = bytes.find_first_not_of('\0', from);
  if (found == std::string_view::npos) return;
  unreadable_.push_back(fmt::format("{}: no record at {}, but something at {}", path, from, found));
}

bool StoreImage::ReadRecord(std::string_view file, size_t position, int64_t at, Message& message) {
  const size_t left = file.size() - position;
  if (left < 91) return false;
  const uint64_t size = BigEndian(file, position, 4);
  const uint64_t magic = BigEndian(file, position + 4, 4);
  if ((magic != kMagicVersion1 && magic != kMagicVersion2) || size < 91 || size > left)
    return false;
  const std::string_view record = file.substr(position, size);
  const int32_t sys_flag = Int32(record, 36);
  const size_t store_time_at = 48 + ((sys_flag & 0x10) != 0 ? 20 : 8);
  const size_t body_at = store_time_at + 8 + ((sys_flag & 0x20) != 0 ? 20 : 8) + 12;
  const size_t topic_length_size = magic == kMagicVersion1 ? 1 : 2;
  if (body_at + 4 > size) return false;
  const size_t body_size = BigEndian(record, body_at, 4);
  const size_t topic_at = body_at + 4 + body_size + topic_length_size;
  if (topic_at > size) return false;
  const size_t topic_size = BigEndian(record, topic_at - topic_length_size, topic_length_size);
  const size_t properties_at = topic_at + topic_size + 2;
  if (properties_at > size) return false;
  if (properties_at + BigEndian(record, properties_at - 2, 2) != size) return false;
  const std::string_view body = record.substr(body_at + 4, body_size);
  if (!body.empty() && (Crc32(body) & 0x7fffffff) != BigEndian(record, 8, 4)) return false;
  if (Int64(record, 28) != at) return false;

  const std::string_view properties = record.substr(properties_at);
  const int32_t transaction = sys_flag & 0xc;
  message = {.at = at,
             .size = static_cast<int32_t>(size),
             .topic = std::string(record.substr(topic_at, topic_size)),
             .queue_id = Int32(record, 12),
             .queue_offset = Int64(record, 20),
             .store_time = Int64(record, store_time_at),
             .tags_code = JavaHash(Property(properties, "TAGS")),
             .in_queue = transaction == 0 || transaction == 8};
  if (transaction == 0xc) return true;
  std::string keys = std::string(Property(properties, "UNIQ_KEY")) + " ";
  keys += Property(properties, "KEYS");
  for (size_t begin = 0; begin < keys.size();) {
    const size_t end = std::min(keys.find(' ', begin), keys.size());
    const std::string key = keys.substr(begin, end - begin);
    if (!key.empty()) message.key_hashes.push_back(KeyHash(message.topic, key));
    begin = end + 1;
  }
  return true;
}

void StoreImage::ReadQueueFile(const Queue& queue, int64_t first_byte, std::string_view bytes) {
  bool ended = false;
  for (size_t at = 0; at + kUnitSize <= bytes.size(); at += kUnitSize) {
    const Unit unit{
        .at = Int64(bytes, at), .size = Int32(bytes, at + 8), .tags_code = Int64(bytes, at + 12)};
    if (ended) {  // STORE-24
      if (unit.at == 0 && unit.size == 0 && unit.tags_code == 0) continue;
      unreadable_.push_back(fmt::format("queue {}/{}: a unit behind the last one, at byte {}",
                                        queue.first, queue.second, first_byte + int64_t(at)));
      return;
    }
    ended = unit.at < 0 || unit.size <= 0;
    if (ended || unit.size == kHoleSize) continue;
    queues_[queue][(first_byte + static_cast<int64_t>(at)) / int64_t{kUnitSize}] = unit;
  }
}

// Only entries that a search would find count: those that are in the chain of their slot.
void StoreImage::ReadIndexFile(const std::string& path, std::string_view bytes, uint32_t slots) {
  constexpr size_t kHeaderSize = 40;
  const size_t entries_at = kHeaderSize + size_t{4} * slots;
  if (bytes.size() < entries_at) return unreadable_.push_back(path + " is too short");
  const uint64_t next_entry = BigEndian(bytes, 36, 4);
  if (entries_at + next_entry * 20 > bytes.size()) {
    return unreadable_.push_back(fmt::format("{} counts {} entries", path, next_entry));
  }
  for (uint32_t slot = 0; slot < slots; ++slot) {
    uint64_t entry = BigEndian(bytes, kHeaderSize + size_t{4} * slot, 4);
    while (entry != 0 && entry < next_entry) {
      const size_t at = entries_at + entry * 20;
      const int32_t hash = Int32(bytes, at);
      const uint64_t older = BigEndian(bytes, at + 16, 4);
      if (static_cast<uint32_t>(hash) % slots != slot || older >= entry) {
        return unreadable_.push_back(fmt::format("{}: entry {} in slot {}", path, entry, slot));
      }
      index_.insert({Int64(bytes, at + 4), hash});
      entry = older;
    }
  }
}

std::vector<std::string> StoreImage::Findings() const {
  std::vector<std::string> findings = unreadable_;
  CompareQueues(findings);
  CompareIndex(findings);
  return findings;
}

void StoreImage::CompareQueues(std::vector<std::string>& findings) const {
  std::map<Queue, std::map<int64_t, const Message*>> rebuilt;
  for (const Message& message : messages_) {
    if (!message.in_queue) continue;
    const auto [place, is_new] =
        rebuilt[{message.topic, message.queue_id}].emplace(message.queue_offset, &message);
    if (!is_new) {
      findings.push_back(fmt::format("the log has two messages for {}/{} offset {}: at {} and {}",
                                     message.topic, message.queue_id, message.queue_offset,
                                     place->second->at, message.at));
    }
  }
  for (const auto& [queue, messages] : rebuilt) {
    const auto units = queues_.find(queue);
    for (const auto& [offset, message] : messages) {
      if (units == queues_.end() || !units->second.contains(offset)) {
        findings.push_back(fmt::format("{}/{} offset {} has no unit for the message at {}",
                                       queue.first, queue.second, offset, message->at));
        continue;
      }
      const Unit& unit = units->second.at(offset);
      // STORE-21: the time of delivery, which depends on the levels.
      const bool tags = queue.first == kScheduleTopic ? unit.tags_code >= message->store_time
                                                      : unit.tags_code == message->tags_code;
      if (unit.at == message->at && unit.size == message->size && tags) continue;
      findings.push_back(fmt::format("{}/{} offset {} is ({}, {}, {}), the message ({}, {}, {})",
                                     queue.first, queue.second, offset, unit.at, unit.size,
                                     unit.tags_code, message->at, message->size,
                                     message->tags_code));
    }
  }
  for (const auto& [queue, units] : queues_) {
    const auto messages = rebuilt.find(queue);
    for (const auto& [offset, unit] : units) {
      if (unit.at < log_begin_) continue;  // Its message has expired.
      if (messages != rebuilt.end() && messages->second.contains(offset)) continue;
      findings.push_back(fmt::format("{}/{} offset {} points to {}, where no such message is",
                                     queue.first, queue.second, offset, unit.at));
    }
  }
}

void StoreImage::CompareIndex(std::vector<std::string>& findings) const {
  std::set<IndexEntry> rebuilt;
  for (const Message& message : messages_) {
    for (const int32_t hash : message.key_hashes) rebuilt.insert({message.at, hash});
  }
  for (const auto& [at, hash] : rebuilt) {
    if (index_.contains({at, hash})) continue;
    findings.push_back(fmt::format("the index does not find the message at {} by {}", at, hash));
  }
  for (const auto& [at, hash] : index_) {
    if (at < log_begin_ || rebuilt.contains({at, hash})) continue;
    findings.push_back(fmt::format("the index finds {} by {}, which is no key there", at, hash));
  }
}

}  // namespace rmq::simtest
