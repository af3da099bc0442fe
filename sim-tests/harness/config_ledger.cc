#include "harness/config_ledger.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::simtest {

// An answer may come late, behind that of a later change.
void ConfigLedger::ChangeAcked(const std::string& item, int version) {
  int& acked = items_[item].acked;
  acked = std::max(acked, version);
}

void ConfigLedger::Seen(const std::string& item, std::optional<int> version) {
  const Item& known = items_[item];
  if (!version.has_value() && known.acked > 0) {
    oracle_.Report("I14",
                   fmt::format("{} is gone; version {} was acknowledged", item, known.acked));
  } else if (version.has_value() && (*version < known.acked || *version > known.asked)) {
    oracle_.Report("I14", fmt::format("{} has version {}; {} was acknowledged, {} asked for", item,
                                      *version, known.acked, known.asked));
  }
}

}  // namespace rmq::simtest
