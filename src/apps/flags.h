// Flags: command lines as Apache's programs take them (commons-cli).
//
//   mqnamesrv -c namesrv.conf -p
//   mqnamesrv --configFile=namesrv.conf --printConfigItem
//   mqnamesrv -configFile namesrv.conf -pcnamesrv.conf
//
// A flag has a short and a long name; both may be written with one dash or two. A value is the next
// argument, or follows '=', or, after a short name, follows at once. Short flags without a value
// may be joined: -pm. "--" ends the flags. A long name may be cut as long as it is unique.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rmq::apps {

struct Flag {
  std::string_view short_name;  // may be empty
  std::string_view long_name;
  bool takes_value = false;
  std::string_view help;
};

// What was said.
class FlagValues {
 public:
  bool Has(std::string_view long_name) const { return values_.contains(long_name); }
  // The last one given; empty if there is none.
  std::string_view Get(std::string_view long_name) const;
  // What is no flag, in order.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  friend class FlagParser;
  std::map<std::string, std::string, std::less<>> values_;  // by long name
  std::vector<std::string> arguments_;
};

// Fails with kInvalidArgument: an unknown flag, a value missing or not wanted, an ambiguous name.
Result<FlagValues> ParseFlags(std::span<const Flag> flags,
                              const std::vector<std::string>& arguments);

// "usage: mqnamesrv [-c <arg>] [-h] …" and a line for each flag.
std::string DescribeFlags(std::string_view program, std::span<const Flag> flags);

// The arguments of main() without the program's name.
std::vector<std::string> Arguments(int argc, char** argv);

}  // namespace rmq::apps
