#include "server/credential.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace engram {
namespace {

constexpr std::array<std::pair<Right, std::string_view>, 5> kVerbs = {{{Right::kRead, "read"},
                                                                       {Right::kWrite, "write"},
                                                                       {Right::kImport, "import"},
                                                                       {Right::kManage, "admin"},
                                                                       {Right::kMetrics, "metrics"}}};

bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

}  // namespace

std::string_view VerbOf(Right right) {
  for (const auto& [known, verb] : kVerbs) {
    if (known == right) return verb;
  }
  return "";
}

Result<Right> ParseVerb(std::string_view verb) {
  for (const auto& [right, known] : kVerbs) {
    if (known == verb) return right;
  }
  return InvalidArgument(
      fmt::format("a verb is read, write, import, admin or metrics, not \"{}\"", verb.substr(0, 100)));
}

std::vector<std::string_view> VerbsOf(uint8_t rights) {
  std::vector<std::string_view> verbs;
  for (const auto& [right, verb] : kVerbs) {
    if ((rights & static_cast<uint8_t>(right)) != 0) verbs.push_back(verb);
  }
  return verbs;
}

bool Credential::MayUse(std::string_view ns) const {
  if (namespaces == nullptr || namespaces->empty()) return true;
  return std::any_of(namespaces->begin(), namespaces->end(),
                     [ns](const std::string& pattern) { return Matches(pattern, ns); });
}

Status CheckRight(const Credential& credential, Right needed) {
  if (credential.May(needed)) return {};
  if (needed == Right::kOperate)
    return Status(StatusCode::kPermissionDenied, "this needs the admin key").With("needs", "admin key");
  const std::string verb(VerbOf(needed));
  // The admin key makes tenants and keys; what tenants keep is not its business.
  const char* hint = credential.May(Right::kOperate) ? "; the admin key is no tenant's: use a key of the tenant" : "";
  return Status(StatusCode::kPermissionDenied, fmt::format("this needs the verb \"{}\", this key has [{}]{}", verb,
                                                           fmt::join(VerbsOf(credential.rights), ", "), hint))
      .With("needs", verb);
}

Status CheckNamespaceScope(const Credential& credential, std::string_view ns) {
  if (credential.MayUse(ns)) return {};
  return Status(StatusCode::kPermissionDenied, fmt::format("this key is for the namespaces [{}], not for \"{}\"",
                                                           fmt::join(*credential.namespaces, ", "), ns.substr(0, 100)))
      .With("needs", "namespace");
}

OpenAuthenticator::OpenAuthenticator(TenantId tenant, std::string tenant_name) {
  everyone_.tenant = tenant;
  everyone_.tenant_name = std::move(tenant_name);
  for (const Right right :
       {Right::kRead, Right::kWrite, Right::kImport, Right::kManage, Right::kMetrics, Right::kStatus}) {
    everyone_.rights |= static_cast<uint8_t>(right);
  }
}

Result<Credential> OpenAuthenticator::Authenticate(const HttpRequest& /*request*/) const { return everyone_; }

}  // namespace engram
