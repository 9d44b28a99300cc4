#include "engine/imported_rows.h"

#include "base/coding.h"
#include "base/hash.h"
#include "engine/keys.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

using keys::Key;

std::string OfKind(const ImportStatus& status, ImportedKind kind) {
  return ImportedPrefix(status) + static_cast<char>(kind);
}

ImportedItem::Now NowOf(bool there, bool same) {
  if (!there) return ImportedItem::Now::kGone;
  return same ? ImportedItem::Now::kAsWritten : ImportedItem::Now::kChanged;
}

}  // namespace

std::string ImportedPrefix(const ImportStatus& status) {
  std::string prefix = Key(keys::kImported).AddString(status.id);
  AppendKey32(&prefix, status.generation);
  return prefix;
}

std::string ImportedEdgeKey(const ImportStatus& status, std::string_view id) {
  return OfKind(status, ImportedKind::kEdge).append(id);
}

std::string ImportedEndedEdgeKey(const ImportStatus& status, std::string_view id, Version version) {
  std::string key = OfKind(status, ImportedKind::kEndedEdge);
  AppendKey64(&key, version.value);
  return key.append(id);
}

std::string ImportedNodeKey(const ImportStatus& status, ImportedKind kind, NodeNumber node) {
  std::string key = OfKind(status, kind);
  AppendKey32(&key, node.value);
  return key;
}

std::string ImportedRunKey(const ImportStatus& status, uint32_t run) {
  std::string key = OfKind(status, ImportedKind::kRun);
  AppendKey32(&key, run);
  return key;
}

Result<ImportedRef> ParseImportedKey(std::string_view prefix, std::string_view key) {
  ByteReader in(key.substr(prefix.size()));
  ImportedRef ref;
  const uint8_t kind = in.Byte();
  if (kind >= kImportedKinds) in.Fail();
  ref.kind = static_cast<ImportedKind>(kind);
  if (ref.kind == ImportedKind::kEdge) {
    if (!in.ok()) return Corruption("the key of an imported edge is cut");
    ref.edge = key.substr(prefix.size() + 1);
    return ref;
  }
  if (ref.kind == ImportedKind::kEndedEdge) {
    ref.ended = Version(in.Key64());
    if (!in.ok()) return Corruption("the key of an imported edge that has ended is cut");
    ref.edge = key.substr(prefix.size() + 1 + sizeof(uint64_t));
    return ref;
  }
  const uint32_t number = in.Key32();
  RETURN_IF_ERROR(in.Finish("key of what an import brought"));
  ref.node = NodeNumber(number);
  ref.run = number;
  return ref;
}

Result<std::optional<ImportStatus>> FindImport(const KvReader& ns, std::string_view id) {
  ASSIGN_OR_RETURN(const auto bytes, ns.Get(Key(keys::kImport).AddRaw(id)));
  if (!bytes) return std::optional<ImportStatus>();
  ASSIGN_OR_RETURN(ImportStatus status, DecodeImport(*bytes));
  status.id = id;
  return std::optional<ImportStatus>(std::move(status));
}

uint64_t HashNode(Node node) {
  node.created_at = node.updated_at = Timestamp();
  return HashBytes64(EncodeNode(node));
}

uint64_t HashRun(const RunRow& run) {
  RunRow said;
  said.scopes = run.scopes;
  said.metadata = run.metadata;
  said.ttl_seconds = run.ttl_seconds;
  return HashBytes64(EncodeRun(said));
}

Result<ImportedItem> DescribeImported(const KvReader& ns, const ImportedRef& ref, const ImportedRow& row) {
  ImportedItem item;
  item.kind = ref.kind;
  item.version = row.version;
  item.replaced = row.replaced;
  item.kept = row.kept;
  if (ref.kind == ImportedKind::kEdge) {
    item.id = ref.edge;
    ASSIGN_OR_RETURN(const auto edge, FindEdge(ns, ref.edge));
    item.now = NowOf(edge.has_value(), edge && edge->version == row.version);
    return item;
  }
  if (ref.kind == ImportedKind::kEndedEdge) {
    item.id = ref.edge;
    ASSIGN_OR_RETURN(const auto edge, FindEndedEdge(ns, ref.edge, ref.ended));
    item.now = NowOf(edge.has_value(), /*same=*/true);
    return item;
  }
  if (ref.kind == ImportedKind::kRun) {
    ASSIGN_OR_RETURN(const auto run, ReadRun(ns, ref.run));
    if (run) item.id = run->scopes.run_id;
    item.now = NowOf(run.has_value(), run && HashRun(*run) == row.hash);
    return item;
  }
  ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(ns, {ref.node}));
  item.id = ids[0];
  std::optional<IdRow> id;
  if (!item.id.empty()) {
    ASSIGN_OR_RETURN(id, FindId(ns, item.id));
  }
  if (ref.kind == ImportedKind::kMemory) {
    const bool live = id && id->is_memory && id->live;
    item.now = NowOf(live, live && id->version == row.version);
    if (live || !id || !id->is_memory) return item;
    ASSIGN_OR_RETURN(const auto end, ns.Get(Key(keys::kVersion).Add(id->node).Add(id->version)));
    if (!end) return item;
    ASSIGN_OR_RETURN(const VersionRow version, DecodeVersion(*end));
    // Deleted by somebody: theirs. Expired: nobody's doing.
    const bool expired = version.kind == HistoryEvent::Kind::kExpire && version.attributes == row.version;
    if (expired) item.now = ImportedItem::Now::kExpired;
    return item;
  }
  if (ref.kind == ImportedKind::kTombstone) {
    item.now = NowOf(id && id->is_memory, id && !id->live && id->version == row.version);
    return item;
  }
  std::optional<std::string> bytes;
  if (id && !id->is_memory) {
    ASSIGN_OR_RETURN(bytes, ns.Get(Key(keys::kEntity).Add(ref.node)));
  }
  bool same = false;
  if (bytes) {
    ASSIGN_OR_RETURN(Node node, DecodeNode(*bytes));
    same = HashNode(std::move(node)) == row.hash;
  }
  item.now = NowOf(bytes.has_value(), same);
  return item;
}

}  // namespace engram
