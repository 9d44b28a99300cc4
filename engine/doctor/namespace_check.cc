#include "engine/doctor/namespace_check.h"

#include <random>

#include <fmt/format.h>

#include "base/coding.h"
#include "engine/keys.h"

namespace engram {
namespace {

using keys::Key;

constexpr std::string_view kKnownKinds = "CKiNncasvRBqLIJjHPpoSEefm";

// What can be counted again, of `from`.
NamespaceCounters Recounted(NamespaceCounters counters, const NamespaceCounters& from) {
  counters.memories = from.memories;
  counters.edges = from.edges;
  counters.nodes = from.nodes;
  counters.runs = from.runs;
  counters.former_versions = from.former_versions;
  counters.bytes = from.bytes;
  counters.paths = from.paths;
  counters.memories_digest = from.memories_digest;
  counters.edges_digest = from.edges_digest;
  counters.nodes_digest = from.nodes_digest;
  return counters;
}

uint64_t PrimaryDamage(const FindingList& findings) {
  uint64_t count = 0;
  for (const auto& [kind, n] : findings.counts()) count += RepairWayOf(kind) == RepairWay::kRestore ? n : 0;
  return count;
}

// Counters and digests. A recount that met rows it couldn't read is no truth to write down.
void CompareCounters(const NamespaceCheck& check, const NamespaceCounters& recount, bool trusted) {
  const NamespaceCounters& held = check.counters;
  bool differs = false;
  const auto add = [&](FindingKind kind, std::string_view what, const std::string& counted, const std::string& stored) {
    differs = true;
    const std::string place = fmt::format("counter \"{}\"", what);
    if (trusted) return check.AddRepaired(kind, place, counted, stored);
    check.Add(kind, place, counted, stored);
  };
  const auto same = [&](std::string_view what, uint64_t stored, uint64_t counted) {
    if (stored != counted) add(FindingKind::kCounterDiffers, what, std::to_string(counted), std::to_string(stored));
  };
  const auto equal = [&](std::string_view what, const Hash128& stored, const Hash128& summed) {
    if (stored != summed) add(FindingKind::kDigestDiffers, what, summed.ToHex(), stored.ToHex());
  };
  same("memories", held.memories, recount.memories);
  same("former versions", held.former_versions, recount.former_versions);
  same("nodes", held.nodes, recount.nodes);
  same("runs", held.runs, recount.runs);
  same("edges", held.edges, recount.edges);
  same("bytes", held.bytes, recount.bytes);
  same("paths", held.paths, recount.paths);
  equal("digest of memories", held.memories_digest, recount.memories_digest);
  equal("digest of nodes", held.nodes_digest, recount.nodes_digest);
  equal("digest of edges", held.edges_digest, recount.edges_digest);
  if (differs && trusted && check.repairing()) {
    check.repairs->Put(Key(keys::kCounters), EncodeCounters(Recounted(held, recount)));
  }
}

}  // namespace

void NamespaceCheck::Add(FindingKind kind, std::string place, std::string expected, std::string found) const {
  findings->Add({kind, tenant, ns, head.name, std::move(place), std::move(expected), std::move(found)});
}

void NamespaceCheck::AddRepaired(FindingKind kind, std::string place, std::string expected, std::string found) const {
  findings->Add({kind, tenant, ns, head.name, std::move(place), std::move(expected), std::move(found), repairing()});
}

Result<bool> BeginCheck(NamespaceCheck* check) {
  ASSIGN_OR_RETURN(const auto head, check->rows.Get(Key(keys::kHead)));
  if (!head) return false;  // the directory's check says what that means
  auto decoded = DecodeHead(*head);
  if (!decoded.ok()) {
    check->Add(FindingKind::kUnreadableRow, "the namespace's head", "", decoded.status().message());
    return false;
  }
  check->head = std::move(*decoded);
  ASSIGN_OR_RETURN(const auto bytes, check->rows.Get(Key(keys::kCounters)));
  const auto counters = bytes ? DecodeCounters(*bytes) : Result<NamespaceCounters>(NotFound("there is no such row"));
  if (!counters.ok()) {
    check->Add(FindingKind::kUnreadableRow, "the namespace's counters", "", counters.status().message());
    return false;
  }
  check->counters = *counters;
  return true;
}

Status CheckRows(NamespaceCheck* check) {
  const uint64_t damage_before = PrimaryDamage(*check->findings);
  NamespaceCounters recount;
  RETURN_IF_ERROR(CheckMemoryRows(check, &recount));
  RETURN_IF_ERROR(CheckEdgeRows(check, &recount));
  RETURN_IF_ERROR(CheckLogRows(*check));
  RETURN_IF_ERROR(CheckReplies(*check));
  RETURN_IF_ERROR(CheckRowKinds(*check));
  check->memories = recount.memories;
  CompareCounters(*check, recount, PrimaryDamage(*check->findings) == damage_before);
  return {};
}

Status CheckRowKinds(const NamespaceCheck& check) {
  // From kind to kind: rows of known ones are looked at elsewhere.
  const auto it = check.rows.Scan("", "");
  while (it->Valid()) {
    const std::string kind(it->key().substr(0, 1));
    if (kind.empty() || kKnownKinds.find(kind[0]) == std::string_view::npos) {
      check.Add(FindingKind::kUnknownRow, "a row", "a known kind",
                kind.empty() ? "a key without one" : fmt::format("kind {:#04x}", static_cast<uint8_t>(kind[0])));
    }
    const std::string next = PrefixEnd(kind);
    if (next.empty() || kind.empty()) break;
    it->Seek(next);
  }
  return it->status();
}

Status SampleRows(NamespaceCheck* check, uint64_t memories, uint64_t seed) {
  std::mt19937_64 random(seed);
  const uint32_t nodes = check->counters.next_node.value;
  const bool all = memories >= nodes;
  for (uint64_t i = 0; i < (all ? nodes : memories); ++i) {
    RETURN_IF_ERROR(check->go_on());
    const NodeNumber node(static_cast<uint32_t>(all ? i : random() % nodes));
    ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(check->rows, {node}));
    if (ids[0].empty()) continue;  // erased
    ASSIGN_OR_RETURN(const auto bytes, check->rows.Get(keys::Id(ids[0])));
    const auto row = bytes ? DecodeIdRow(*bytes) : Result<IdRow>(NotFound("there is no such id"));
    if (!row.ok() || row->node != node) {
      check->Add(FindingKind::kOrphanNodeRow, fmt::format("node {}", node.value), fmt::format("an id \"{}\"", ids[0]),
                 row.ok() ? "one of another node" : row.status().message());
      continue;
    }
    ++check->memories;
    if (row->is_memory && row->live) RETURN_IF_ERROR(CheckMemory(*check, ids[0], *row));
  }
  return {};
}

}  // namespace engram
