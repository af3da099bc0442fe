// A configured path, split for FileSystem: "/root/namesrv/kvConfig.json".
#pragma once

#include <string>
#include <string_view>

namespace rmq::runtime {

// "." for a name alone.
inline std::string DirectoryOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}
inline std::string NameOf(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 == 0
}

}  // namespace rmq::runtime
