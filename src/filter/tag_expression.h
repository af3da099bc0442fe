// A TAG subscription: "*" or "" for every message, else "TagA || TagB". Brokers compare the hash
// that a ConsumeQueue unit holds; consumers compare the tag itself, because hashes collide.
// Pure. Rules: CLIENT-10 in spec/client/consumer.md.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rmq::filter {

inline constexpr std::string_view kSubscribeAll = "*";
inline constexpr std::string_view kTagType = "TAG";

class TagExpression {
 public:
  // Matches everything.
  TagExpression() = default;
  // kInvalidArgument when something other than blanks and "||" leaves no tag.
  static Result<TagExpression> Parse(std::string_view text);

  bool matches_all() const { return tags_.empty(); }
  bool MatchesTag(std::string_view tag) const {
    return matches_all() || tags_.find(tag) != tags_.end();
  }
  bool MatchesCode(int64_t tags_code) const { return matches_all() || codes_.contains(tags_code); }

  const std::set<std::string, std::less<>>& tags() const { return tags_; }
  const std::set<int64_t>& codes() const { return codes_; }

 private:
  std::set<std::string, std::less<>> tags_;
  std::set<int64_t> codes_;
};

}  // namespace rmq::filter
