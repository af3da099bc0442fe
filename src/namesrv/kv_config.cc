#include "namesrv/kv_config.h"

#include "runtime/file_path.h"
#include "runtime/replace_file.h"
#include "wire/json_bean.h"

namespace rmq::namesrv {

using wire::KVConfigSerializeWrapper;

KvConfig::KvConfig(runtime::FileSystem& files, std::string path)
    : files_(files), directory_(runtime::DirectoryOf(path)), name_(runtime::NameOf(path)) {}

Result<void> KvConfig::Load(Context& ctx) {
  auto directory = files_.OpenDirectory(ctx, directory_, /*create=*/false);
  if (!directory.has_value()) {
    if (directory.error().code() == ErrorCode::kNotFound) return {};
    return Fail(std::move(directory).error());
  }
  RMQ_TRY(runtime::LoadReplacedFile(
      ctx, **directory, name_, [this](std::string_view text) -> Result<void> {
        RMQ_TRY(stored_, wire::FromJson<KVConfigSerializeWrapper>(text));
        return {};
      }));
  return {};
}

Result<void> KvConfig::Put(Context& ctx, std::string_view name_space, std::string_view key,
                           std::string_view value) {
  RMQ_TRY(const runtime::Mutex::Guard guard, changing_.Lock(ctx));
  KVConfigSerializeWrapper next = stored_;
  next.config_table[std::string(name_space)][std::string(key)] = value;
  return Store(ctx, std::move(next));
}

Result<void> KvConfig::Delete(Context& ctx, std::string_view name_space, std::string_view key) {
  RMQ_TRY(const runtime::Mutex::Guard guard, changing_.Lock(ctx));
  if (!Get(name_space, key).has_value()) return {};
  KVConfigSerializeWrapper next = stored_;
  next.config_table[std::string(name_space)].erase(std::string(key));
  return Store(ctx, std::move(next));
}

// NS-18: on disk before in memory.
Result<void> KvConfig::Store(Context& ctx, KVConfigSerializeWrapper next) {
  RMQ_TRY(const auto directory, files_.OpenDirectory(ctx, directory_, /*create=*/true));
  RMQ_TRY(runtime::ReplaceFile(ctx, *directory, name_, wire::ToJson(next)));
  stored_ = std::move(next);
  return {};
}

std::optional<std::string> KvConfig::Get(std::string_view name_space, std::string_view key) const {
  const auto* table = FindNamespace(name_space);
  if (table == nullptr) return std::nullopt;
  const auto value = table->find(std::string(key));
  if (value == table->end()) return std::nullopt;
  return value->second;
}

const std::map<std::string, std::string>* KvConfig::FindNamespace(
    std::string_view name_space) const {
  const auto found = stored_.config_table.find(std::string(name_space));
  return found == stored_.config_table.end() ? nullptr : &found->second;
}

}  // namespace rmq::namesrv
