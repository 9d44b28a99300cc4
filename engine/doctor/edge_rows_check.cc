// Edges: each version in its row by id, mirrored at both ends and, where a memory brought it, at that.
#include <fmt/format.h>

#include "base/coding.h"
#include "engine/doctor/namespace_check.h"
#include "graph/edge_rows.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

// One version's rows as they should be, in a map.
MemoryKv RowsOf(const Edge& edge) {
  MemoryKv rows;
  PutEdgeRows(edge, rows);
  return rows;
}

constexpr char kById = 'E';

std::string Place(const Edge& edge) {
  return fmt::format("edge \"{}\"{}", edge.id, edge.retired ? fmt::format(", version {}", edge.version.value) : "");
}

std::string_view SideOf(char kind) {
  switch (kind) {
    case 'e': return "source";
    case 'f': return "target";
    case 'm': return "memory";
    default: return "id";
  }
}

// The row by id against its mirrors.
Status CheckMirrors(const NamespaceCheck& check, const Edge& edge) {
  const MemoryKv wanted = RowsOf(edge);
  const auto it = wanted.Scan("", "");
  for (; it->Valid(); it->Next()) {
    if (it->key()[0] == kById) continue;
    ASSIGN_OR_RETURN(const auto found, check.rows.Get(it->key()));
    if (found && *found == it->value()) continue;
    const std::string side = fmt::format("a row by its {}", SideOf(it->key()[0]));
    check.AddRepaired(found ? FindingKind::kEdgeMirrorDiffers : FindingKind::kEdgeMirrorMissing, Place(edge), side,
                      found ? "another edge's record" : "none");
    if (check.repairing()) check.repairs->Put(it->key(), it->value());
  }
  return {};
}

Status CheckEnds(const NamespaceCheck& check, const Edge& edge) {
  for (const NodeNumber end : {edge.source, edge.target}) {
    if (check.nodes.contains(end.value)) continue;
    check.Add(FindingKind::kEdgeEndMissing, Place(edge), fmt::format("node {}", end.value), "no id of this node");
  }
  return {};
}

Status CheckById(NamespaceCheck* check, EdgeState state, NamespaceCounters* recount) {
  const std::string prefix = EdgesByIdPrefix(state);
  const auto it = check->rows.ScanPrefix(prefix);
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check->go_on());
    const auto edge = DecodeEdge(it->value());
    if (!edge.ok()) {
      check->Add(FindingKind::kUnreadableRow, "an edge's row", "", edge.status().message());
      continue;
    }
    const MemoryKv wanted = RowsOf(*edge);
    ASSIGN_OR_RETURN(const auto own, wanted.Get(it->key()));
    if (!own) {
      check->Add(FindingKind::kUnreadableRow, Place(*edge), "the key of its record", "another");
      continue;
    }
    RETURN_IF_ERROR(CheckMirrors(*check, *edge));
    RETURN_IF_ERROR(CheckEnds(*check, *edge));
    if (state == EdgeState::kRetired) continue;
    ++recount->edges;
    recount->edges_digest += EdgeDigest(*edge);
  }
  return it->status();
}

// The row by id that a row at an end, or at a memory, belongs to; nothing where the key is none.
std::optional<std::string> KeyByIdOf(std::string_view key) {
  const char kind = key[0];
  ByteReader in(key.substr(1));
  (void)in.Key32();
  const auto state = static_cast<EdgeState>(in.Byte());
  if (kind != 'm') {
    (void)in.KeyString();  // type
    (void)in.Key32();
  }
  const std::string by_id = EdgesByIdPrefix(state) + std::string(in.rest());
  (void)in.KeyString();
  if (state == EdgeState::kRetired) (void)in.Key64();
  const bool known = state == EdgeState::kCurrent || state == EdgeState::kRetired;
  return in.ok() && in.empty() && known ? std::optional(by_id) : std::nullopt;
}

// Rows at ends and memories that no edge has.
Status CheckOrphans(const NamespaceCheck& check, char kind) {
  const auto it = check.rows.ScanPrefix(std::string(1, kind));
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check.go_on());
    const auto by_id = KeyByIdOf(it->key());
    std::optional<std::string> record;
    if (by_id) {
      ASSIGN_OR_RETURN(record, check.rows.Get(*by_id));
    }
    const auto edge = record ? DecodeEdge(*record) : Result<Edge>(NotFound("no row by id"));
    bool wanted = false;
    if (edge.ok()) {
      ASSIGN_OR_RETURN(const auto own, RowsOf(*edge).Get(it->key()));
      wanted = own.has_value();
    }
    // An edge whose record can't be read has been told, and may be this one.
    if (wanted || (record && !edge.ok())) continue;
    const std::string side = fmt::format("a row by its {}", SideOf(kind));
    if (!record) {
      // What may be the only copy stays.
      check.Add(FindingKind::kEdgeMissing, side, "an edge", "none");
      continue;
    }
    check.AddRepaired(FindingKind::kEdgeMirrorOrphan, Place(*edge), "no such " + side, "one");
    if (check.repairing()) check.repairs->Delete(it->key());
  }
  return it->status();
}

}  // namespace

Status CheckEdgeRows(NamespaceCheck* check, NamespaceCounters* recount) {
  RETURN_IF_ERROR(CheckById(check, EdgeState::kCurrent, recount));
  RETURN_IF_ERROR(CheckById(check, EdgeState::kRetired, recount));
  for (const char kind : {'e', 'f', 'm'}) RETURN_IF_ERROR(CheckOrphans(*check, kind));
  return {};
}

}  // namespace engram
