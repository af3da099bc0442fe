#include "apps/flags.h"

#include <fmt/format.h>

#include <algorithm>

namespace rmq::apps {

class FlagParser {
 public:
  FlagParser(std::span<const Flag> flags, const std::vector<std::string>& arguments)
      : flags_(flags), arguments_(arguments) {}

  Result<FlagValues> Parse() {
    while (at_ < arguments_.size()) {
      const std::string& argument = arguments_[at_++];
      if (argument == "--") {
        TakeRest();
      } else if (argument.size() < 2 || argument[0] != '-') {
        values_.arguments_.push_back(argument);
      } else {
        RMQ_TRY(ParseFlag(argument));
      }
    }
    return std::move(values_);
  }

 private:
  void TakeRest() {
    values_.arguments_.insert(values_.arguments_.end(),
                              arguments_.begin() + static_cast<ptrdiff_t>(at_), arguments_.end());
    at_ = arguments_.size();
  }

  Result<void> ParseFlag(const std::string& argument) {
    std::string_view name = argument;
    name.remove_prefix(name.starts_with("--") ? 2 : 1);
    const size_t equals = name.find('=');
    if (equals != std::string_view::npos) {
      RMQ_TRY(const Flag* flag, Find(name.substr(0, equals)));
      if (flag == nullptr) return Unknown(argument);
      return Set(*flag, name.substr(equals + 1));
    }
    RMQ_TRY(const Flag* flag, Find(name));
    if (flag != nullptr) return SetFromNext(*flag);
    if (argument.starts_with("--")) return Unknown(argument);
    return ParseJoined(argument);
  }

  // "-pm" is "-p -m", "-pcfile" is "-p -c file".
  Result<void> ParseJoined(const std::string& argument) {
    for (size_t i = 1; i < argument.size(); ++i) {
      const Flag* flag = FindShort(std::string_view(argument).substr(i, 1));
      if (flag == nullptr) return Unknown(argument);
      if (!flag->takes_value) {
        RMQ_TRY(Set(*flag, ""));
      } else if (i + 1 < argument.size()) {
        return Set(*flag, std::string_view(argument).substr(i + 1));
      } else {
        return SetFromNext(*flag);
      }
    }
    return {};
  }

  Result<void> SetFromNext(const Flag& flag) {
    if (!flag.takes_value) return Set(flag, "");
    if (at_ == arguments_.size() || IsFlag(arguments_[at_])) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("Missing argument for option: {}", NameOf(flag)));
    }
    return Set(flag, arguments_[at_++]);
  }

  Result<void> Set(const Flag& flag, std::string_view value) {
    if (!flag.takes_value && !value.empty()) {
      return Fail(ErrorCode::kInvalidArgument,
                  fmt::format("Option takes no argument: {}", NameOf(flag)));
    }
    values_.values_.insert_or_assign(std::string(flag.long_name), std::string(value));
    return {};
  }

  // A value may begin with a dash unless it is the name of a flag.
  bool IsFlag(std::string_view argument) const {
    if (argument.size() < 2 || argument[0] != '-') return false;
    argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
    const auto found = Find(argument.substr(0, argument.find('=')));
    return !found.has_value() || *found != nullptr;
  }

  const Flag* FindShort(std::string_view name) const {
    const auto found = std::ranges::find(flags_, name, &Flag::short_name);
    return found == flags_.end() || name.empty() ? nullptr : &*found;
  }

  // Null if there is none.
  Result<const Flag*> Find(std::string_view name) const {
    if (const Flag* flag = FindShort(name)) return flag;
    std::vector<const Flag*> begun;
    for (const Flag& flag : flags_) {
      if (flag.long_name == name) return &flag;
      if (!name.empty() && flag.long_name.starts_with(name)) begun.push_back(&flag);
    }
    if (begun.size() < 2) return begun.empty() ? nullptr : begun.front();
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("Ambiguous option: '{}' (could be: '{}', '{}')", name,
                            begun[0]->long_name, begun[1]->long_name));
  }

  static std::string_view NameOf(const Flag& flag) {
    return flag.short_name.empty() ? flag.long_name : flag.short_name;
  }
  static std::unexpected<Error> Unknown(std::string_view argument) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("Unrecognized option: {}", argument));
  }

  const std::span<const Flag> flags_;
  const std::vector<std::string>& arguments_;
  size_t at_ = 0;
  FlagValues values_;
};

std::string_view FlagValues::Get(std::string_view long_name) const {
  const auto found = values_.find(long_name);
  return found == values_.end() ? std::string_view() : found->second;
}

Result<FlagValues> ParseFlags(std::span<const Flag> flags,
                              const std::vector<std::string>& arguments) {
  return FlagParser(flags, arguments).Parse();
}

std::string DescribeFlags(std::string_view program, std::span<const Flag> flags) {
  std::string usage = fmt::format("usage: {}", program);
  std::vector<std::string> names;
  size_t widest = 0;
  for (const Flag& flag : flags) {
    const std::string_view value = flag.takes_value ? " <arg>" : "";
    if (flag.short_name.empty()) {
      usage += fmt::format(" [--{}{}]", flag.long_name, value);
      names.push_back(fmt::format("    --{}{}", flag.long_name, value));
    } else {
      usage += fmt::format(" [-{}{}]", flag.short_name, value);
      names.push_back(fmt::format(" -{},--{}{}", flag.short_name, flag.long_name, value));
    }
    widest = std::max(widest, names.back().size());
  }
  usage += '\n';
  for (size_t i = 0; i < flags.size(); ++i) {
    usage += fmt::format("{:<{}}   {}\n", names[i], widest, flags[i].help);
  }
  return usage;
}

std::vector<std::string> Arguments(int argc, char** argv) {
  return std::vector<std::string>(argv + std::min(argc, 1), argv + argc);
}

}  // namespace rmq::apps
