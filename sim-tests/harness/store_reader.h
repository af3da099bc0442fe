// StoreImage is what the files of a stopped broker's store say, read by code that shares nothing
// with src/store and src/wire: an independent witness for I3, "derived state equals a rebuild from
// the CommitLog". The formats are those of spec/wire/message.md and spec/store.
// ORACLE-14, ORACLE-15.
//
// Called between two steps of the simulation, on any fiber; nothing here suspends. What can't be
// read is no error but a finding.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rmq::simtest {

// Files by path, relative to the root of the store.
using StoreFiles = std::map<std::string, std::string>;

class StoreImage {
 public:
  // `index_slots`: maxHashSlotNum, which the index files do not tell.
  StoreImage(const StoreFiles& files, uint32_t index_slots);

  // What is wrong, in words; empty if the queues and the index are exactly what the log says.
  std::vector<std::string> Findings() const;

  size_t message_count() const { return messages_.size(); }

 private:
  struct Message {
    int64_t at = 0;
    int32_t size = 0;
    std::string topic;
    int32_t queue_id = 0;
    int64_t queue_offset = 0;
    int64_t store_time = 0;
    int64_t tags_code = 0;
    bool in_queue = true;
    std::vector<int32_t> key_hashes;
  };
  struct Unit {
    int64_t at = 0;
    int32_t size = 0;
    int64_t tags_code = 0;
  };
  using Queue = std::pair<std::string, int32_t>;
  using IndexEntry = std::pair<int64_t, int32_t>;  // CommitLog offset, hash

  void ReadLog(const StoreFiles& files);
  bool ReadRecord(std::string_view file, size_t position, int64_t at, Message& message);
  void CheckNothingBehind(const std::string& path, std::string_view bytes, size_t from);
  void ReadQueueFile(const Queue& queue, int64_t first_byte, std::string_view bytes);
  void ReadIndexFile(const std::string& path, std::string_view bytes, uint32_t slots);
  void CompareQueues(std::vector<std::string>& findings) const;
  void CompareIndex(std::vector<std::string>& findings) const;

  int64_t log_begin_ = 0;
  int64_t log_end_ = 0;
  std::vector<Message> messages_;
  std::map<Queue, std::map<int64_t, Unit>> queues_;
  std::set<IndexEntry> index_;
  std::vector<std::string> unreadable_;
};

}  // namespace rmq::simtest
