#include "server/handlers/convert_admin.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "server/credential.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

constexpr int kNamespacesMax = 100;  // that one key names
constexpr double kRateMax = 1e9;

Status CheckRate(const char* name, const std::optional<double>& rate) {
  if (!rate || (*rate > 0 && *rate <= kRateMax)) return {};
  return InvalidArgument(fmt::format("{} is above 0 and at most {}, not {}", name, kRateMax, *rate)).At(name);
}

// An exact name, or a prefix and "*".
Status CheckScope(const std::string& scope) {
  std::string name = scope;
  if (name.ends_with('*')) name.pop_back();
  if (name.find('*') != std::string::npos) return InvalidArgument(fmt::format("\"{}\" has a * before its end", scope));
  return name.empty() && !scope.empty() ? Status() : CheckName("a namespace", name);
}

}  // namespace

Result<TenantLimits> ToTenantLimits(const v1::TenantLimits& limits) {
  TenantLimits out;
  if (limits.has_memories()) out.memories = limits.memories();
  if (limits.has_bytes()) out.bytes = limits.bytes();
  if (limits.has_namespaces()) out.namespaces = limits.namespaces();
  if (limits.has_requests_per_second()) out.requests_per_second = limits.requests_per_second();
  if (limits.has_worker_ms_per_second()) out.worker_ms_per_second = limits.worker_ms_per_second();
  RETURN_IF_ERROR(CheckRate("requests_per_second", out.requests_per_second));
  RETURN_IF_ERROR(CheckRate("worker_ms_per_second", out.worker_ms_per_second));
  return out;
}

Result<TenantLimitsPatch> ToTenantLimitsPatch(const v1::PatchTenantRequest& request) {
  Result<TenantLimits> given = ToTenantLimits(request.limits());
  if (!given.ok()) return std::move(given).status().Under("limits");
  TenantLimitsPatch patch;
  if (given->memories) patch.memories = given->memories;
  if (given->bytes) patch.bytes = given->bytes;
  if (given->namespaces) patch.namespaces = given->namespaces;
  if (given->requests_per_second) patch.requests_per_second = given->requests_per_second;
  if (given->worker_ms_per_second) patch.worker_ms_per_second = given->worker_ms_per_second;
  for (int i = 0; i < request.remove_size(); ++i) {
    const std::string& name = request.remove(i);
    bool was_given = false;
    const auto remove = [&was_given](auto* limit) {
      was_given = limit->has_value();
      limit->emplace();
    };
    if (name == "memories") {
      remove(&patch.memories);
    } else if (name == "bytes") {
      remove(&patch.bytes);
    } else if (name == "namespaces") {
      remove(&patch.namespaces);
    } else if (name == "requests_per_second") {
      remove(&patch.requests_per_second);
    } else if (name == "worker_ms_per_second") {
      remove(&patch.worker_ms_per_second);
    } else {
      return InvalidArgument(fmt::format("there is no limit \"{}\"", name.substr(0, 100)))
          .At(fmt::format("remove[{}]", i));
    }
    if (was_given) {
      return InvalidArgument(fmt::format("\"{}\" is both given and removed", name)).At(fmt::format("remove[{}]", i));
    }
  }
  return patch;
}

void FromTenant(const TenantInfo& info, v1::Tenant* out) {
  out->set_name(info.record.name);
  FromTimestamp(info.record.created_at, out->mutable_created_at());
  const TenantLimits& limits = info.record.limits;
  v1::TenantLimits* shown = out->mutable_limits();
  if (limits.memories) shown->set_memories(*limits.memories);
  if (limits.bytes) shown->set_bytes(*limits.bytes);
  if (limits.namespaces) shown->set_namespaces(*limits.namespaces);
  if (limits.requests_per_second) shown->set_requests_per_second(*limits.requests_per_second);
  if (limits.worker_ms_per_second) shown->set_worker_ms_per_second(*limits.worker_ms_per_second);
  out->mutable_usage()->set_memories(info.usage.memories);
  out->mutable_usage()->set_bytes(info.usage.bytes);
  out->mutable_usage()->set_namespaces(info.usage.namespaces);
}

template <class Request>
Result<std::optional<Timestamp>> ToExpiry(const Request& request, Timestamp now, const RequestLimits& limits) {
  if (request.has_ttl_seconds()) {
    if (request.has_expires_at()) return InvalidArgument("give expires_at or ttl_seconds, not both").At("ttl_seconds");
    if (request.ttl_seconds() == 0 || request.ttl_seconds() > limits.ttl_seconds) {
      return InvalidArgument(
                 fmt::format("{} is not between 1 and {} seconds", request.ttl_seconds(), limits.ttl_seconds))
          .At("ttl_seconds");
    }
    return std::optional<Timestamp>(now.PlusSeconds(static_cast<int64_t>(request.ttl_seconds())));
  }
  if (!request.has_expires_at()) return std::optional<Timestamp>();
  Result<Timestamp> time = ToTimestamp(request.expires_at());
  if (!time.ok()) return std::move(time).status().At("expires_at");
  if (*time <= now) return InvalidArgument("the key would have expired already").At("expires_at");
  return std::optional<Timestamp>(*time);
}
template Result<std::optional<Timestamp>> ToExpiry(const v1::CreateKeyRequest&, Timestamp, const RequestLimits&);
template Result<std::optional<Timestamp>> ToExpiry(const v1::RotateKeyRequest&, Timestamp, const RequestLimits&);

Result<ApiKey> ToApiKey(const v1::CreateKeyRequest& request, Timestamp now, const RequestLimits& limits) {
  ApiKey key;
  RETURN_IF_ERROR(CheckLabel("name", request.name(), limits.label_bytes));
  key.label = request.name();
  for (int i = 0; i < request.verbs_size(); ++i) {
    Result<Right> right = ParseVerb(request.verbs(i));
    if (!right.ok()) return std::move(right).status().At(fmt::format("verbs[{}]", i));
    key.rights |= static_cast<uint8_t>(*right);
  }
  if (key.rights == 0)
    return InvalidArgument("a key has at least one verb: read, write, import, admin, metrics").At("verbs");
  if (request.namespaces_size() > kNamespacesMax) {
    return InvalidArgument(fmt::format("a key names at most {} namespaces", kNamespacesMax)).At("namespaces");
  }
  for (int i = 0; i < request.namespaces_size(); ++i) {
    if (Status status = CheckScope(request.namespaces(i)); !status.ok()) {
      return std::move(status).At(fmt::format("namespaces[{}]", i));
    }
    key.namespaces.push_back(request.namespaces(i));
  }
  ASSIGN_OR_RETURN(key.expires_at, ToExpiry(request, now, limits));
  return key;
}

void FromApiKey(const ApiKey& key, const std::string& tenant, Timestamp now, v1::ApiKey* out) {
  out->set_id(key.id);
  out->set_tenant(tenant);
  out->set_name(key.label);
  for (const std::string_view verb : VerbsOf(key.rights)) out->add_verbs(std::string(verb));
  for (const std::string& ns : key.namespaces) out->add_namespaces(ns);
  FromTimestamp(key.created_at, out->mutable_created_at());
  if (key.expires_at) FromTimestamp(*key.expires_at, out->mutable_expires_at());
  if (key.revoked_at) FromTimestamp(*key.revoked_at, out->mutable_revoked_at());
  const char* over = key.revoked_at ? "revoked" : "expired";
  out->set_state(IsOver(key, now) ? over : "active");
}

}  // namespace engram
