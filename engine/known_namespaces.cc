#include "engine/known_namespaces.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/coding.h"

namespace engram {
namespace {

std::string KeyOf(TenantId tenant, std::string_view name) {
  std::string key;
  AppendFixed32(&key, tenant.value);
  key += name;
  return key;
}

bool ChangesHead(const Publication& publication) {
  return std::any_of(publication.events.begin(), publication.events.end(), [](const IndexEvent& event) {
    return std::holds_alternative<ConfigChanged>(event) || std::holds_alternative<NamespaceDropped>(event);
  });
}

}  // namespace

KnownNamespaces::Found KnownNamespaces::Find(TenantId tenant, std::string_view name) const {
  const std::string key = KeyOf(tenant, name);
  const ReaderLock lock(mutex_);
  const auto at = by_name_.find(key);
  return at == by_name_.end() ? nullptr : at->second;
}

void KnownNamespaces::Keep(TenantId tenant, std::string_view name, uint64_t version, Found found) {
  const WriterLock lock(mutex_);
  if (version_ != version) return;
  if (by_name_.size() >= kEntriesMax) by_name_.clear();
  by_name_[KeyOf(tenant, name)] = std::move(found);
}

void KnownNamespaces::Apply(const Publication& publication) {
  if (!ChangesHead(publication)) return;
  const WriterLock lock(mutex_);
  ++version_;
  const std::string tenant = KeyOf(publication.tenant, "");
  std::erase_if(by_name_, [&](const auto& entry) {
    return entry.second->number == publication.namespace_id && entry.first.starts_with(tenant);
  });
}

}  // namespace engram
