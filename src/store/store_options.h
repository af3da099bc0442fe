// What a store can be told. The broker fills it from broker.conf: the comment behind a field names
// Apache's key for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace rmq::store {

// When a message counts as stored, and so when it is answered and becomes readable.
enum class FlushMode : uint8_t {
  kAsyncFlush,  // written to the page cache: survives a crash of the process
  kSyncFlush,   // synced: survives a power cut
};

struct StoreOptions {
  // --- where and how large; part of the format of an existing store ---
  std::string root;                                 // storePathRootDir
  std::string commit_log_path;                      // storePathCommitLog; root/commitlog
  int64_t commit_log_file_size = int64_t{1} << 30;  // mappedFileSizeCommitLog
  int32_t consume_queue_file_units = 300'000;       // mappedFileSizeConsumeQueue / 20
  uint32_t index_slot_count = 5'000'000;            // maxHashSlotNum
  uint32_t index_entry_count = 20'000'000;          // maxIndexNum
  bool index_enabled = true;                        // messageIndexEnable

  // --- promises ---
  FlushMode flush_disk_type = FlushMode::kAsyncFlush;  // flushDiskType
  milliseconds flush_interval{500};                    // flushIntervalCommitLog
  milliseconds sync_flush_timeout{5000};               // syncFlushTimeout
  milliseconds consume_queue_flush_interval{1000};     // flushIntervalConsumeQueue
  milliseconds checkpoint_interval{60'000};            // flushConsumeQueueThoroughInterval

  // A checkpoint also follows so much new log: it bounds the time of a recovery.
  int64_t checkpoint_bytes = int64_t{1} << 30;
  // Writes wait when so much is not synced.
  int64_t max_unsynced_bytes = int64_t{256} << 20;

  // --- limits ---
  int32_t max_message_size = 4 << 20;                // maxMessageSize; of the body
  int32_t max_query_count = 64;                      // maxMsgsNumBatch
  int32_t max_filter_bytes = 16'000;                 // maxFilterMessageSize, of units
  int32_t max_transfer_bytes_in_memory = 256 << 10;  // maxTransferBytesOnMessageInMemory
  int32_t max_transfer_count_in_memory = 32;         // maxTransferCountOnMessageInMemory
  int32_t max_transfer_bytes_in_disk = 64 << 10;     // maxTransferBytesOnMessageInDisk
  int32_t max_transfer_count_in_disk = 8;            // maxTransferCountOnMessageInDisk

  // The disk's limits hold for messages further than this from the end of the log: the others are
  // taken to be in the page cache. Java: accessMessageInMemoryMaxRatio, 40 % of the memory.
  int64_t memory_window = int64_t{4} << 30;

  // --- memory ---
  int64_t hot_tail_size = 64 << 20;   // of the newest log kept in memory, allocated as used
  size_t hot_segment_size = 1 << 20;  // of one allocation of it
  size_t max_write_bytes = 4 << 20;   // of the messages of one gather write
  size_t max_open_queue_files = 512;  // ConsumeQueue files held open

  // --- recovery ---
  bool check_crc_on_recover = true;        // checkCRCOnRecover
  bool append_property_crc = false;        // enabledAppendPropCRC
  bool force_verify_property_crc = false;  // forceVerifyPropCRC
  // A clean exit of a store with at least so many queues leaves a snapshot of their state.
  size_t queue_snapshot_from = 1000;
  // Opens a store that has lost bytes it had promised, without them, instead of refusing.
  bool accept_data_loss = false;

  // messageDelayLevel: SCHEDULE_TOPIC_XXXX units carry the time of delivery.
  std::vector<milliseconds> delay_levels = DefaultDelayLevels();

  static std::vector<milliseconds> DefaultDelayLevels();
};

}  // namespace rmq::store
