// ConfigLedger is the checker I14: what an operator was told is done to a topic or a group is still
// so after every crash, and nothing half-done is there. An operator changes an item by giving it a
// higher version, in a field of its configuration; what a broker shows must be between the last
// version it acknowledged and the last one it was asked for. ORACLE-16.
//
// Operator tells it what it asked for and what it was shown; violations go to the Oracle.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "harness/oracle.h"

namespace rmq::simtest {

class ConfigLedger {
 public:
  explicit ConfigLedger(Oracle& oracle) : oracle_(oracle) {}

  // `item` is unique: "topic op-1 of broker-a". Returns the version to ask for.
  int ChangeBegan(const std::string& item) { return ++items_[item].asked; }
  void ChangeAcked(const std::string& item, int version);
  // What a broker shows; nothing: it does not know the item.
  void Seen(const std::string& item, std::optional<int> version);

 private:
  struct Item {
    int acked = 0;
    int asked = 0;
  };
  Oracle& oracle_;
  std::map<std::string, Item> items_;
};

}  // namespace rmq::simtest
