#include "client/offset_store.h"

#include "client/offset_calls.h"
#include "runtime/gate.h"
#include "runtime/replace_file.h"
#include "wire/json_bean.h"
#include "wire/offset_bodies.h"

namespace rmq::client {
namespace {

constexpr std::string_view kFileName = "offsets.json";
// A queue's former owner may commit after us, from a connection of its own.
constexpr seconds kBelievedFor{30};

}  // namespace

// --- on the brokers ---

Result<std::optional<QueueOffset>> RemoteOffsets::Load(Context& ctx, const MessageQueue& queue) {
  RMQ_TRY(const std::optional<QueueOffset> found, QueryOffset(ctx, client_, group_, queue));
  if (found.has_value()) {
    sent_[queue] = {.offset = *found, .confirmed = ctx.Now()};
  } else {
    sent_.erase(queue);
  }
  return found;
}

void RemoteOffsets::Save(Context& ctx, const std::map<MessageQueue, QueueOffset>& offsets) {
  std::map<std::string, std::map<MessageQueue, QueueOffset>> by_broker;
  for (const auto& [queue, offset] : offsets) {
    if (!NeedsNoSave(ctx.Now(), queue, offset)) by_broker[queue.broker_name].emplace(queue, offset);
  }
  Context limited = ctx.WithTimeout(client_.options().call_timeout);
  runtime::TaskGroup group(limited);
  for (const auto& [broker, part] : by_broker) {
    group.Spawn("save offsets", [&](Context& own) { SaveAt(own, broker, part); });
  }
  group.Wait();
}

// A request whose answer did not come may still arrive, so what was sent counts as much as what was
// confirmed: nothing lower follows it.
void RemoteOffsets::SaveAt(Context& ctx, const std::string& broker_name,
                           const std::map<MessageQueue, QueueOffset>& offsets) {
  const auto guard = brokers_[broker_name].Lock(ctx);
  if (!guard.has_value()) return;
  for (const auto& [queue, offset] : offsets) {
    if (NeedsNoSave(ctx.Now(), queue, offset)) continue;
    sent_[queue] = {.offset = offset, .confirmed = std::nullopt};
    const Result<void> saved = UpdateOffset(ctx, client_, group_, queue, offset);
    if (saved.has_value()) {
      const auto sent = sent_.find(queue);
      if (sent != sent_.end() && sent->second.offset == offset) sent->second.confirmed = ctx.Now();
      continue;
    }
    RMQ_LOG(client_.runtime().log(), kInfo, "client", "offset {} of group {} is not saved: {}",
            offset.value, group_, saved.error().ToString());
    if (saved.error().code() != ErrorCode::kRejected) return;  // The others would fare no better.
  }
}

bool RemoteOffsets::NeedsNoSave(Tick now, const MessageQueue& queue, QueueOffset offset) const {
  const auto found = sent_.find(queue);
  if (found == sent_.end()) return false;
  const Sent& sent = found->second;
  if (offset != sent.offset) return offset < sent.offset;
  return sent.confirmed.has_value() && now < *sent.confirmed + kBelievedFor;
}

// --- in a file ---

Result<std::unique_ptr<LocalOffsets>> LocalOffsets::Open(Context& ctx, runtime::Runtime& runtime,
                                                         const std::string& directory) {
  RMQ_TRY(auto opened, runtime.files().OpenDirectory(ctx, directory, /*create=*/true));
  std::unique_ptr<LocalOffsets> made(new LocalOffsets(runtime, std::move(opened)));
  const auto parse = [&](std::string_view text) -> Result<void> {
    RMQ_TRY(auto table, wire::FromJson<wire::ResetOffsetBody>(text));
    made->offsets_ = std::move(table.offset_table);
    return {};
  };
  RMQ_TRY(runtime::LoadReplacedFile(ctx, *made->directory_, kFileName, parse));
  return made;
}

Result<std::optional<QueueOffset>> LocalOffsets::Load(Context&, const MessageQueue& queue) {
  const auto found = offsets_.find(queue);
  if (found == offsets_.end()) return std::nullopt;
  return QueueOffset{found->second};
}

void LocalOffsets::Save(Context& ctx, const std::map<MessageQueue, QueueOffset>& offsets) {
  const auto guard = writing_.Lock(ctx);
  if (!guard.has_value()) return;
  for (const auto& [queue, offset] : offsets) {
    const auto [entry, added] = offsets_.try_emplace(queue, offset.value);
    if (!added && entry->second >= offset.value) continue;
    entry->second = offset.value;
    saved_ = false;
  }
  if (saved_) return;
  const std::string text =
      wire::ToJson(wire::ResetOffsetBody{.offset_table = offsets_}, wire::kPrettyJson);
  const Result<void> written = runtime::ReplaceFile(ctx, *directory_, kFileName, text);
  saved_ = written.has_value();
  if (!saved_) {
    RMQ_LOG(runtime_.log(), kWarn, "client", "offsets are not saved: {}",
            written.error().ToString());
  }
}

}  // namespace rmq::client
