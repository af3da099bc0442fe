// Header fields of managing users and access rules (ACL 2.0). See header_codec.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/header_codec.h"

namespace rmq::wire {

struct CreateUserRequestHeader {
  static constexpr std::string_view kName = "CreateUserRequestHeader";
  std::string username;
  bool operator==(const CreateUserRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("username", username);
  }
};

struct UpdateUserRequestHeader {
  static constexpr std::string_view kName = "UpdateUserRequestHeader";
  std::string username;
  bool operator==(const UpdateUserRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("username", username);
  }
};

struct DeleteUserRequestHeader {
  static constexpr std::string_view kName = "DeleteUserRequestHeader";
  std::string username;
  bool operator==(const DeleteUserRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("username", username);
  }
};

struct GetUserRequestHeader {
  static constexpr std::string_view kName = "GetUserRequestHeader";
  std::string username;
  bool operator==(const GetUserRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("username", username);
  }
};

struct ListUsersRequestHeader {
  static constexpr std::string_view kName = "ListUsersRequestHeader";
  std::string filter;
  bool operator==(const ListUsersRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("filter", filter);
  }
};

struct CreateAclRequestHeader {
  static constexpr std::string_view kName = "CreateAclRequestHeader";
  std::string subject;
  bool operator==(const CreateAclRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("subject", subject);
  }
};

struct UpdateAclRequestHeader {
  static constexpr std::string_view kName = "UpdateAclRequestHeader";
  std::string subject;
  bool operator==(const UpdateAclRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("subject", subject);
  }
};

struct DeleteAclRequestHeader {
  static constexpr std::string_view kName = "DeleteAclRequestHeader";
  std::string subject;
  std::string policy_type;
  std::string resource;
  bool operator==(const DeleteAclRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("subject", subject);
    v.Optional("policyType", policy_type);
    v.Optional("resource", resource);
  }
};

struct GetAclRequestHeader {
  static constexpr std::string_view kName = "GetAclRequestHeader";
  std::string subject;
  bool operator==(const GetAclRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("subject", subject);
  }
};

struct ListAclsRequestHeader {
  static constexpr std::string_view kName = "ListAclsRequestHeader";
  std::string subject_filter;
  std::string resource_filter;
  bool operator==(const ListAclsRequestHeader&) const = default;
  template <typename V>
  void Fields(V& v) {
    v.Optional("subjectFilter", subject_filter);
    v.Optional("resourceFilter", resource_filter);
  }
};

}  // namespace rmq::wire
