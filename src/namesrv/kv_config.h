// KvConfig: texts under (namespace, key) that operators keep at a name server, mainly the queues of
// ordered topics. Everything is in memory and in the file kvConfig.json, which is replaced whole:
// a change is answered once it is durable, and a change that could not be stored did not happen.
//
// One executor; changes queue up behind each other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/file_system.h"
#include "runtime/mutex.h"
#include "wire/route_data.h"

namespace rmq::namesrv {

class KvConfig {
 public:
  // `path` names the file; its directory is made with the first change.
  KvConfig(runtime::FileSystem& files, std::string path);

  // A file that does not exist is an empty one. kCorruption if neither it nor its backup can be
  // read.
  Result<void> Load(Context& ctx);

  Result<void> Put(Context& ctx, std::string_view name_space, std::string_view key,
                   std::string_view value);
  // Does nothing if it is not there.
  Result<void> Delete(Context& ctx, std::string_view name_space, std::string_view key);

  std::optional<std::string> Get(std::string_view name_space, std::string_view key) const;
  // Null: no such namespace.
  const std::map<std::string, std::string>* FindNamespace(std::string_view name_space) const;

 private:
  Result<void> Store(Context& ctx, wire::KVConfigSerializeWrapper next);

  runtime::FileSystem& files_;
  const std::string directory_;
  const std::string name_;
  wire::KVConfigSerializeWrapper stored_;
  runtime::Mutex changing_;
};

}  // namespace rmq::namesrv
