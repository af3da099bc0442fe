// Users and access rules (ACL 2.0), as operators read and write them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rmq::wire {

struct UserInfo {
  std::optional<std::string> password;
  std::optional<std::string> user_status;
  std::optional<std::string> user_type;
  std::optional<std::string> username;
  bool operator==(const UserInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("password", password);
    v.Field("userStatus", user_status);
    v.Field("userType", user_type);
    v.Field("username", username);
  }
};

struct PolicyEntryInfo {
  std::optional<std::vector<std::string>> actions;
  std::optional<std::string> decision;
  std::optional<std::string> resource;
  std::optional<std::vector<std::string>> source_ips;
  bool operator==(const PolicyEntryInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("actions", actions);
    v.Field("decision", decision);
    v.Field("resource", resource);
    v.Field("sourceIps", source_ips);
  }
};

struct PolicyInfo {
  std::vector<PolicyEntryInfo> entries;
  std::optional<std::string> policy_type;
  bool operator==(const PolicyInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("entries", entries);
    v.Field("policyType", policy_type);
  }
};

struct AclInfo {
  std::optional<std::vector<PolicyInfo>> policies;
  std::optional<std::string> subject;
  bool operator==(const AclInfo&) const = default;

  template <typename V>
  void Fields(V& v) {
    v.Field("policies", policies);
    v.Field("subject", subject);
  }
};

}  // namespace rmq::wire
