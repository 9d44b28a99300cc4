#include "engine/write/namespace_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/write/erasures.h"

namespace engram {
namespace {

using keys::Key;

std::string EncodeNumber(NamespaceId ns) {
  std::string bytes;
  AppendKey32(&bytes, ns.value);
  return bytes;
}

Result<std::optional<NamespaceId>> ReadNumber(const KvReader& directory, const std::string& key) {
  ASSIGN_OR_RETURN(const auto bytes, directory.Get(key));
  if (!bytes) return std::optional<NamespaceId>();
  ByteReader in(*bytes);
  const NamespaceId ns(in.Key32());
  RETURN_IF_ERROR(in.Finish("namespace number"));
  return std::optional<NamespaceId>(ns);
}

std::string NameKey(std::string_view name) { return Key(keys::kNamespaceByName).AddRaw(name); }
std::string AliasKey(std::string_view alias) { return Key(keys::kNamespaceByAlias).AddRaw(alias); }
std::string DroppedKey(const Transaction& tx) { return Key(keys::kDropped).Add(tx.tenant()).Add(tx.ns()); }

// Keeps the number of namespaces of all tenants.
Status CountNamespaces(Transaction& tx, int by) {
  const std::string key = Key(keys::kNamespaceCount);
  ASSIGN_OR_RETURN(const auto bytes, tx.system().rows.Get(key));
  const uint64_t count = bytes ? ByteReader(*bytes).Key64() : 0;
  std::string next;
  AppendKey64(&next, count + static_cast<uint64_t>(by));
  tx.system().batch.Put(key, next);
  return {};
}

Status PutAliases(Transaction& tx, const std::vector<std::string>& aliases) {
  for (const std::string& alias : aliases) {
    ASSIGN_OR_RETURN(const auto taken, FindNamespace(tx.directory(), alias));
    if (taken && *taken != tx.ns()) {
      return AlreadyExists(fmt::format("\"{}\" already names another namespace", alias)).At("aliases");
    }
    if (alias == tx.head.name) return InvalidArgument("an alias of a namespace's own name").At("aliases");
    tx.change_directory().Put(AliasKey(alias), EncodeNumber(tx.ns()));
  }
  return {};
}

void DeleteAliases(Transaction& tx, const std::vector<std::string>& aliases) {
  for (const std::string& alias : aliases) tx.change_directory().Delete(AliasKey(alias));
}

// What a space was created with, as far as the first vectors did not complete it.
bool Agrees(const VectorSpace& stored, const VectorSpace& asked) {
  return stored.type == asked.type && stored.metric == asked.metric &&
         (asked.dimensions == 0 || asked.dimensions == stored.dimensions) &&
         (asked.model.empty() || asked.model == stored.model);
}

bool SpacesAgree(const NamespaceConfig& stored, const NamespaceConfig& asked) {
  for (const auto& [name, space] : asked.vectors) {
    const auto it = stored.vectors.find(name);
    if (it == stored.vectors.end() || !Agrees(it->second, space)) return false;
  }
  // A default space that the first vector made is no difference.
  return std::all_of(stored.vectors.begin(), stored.vectors.end(), [&](const auto& entry) {
    return asked.vectors.contains(entry.first) || entry.first == kDefaultSpace;
  });
}

Status AddSpaces(const std::map<std::string, VectorSpace>& added, NamespaceConfig* config) {
  for (const auto& [name, space] : added) {
    const auto [it, is_new] = config->vectors.emplace(name, space);
    if (is_new) continue;
    if (!Agrees(it->second, space)) {
      return AlreadyExists(fmt::format("space \"{}\" is there already, with other settings", name))
          .At("vectors." + name);
    }
  }
  return {};
}

}  // namespace

Result<std::optional<NamespaceId>> FindNamespace(const KvReader& directory, std::string_view name) {
  ASSIGN_OR_RETURN(const auto by_name, ReadNumber(directory, NameKey(name)));
  if (by_name) return by_name;
  return ReadNumber(directory, AliasKey(name));
}

Result<NamespaceId> NewNamespaceNumber(const KvReader& directory, KvBatch& batch) {
  ASSIGN_OR_RETURN(const auto next, ReadNumber(directory, Key(keys::kNamespaceCounter)));
  const NamespaceId ns = next.value_or(keys::kDirectory.Next());
  if (ns.value == UINT32_MAX) return Unprocessable("the tenant has used up its 2^32 namespace numbers");
  batch.Put(Key(keys::kNamespaceCounter), EncodeNumber(ns.Next()));
  return ns;
}

Status CreateNamespaceRows(Transaction& tx, std::string_view name, const NamespaceConfig& config) {
  tx.head.name = name;
  tx.head.created_at = tx.log_time();
  tx.head.config = config;
  tx.head_changed = true;
  tx.change_directory().Put(NameKey(name), EncodeNumber(tx.ns()));
  RETURN_IF_ERROR(CountNamespaces(tx, 1));
  return PutAliases(tx, config.aliases);
}

Result<Outcome> CheckSameConfig(const Transaction& tx, const NamespaceConfig& config) {
  NamespaceConfig asked = config;
  asked.vectors = tx.head.config.vectors;
  if (asked == tx.head.config && SpacesAgree(tx.head.config, config)) return Outcome::kUnchanged;
  return AlreadyExists(
      fmt::format("namespace \"{}\" is there already, with another configuration: PATCH changes it", tx.head.name));
}

Result<Outcome> ApplyPatchNamespace(Transaction& tx, const NamespacePatch& patch) {
  NamespaceConfig config = tx.head.config;
  RETURN_IF_ERROR(AddSpaces(patch.vectors, &config));
  if (patch.bm25) config.bm25 = *patch.bm25;
  if (patch.history_versions) config.history_versions = *patch.history_versions;
  if (patch.on_expiry) config.on_expiry = *patch.on_expiry;
  if (patch.deduplicate) config.deduplicate = *patch.deduplicate;
  if (patch.read_only) config.read_only = *patch.read_only;
  if (patch.aliases) config.aliases = *patch.aliases;
  MergePatch(patch.metadata, &config.metadata);
  RETURN_IF_ERROR(CheckConfig(config));
  if (config == tx.head.config) return Outcome::kUnchanged;
  if (config.deduplicate != tx.head.config.deduplicate && config.deduplicate != Deduplicate::kNone &&
      tx.counters.memories > 0) {
    // Only what was written under it would be compared.
    return FailedPrecondition(
               fmt::format("deduplication is switched on in an empty namespace: this one has {} memories",
                           tx.counters.memories))
        .At("deduplicate")
        .With("memories", std::to_string(tx.counters.memories));
  }
  if (patch.aliases) {
    DeleteAliases(tx, tx.head.config.aliases);
    RETURN_IF_ERROR(PutAliases(tx, config.aliases));
  }
  tx.head.config = std::move(config);
  tx.head_changed = true;
  return Outcome::kUpdated;
}

Status DropNamespaceRows(Transaction& tx) {
  DeleteAliases(tx, tx.head.config.aliases);
  tx.change_directory().Delete(NameKey(tx.head.name));
  tx.batch().Delete(Key(keys::kHead));
  tx.system().batch.Put(DroppedKey(tx), "");
  RETURN_IF_ERROR(NoteErasure(tx.system(), Erasure::OfNamespace(tx.tenant(), tx.ns(), tx.position, tx.log_time())));
  RETURN_IF_ERROR(CountNamespaces(tx, -1));
  tx.dropped = true;
  tx.Tell(NamespaceDropped{});
  return {};
}

Result<bool> SweepDroppedRows(Transaction& tx, uint32_t keys_max) {
  tx.dropped = true;
  ASSIGN_OR_RETURN(const auto waiting, tx.system().rows.Get(DroppedKey(tx)));
  if (!waiting) return true;
  if (tx.ns() == keys::kDirectory) {
    // What finds the tenant's namespaces goes after them.
    const auto left = tx.rows().ScanPrefix(std::string(1, keys::kNamespaceByName));
    RETURN_IF_ERROR(left->status());
    if (left->Valid()) return false;
  }
  std::vector<std::string> doomed;
  const auto it = tx.rows().Scan("", "");
  for (; it->Valid() && doomed.size() < keys_max; it->Next()) doomed.emplace_back(it->key());
  RETURN_IF_ERROR(it->status());
  const bool empty = !it->Valid();
  for (const std::string& key : doomed) tx.batch().Delete(key);
  if (empty) tx.system().batch.Delete(DroppedKey(tx));
  return empty;
}

}  // namespace engram
