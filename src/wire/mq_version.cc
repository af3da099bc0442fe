#include "wire/mq_version.h"

#include <fmt/format.h>

namespace rmq::wire {
namespace {

struct Release {
  int32_t major = 0;
  int32_t minor = 0;
  int32_t patch = 0;
};

// Apache numbers its releases on a grid, patch after patch, whether or not they came out. The grid
// was 3.0.1 to 3.0.15, then 10 patches for a minor, 9 (from 1) in 3.3 to 3.9, and 10 again.
Release ReleaseOf(int32_t version) {
  if (version < 16) return {3, 0, 0};
  if (version < 46) return {3, 0, 1 + (version - 16) / 2};
  if (version < 86) return {3, 1 + (version - 46) / 20, (version - 46) % 20 / 2};
  if (version < 212) return {3, 3 + (version - 86) / 18, 1 + (version - 86) % 18 / 2};
  const int32_t minor = (version - 212) / 20;
  return {4 + minor / 10, minor % 10, (version - 212) % 20 / 2};
}

}  // namespace

std::string MqVersionName(int32_t version) {
  if (version < 0) return "UNKNOWN";
  if (version >= kHigherVersion) return "HIGHER_VERSION";
  const Release release = ReleaseOf(version);
  const bool snapshot = version >= 16 && version % 2 == 0;
  return fmt::format("V{}_{}_{}{}", release.major, release.minor, release.patch,
                     snapshot ? "_SNAPSHOT" : "");
}

}  // namespace rmq::wire
