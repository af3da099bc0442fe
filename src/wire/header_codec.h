// Typed request and response headers: structs whose members travel as the ext fields of a
// RemotingCommand.
//
// A header names itself and lists its fields once, for both directions:
//
//   struct GetMinOffsetRequestHeader {
//     static constexpr std::string_view kName = "GetMinOffsetRequestHeader";
//     std::string topic;
//     int32_t queue_id = 0;
//     template <typename V>
//     void Fields(V& v) {
//       v.Required("topic", topic);
//       v.Required("queueId", queue_id);
//     }
//   };
//
// Members are strings, int32_t, int64_t, bool, BoundaryType, or a std::optional number or bool.
// An Optional field that is absent leaves its member as it was; an empty optional string is not
// written. Unknown fields are left in the command. Rules WIRE-11 to WIRE-13.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/ext_fields.h"
#include "wire/remoting_command.h"

namespace rmq::wire {

// Which of several messages stored in the same millisecond SEARCH_OFFSET_BY_TIMESTAMP means.
enum class BoundaryType : uint8_t { kLower, kUpper };

// The visitor that fills a header. It goes on after a fault and remembers the first.
class HeaderReader {
 public:
  explicit HeaderReader(const ExtFields& fields) : fields_(fields) {}

  template <typename T>
  void Required(std::string_view name, T& member) {
    if (!Read(name, member)) Complain(name, std::nullopt);
  }
  template <typename T>
  void Optional(std::string_view name, T& member) {
    Read(name, member);
  }

  bool ok() const { return bad_name_.empty(); }
  // kInvalidArgument, "PullMessageRequestHeader: queueId: missing". REQUIRES: !ok().
  Error TakeError(std::string_view header_name) const;

 private:
  // Whether the field is there. One that can't be parsed is complained of.
  template <typename T>
  bool Read(std::string_view name, T& member) {
    const auto text = fields_.FindNear(name, hint_);
    if (!text.has_value()) return false;
    if (!Parse(*text, member)) Complain(name, *text);
    return true;
  }
  template <typename T>
  static bool Parse(std::string_view text, std::optional<T>& into) {
    return Parse(text, into.emplace());
  }
  static bool Parse(std::string_view text, std::string& into);
  static bool Parse(std::string_view text, int32_t& into);
  static bool Parse(std::string_view text, int64_t& into);
  static bool Parse(std::string_view text, bool& into);
  static bool Parse(std::string_view text, BoundaryType& into);
  void Complain(std::string_view name, std::optional<std::string_view> text);

  const ExtFields& fields_;
  size_t hint_ = 0;  // Peers send fields in about the order in which we list them.
  std::string_view bad_name_;
  std::optional<std::string_view> bad_text_;
};

// The visitor that writes a header.
class HeaderWriter {
 public:
  explicit HeaderWriter(ExtFields& out) : out_(out) {}

  template <typename T>
  void Required(std::string_view name, const T& member) {
    out_.Set(name, member);
  }
  void Required(std::string_view name, BoundaryType member) {
    out_.Set(name, member == BoundaryType::kUpper ? "UPPER" : "LOWER");
  }
  template <typename T>
  void Optional(std::string_view name, const T& member) {
    Required(name, member);
  }
  template <typename T>
  void Optional(std::string_view name, const std::optional<T>& member) {
    if (member.has_value()) Required(name, *member);
  }
  void Optional(std::string_view name, const std::string& member) {
    if (!member.empty()) Required(name, member);
  }

 private:
  ExtFields& out_;
};

// Fails with kInvalidArgument, naming header, field and text, when a required field is missing or
// a number can't be parsed.
template <typename Header>
Result<Header> DecodeHeader(const ExtFields& fields) {
  Header header;
  HeaderReader reader(fields);
  header.Fields(reader);
  if (!reader.ok()) return Fail(reader.TakeError(Header::kName));
  return header;
}
template <typename Header>
Result<Header> DecodeHeader(const RemotingCommand& command) {
  return DecodeHeader<Header>(command.ext_fields);
}

// Adds the header's fields to `out`.
template <typename Header>
void EncodeHeader(const Header& header, ExtFields& out) {
  HeaderWriter writer(out);
  // Fields lists the members for both directions and so can't be const; this one only reads.
  const_cast<Header&>(header).Fields(writer);
}

template <typename Header>
RemotingCommand MakeRequest(RequestCode code, const Header& header) {
  RemotingCommand request = MakeRequest(code);
  EncodeHeader(header, request.ext_fields);
  return request;
}

// What every request may carry besides its own header: how a proxy or a client with a namespace
// addresses it. Decode it beside the request's header where it matters.
struct RpcRequestHeader {
  static constexpr std::string_view kName = "RpcRequestHeader";
  std::string name_space;
  std::optional<bool> namespaced;
  std::string broker_name;
  std::optional<bool> oneway;
  std::optional<bool> logical;  // the topic is a static one and the queue id a logical one
  bool operator==(const RpcRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("ns", name_space);
    v.Optional("nsd", namespaced);
    v.Optional("bname", broker_name);
    v.Optional("oway", oneway);
    v.Optional("lo", logical);
  }
};

}  // namespace rmq::wire
