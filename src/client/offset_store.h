// Where a consumer's offsets are kept: on the brokers for a group that shares the queues, in a
// local file for one whose members each read everything (broadcasting). One executor.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "client/client_instance.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"

namespace rmq::client {

class OffsetStore {
 public:
  virtual ~OffsetStore() = default;
  // Nothing: no offset was ever saved. An error is something else: try again later (CLIENT-46).
  virtual Result<std::optional<QueueOffset>> Load(Context& ctx, const MessageQueue& queue) = 0;
  // Saves what has changed since the last time, or was saved a while ago; an offset never goes back
  // (CLIENT-45). Failures are logged, and made good by the next Save.
  virtual void Save(Context& ctx, const std::map<MessageQueue, QueueOffset>& offsets) = 0;
  // The next Save of `queue` may go back: its offset was reset.
  virtual void AllowBack(const MessageQueue& queue) = 0;
  // What was saved may be forgotten: the next Save saves what has not changed, too.
  virtual void Doubt() = 0;
};

class RemoteOffsets final : public OffsetStore {
 public:
  RemoteOffsets(ClientInstance& client, const std::string& group)
      : client_(client), group_(group) {}

  Result<std::optional<QueueOffset>> Load(Context& ctx, const MessageQueue& queue) override;
  void Save(Context& ctx, const std::map<MessageQueue, QueueOffset>& offsets) override;
  void AllowBack(const MessageQueue& queue) override { sent_.erase(queue); }
  void Doubt() override {
    for (auto& [queue, sent] : sent_) sent.confirmed.reset();
  }

 private:
  struct Sent {
    QueueOffset offset;
    std::optional<Tick> confirmed;
  };
  void SaveAt(Context& ctx, const std::string& broker_name,
              const std::map<MessageQueue, QueueOffset>& offsets);
  bool NeedsNoSave(Tick now, const MessageQueue& queue, QueueOffset offset) const;

  ClientInstance& client_;
  const std::string& group_;
  std::map<MessageQueue, Sent> sent_;
  std::map<std::string, runtime::Mutex> brokers_;  // one save at a time for each
};

class LocalOffsets final : public OffsetStore {
 public:
  // Reads `directory`/offsets.json if there is one.
  static Result<std::unique_ptr<LocalOffsets>> Open(Context& ctx, runtime::Runtime& runtime,
                                                    const std::string& directory);

  Result<std::optional<QueueOffset>> Load(Context& ctx, const MessageQueue& queue) override;
  void Save(Context& ctx, const std::map<MessageQueue, QueueOffset>& offsets) override;
  void AllowBack(const MessageQueue& queue) override { offsets_.erase(queue); }
  void Doubt() override {}  // A replaced file is durable.

 private:
  LocalOffsets(runtime::Runtime& runtime, std::unique_ptr<runtime::Directory> directory)
      : runtime_(runtime), directory_(std::move(directory)) {}

  runtime::Runtime& runtime_;
  std::unique_ptr<runtime::Directory> directory_;
  std::map<MessageQueue, int64_t> offsets_;
  bool saved_ = true;
  runtime::Mutex writing_;
};

}  // namespace rmq::client
