// Java's .properties text: the configuration files of daemons and the bodies of GET_*_CONFIG and
// UPDATE_*_CONFIG. UTF-8 (Java's own reader takes anything else than \uXXXX for Latin-1).
//
//   # a comment, also after '!'
//   listenPort=9876
//   kvConfigPath : /data/kvConfig.json
//
// A backslash at the end of a line goes on in the next.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rmq::wire {

// Not called Property, which is one of a message.
struct ConfigProperty {
  std::string key;
  std::string value;
  int line = 0;  // where it begins, from 1
  // The text it was read from: [begin, end), with its line break.
  size_t begin = 0;
  size_t end = 0;
};

// In order of the text, doubles included: the last one counts. Fails with kCorruption, naming the
// line, on a malformed \uXXXX alone; every other text is one of properties.
Result<std::vector<ConfigProperty>> ParseProperties(std::string_view text);

// "key=value\n", escaped so that Java and ParseProperties read back the same.
std::string PropertyLine(std::string_view key, std::string_view value);

// `text` with the values of `changes`: lines of other keys and comments stay as they are, keys
// that are missing are added at the end. Of a key that stands there twice the last one is changed
// and the others are left out.
Result<std::string> ChangeProperties(std::string_view text,
                                     const std::map<std::string, std::string>& changes);

}  // namespace rmq::wire
