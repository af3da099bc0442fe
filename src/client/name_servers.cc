#include "client/name_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/assert.h"

namespace rmq::client {

using wire::RemotingCommand;

Result<std::vector<std::string>> NameServers::Parse(std::string_view list) {
  std::vector<std::string> addresses;
  while (!list.empty()) {
    const size_t end = std::min(list.find_first_of(";,"), list.size());
    std::string_view address = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (!address.empty() && address.front() == ' ') address.remove_prefix(1);
    while (!address.empty() && address.back() == ' ') address.remove_suffix(1);
    if (address.empty()) continue;
    RMQ_TRY(HostPort::Parse(address));
    addresses.emplace_back(address);
  }
  if (addresses.empty()) return Fail(ErrorCode::kInvalidArgument, "no NameServer address is set");
  return addresses;
}

NameServers::NameServers(remoting::Client& client, std::vector<std::string> addresses, size_t first)
    : client_(client), addresses_(std::move(addresses)), current_(first) {
  RMQ_ASSERT(current_ < addresses_.size());
}

Result<RemotingCommand> NameServers::Call(Context& ctx, const RemotingCommand& request) {
  std::optional<RemotingCommand> unknown_topic;
  Result<RemotingCommand> answer = Fail(ErrorCode::kUnavailable);
  const size_t first = current_;
  for (size_t i = 0; i < addresses_.size(); ++i) {
    RMQ_TRY(ctx.Check());
    const size_t asked = (first + i) % addresses_.size();
    Context share = ctx.WithTimeout(FairShare(ctx, addresses_.size() - i));
    answer = client_.Call(share, addresses_[asked], request);
    if (!answer.has_value()) {
      answer = Fail(WithContext(std::move(answer).error(), "NameServer " + addresses_[asked]));
      continue;
    }
    if (answer->response_code() != wire::ResponseCode::kTopicNotExist) {
      current_ = asked;
      return answer;
    }
    unknown_topic = *std::move(answer);
  }
  if (unknown_topic.has_value()) return *std::move(unknown_topic);
  return answer;
}

nanoseconds FairShare(const Context& ctx, size_t count) {
  if (ctx.deadline() == kNever) return hours(1);
  const nanoseconds left = std::max(ctx.deadline() - ctx.Now(), nanoseconds(0));
  return left / static_cast<int64_t>(std::max<size_t>(count, 1));
}

}  // namespace rmq::client
