// ConfigSchema: the table of a daemon's configuration keys. One table drives the reading of the
// file, `-p`, the answers to GET_*_CONFIG and UPDATE_*_CONFIG, and the list of keys that are
// accepted for compatibility alone.
//
//   struct NamesrvConfig { int32_t listen_port = 9876; … };
//   ConfigSchema schema;
//   schema.Add("listenPort", config.listen_port, ConfigEffect::kAtStart, {.min = 0, .max = 65535});
//   schema.AddIgnored("serverWorkerThreads", ConfigType::kInt, "8");
//
// Add takes the default from the field. Names, spelling and defaults are Apache's. The fields
// outlive the schema and don't move. One executor; nothing here suspends.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace rmq::wire {

enum class ConfigType { kBool, kInt, kLong, kDouble, kString };

enum class ConfigEffect {
  kLive,     // a new value counts from the moment it is set
  kAtStart,  // read once when the daemon starts; an update counts from the next start on
  kNone,     // known to Apache, accepted, without effect here
};

// Where a value comes from; later ones win.
enum class ConfigOrigin { kDefault, kFile, kEnvironment, kFlag, kUpdate };
std::string_view ConfigOriginName(ConfigOrigin origin);  // "default", "file", …

// What a value must satisfy beyond its type.
struct ConfigRule {
  int64_t min = std::numeric_limits<int64_t>::min();  // of numbers
  int64_t max = std::numeric_limits<int64_t>::max();
  std::vector<std::string_view> one_of;  // of texts; empty = any. Static storage.
  bool important = false;                // shown by mqbroker -m
};

struct ConfigKey {
  std::string name;
  ConfigType type = ConfigType::kString;
  ConfigEffect effect = ConfigEffect::kNone;
  ConfigRule rule;
  std::string default_text;
  std::string text;  // as it will be printed: numbers and booleans in Java's form
  ConfigOrigin origin = ConfigOrigin::kDefault;
};

class ConfigSchema {
 public:
  ConfigSchema() = default;
  ConfigSchema(const ConfigSchema&) = delete;
  ConfigSchema& operator=(const ConfigSchema&) = delete;

  // REQUIRES: no key of this name yet.
  void Add(std::string_view name, bool& field, ConfigEffect effect, ConfigRule rule = {});
  void Add(std::string_view name, int32_t& field, ConfigEffect effect, ConfigRule rule = {});
  void Add(std::string_view name, int64_t& field, ConfigEffect effect, ConfigRule rule = {});
  void Add(std::string_view name, double& field, ConfigEffect effect, ConfigRule rule = {});
  void Add(std::string_view name, std::string& field, ConfigEffect effect, ConfigRule rule = {});
  void AddIgnored(std::string_view name, ConfigType type, std::string_view default_text);

  // Sets the field and the text of a key before the daemon runs. Space around `value` does not
  // count. kNotFound: no such key (it is kept, see Text()); kInvalidArgument: the message names
  // key, value and what is expected, and nothing has changed.
  Result<void> Set(std::string_view name, std::string_view value, ConfigOrigin origin);

  // Sets all keys of a daemon's file, whose text this is. Returns a line for each key that nobody
  // knows, to warn of: Apache takes no notice of them, and files are shared between versions.
  // kInvalidArgument names `path`, line and key, or the line that can't be read.
  Result<std::vector<std::string>> SetFromFile(std::string_view path, std::string_view text);

  // The same while it runs: the text changes always, the field only of a kLive key. A key that is
  // neither known nor was in the file is kNotFound and ignored.
  Result<void> Update(std::string_view name, std::string_view value);
  // What Set and Update would say, without changing anything.
  Result<void> Check(std::string_view name, std::string_view value) const;

  // Null if there is none. Exact spelling.
  const ConfigKey* Find(std::string_view name) const;
  // The known name that `name` was probably meant to be; empty if none is near.
  std::string_view Nearest(std::string_view name) const;

  // In order of Add.
  const std::vector<ConfigKey>& keys() const { return keys_; }
  // The keys without effect whose value differs from the default, for the warning at start.
  std::vector<std::string_view> IgnoredButSet() const;

  // "key=value\n" sorted by key, unknown keys of the file included: what Apache's GET_…_CONFIG
  // answers. Values as they are, not escaped.
  std::string Text() const;
  // "key=value" in order of Add with the origin of each value that is not the default; for -p.
  std::string TextWithOrigins(bool important_only = false) const;

 private:
  using Field = std::variant<std::monostate, bool*, int32_t*, int64_t*, double*, std::string*>;
  using Value = std::variant<bool, int64_t, double, std::string>;
  static Result<Value> Parse(const ConfigKey& key, std::string_view value);
  static std::string Print(const Value& value);
  void AddKey(std::string_view name, ConfigType type, ConfigEffect effect, ConfigRule rule,
              const Value& value, Field field);
  void Store(size_t at, const Value& value);
  Result<void> Change(std::string_view name, std::string_view value, ConfigOrigin origin,
                      bool running);

  std::vector<ConfigKey> keys_;
  std::vector<Field> fields_;  // of keys_[i]
  std::map<std::string, size_t, std::less<>> by_name_;
  std::map<std::string, std::string, std::less<>> unknown_;
};

}  // namespace rmq::wire
