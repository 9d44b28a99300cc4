// Ids, memories and what belongs to them, recounted.
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/coding.h"
#include "engine/canonical.h"
#include "engine/doctor/namespace_check.h"
#include "engine/keys.h"
#include "engine/row_walk.h"
#include "engine/write/graph_writes.h"
#include "index/attribute/attribute_index.h"

namespace engram {
namespace {

using keys::Key;

std::string MemoryPlace(std::string_view id) { return fmt::format("memory \"{}\"", id); }
std::string NodePlace(NodeNumber node) { return fmt::format("node {}", node.value); }
std::string SlotPlace(Slot slot) { return fmt::format("slot {}", slot.value); }

bool HasAttributes(const VersionRow& row) {
  return row.kind == HistoryEvent::Kind::kAdd || row.kind == HistoryEvent::Kind::kUpdate;
}

// Adds an unreadable row when the value isn't one.
template <class T>
bool Readable(const NamespaceCheck& check, const Result<T>& row, const std::string& place) {
  if (!row.ok()) check.Add(FindingKind::kUnreadableRow, place, "", row.status().message());
  return row.ok();
}

// Walks the rows of one kind. `visit` gets a reader behind the kind byte of the key, and the value.
template <class Visit>
Status EachRow(const NamespaceCheck& check, char kind, const Visit& visit) {
  const auto it = check.rows.ScanPrefix(std::string(1, kind));
  for (; it->Valid(); it->Next()) {
    RETURN_IF_ERROR(check.go_on());
    ByteReader key(it->key().substr(1));
    RETURN_IF_ERROR(visit(key, it->value()));
  }
  return it->status();
}

// A key of fixed parts that has more or fewer bytes.
bool KeyEnds(const NamespaceCheck& check, const ByteReader& key, std::string_view what) {
  if (key.ok() && key.empty()) return true;
  check.Add(FindingKind::kUnreadableRow, std::string(what), "a key of its kind", "another number of bytes");
  return false;
}

class MemoryRows {
 public:
  MemoryRows(NamespaceCheck* check, NamespaceCounters* recount)
      : check_(*check), nodes_(check->nodes), recount_(*recount) {}

  Status Check() {
    RETURN_IF_ERROR(CheckIds());
    RETURN_IF_ERROR(CheckNodes());
    RETURN_IF_ERROR(CheckVersions());
    RETURN_IF_ERROR(ReadPaths());
    RETURN_IF_ERROR(CheckAttributes());
    RETURN_IF_ERROR(CheckContents());
    RETURN_IF_ERROR(CheckStates());
    RETURN_IF_ERROR(CheckEntities());
    RETURN_IF_ERROR(CheckMembers());
    RETURN_IF_ERROR(CheckRuns());
    RETURN_IF_ERROR(CheckRunNames());
    return CheckDuplicates();
  }

 private:
  Status CheckIds() {
    return EachRow(check_, keys::kId, [&](ByteReader& key, std::string_view value) -> Status {
      const auto row = DecodeIdRow(value);
      if (!Readable(check_, row, "the row of an id")) return {};
      if (!nodes_.addChecked(row->node.value)) {
        check_.Add(FindingKind::kSharedNode, NodePlace(row->node), "one id", "another one, too");
      }
      if (row->node >= check_.counters.next_node) Beyond(NodePlace(row->node), check_.counters.next_node.value);
      ASSIGN_OR_RETURN(const auto id, check_.rows.Get(Key(keys::kNode).Add(row->node)));
      if (!id || keys::Id(*id).substr(1) != key.rest()) {
        check_.Add(FindingKind::kMissingNodeRow, NodePlace(row->node), "the id that points at it",
                   id ? fmt::format("\"{}\"", *id) : "no row");
        if (!id) return {};
      }
      if (!row->is_memory) {
        entities_.add(row->node.value);
        ++recount_.nodes;
        return {};
      }
      memories_.add(row->node.value);
      return row->live ? CheckLive(*id, *row) : Status();
    });
  }

  Status CheckLive(const std::string& id, const IdRow& row) {
    live_.add(row.node.value);
    ++recount_.memories;
    recount_.memories_digest += row.hash;
    RETURN_IF_ERROR(CheckMemory(check_, id, row));
    if (row.run) {
      ++members_[*row.run];
      const std::string member = Key(keys::kRunMember).AddRun(*row.run).Add(row.node);
      ASSIGN_OR_RETURN(const auto found, check_.rows.Get(member));
      if (!found) {
        check_.AddRepaired(FindingKind::kRunMemberDiffers, MemoryPlace(id), fmt::format("a member of run {}", *row.run),
                           "no such row");
        if (check_.repairing()) check_.repairs->Put(member, "");
      }
    }
    if (row.duplicate_hash) {
      const std::string duplicate = keys::Duplicate(*row.duplicate_hash, row.node);
      ASSIGN_OR_RETURN(const auto found, check_.rows.Get(duplicate));
      if (!found) {
        check_.AddRepaired(FindingKind::kDuplicateRowDiffers, MemoryPlace(id), "a row by the hash of its content",
                           "none");
        if (check_.repairing()) check_.repairs->Put(duplicate, "");
      }
    }
    ASSIGN_OR_RETURN(const auto state, check_.rows.Get(Key(keys::kState).Add(row.node)));
    const auto decoded = state ? DecodeState(*state) : Result<StateRecord>(StateRecord());
    return decoded.ok() ? CheckExpiry(decoded->expires_at, false, row.node.value, MemoryPlace(id)) : Status();
  }

  // What is due may have been swept, but for what `hide` keeps.
  Status CheckExpiry(const std::optional<Timestamp>& at, bool run, uint32_t number, const std::string& place) {
    if (!at || *at <= check_.now) return {};
    const std::string key = keys::EncodeExpiry({*at, check_.tenant, check_.ns, run, number});
    ASSIGN_OR_RETURN(const auto found, check_.system.Get(key));
    if (found) return {};
    check_.AddRepaired(FindingKind::kExpiryRowMissing, place, "a row by its expiry, " + FormatRfc3339(*at), "none");
    if (check_.repairing()) check_.system_repairs->Put(key, "");
    return {};
  }

  Status CheckNodes() {
    return EachRow(check_, keys::kNode, [&](ByteReader& key, std::string_view id) -> Status {
      const NodeNumber node(key.Key32());
      if (!KeyEnds(check_, key, "a node's row") || nodes_.contains(node.value)) return {};
      check_.Add(FindingKind::kOrphanNodeRow, NodePlace(node), fmt::format("an id \"{}\"", id), "no such id");
      return {};
    });
  }

  Status CheckVersions() {
    RowWalk attributes(check_.rows, keys::kAttributes);
    std::optional<uint32_t> last;
    return EachRow(check_, keys::kVersion, [&](ByteReader& key, std::string_view value) -> Status {
      const NodeNumber node(key.Key32());
      const Version version(key.Key64());
      if (!KeyEnds(check_, key, "a version's row")) return {};
      const std::string place = fmt::format("version {} of node {}", version.value, node.value);
      const auto row = DecodeVersion(value);
      if (!Readable(check_, row, place)) return {};
      if (!memories_.contains(node.value)) {
        check_.Add(FindingKind::kOrphanVersion, place, "a memory", "none of this node");
      }
      if (last == node.value) ++recount_.former_versions;
      last = node.value;
      if (row->slot >= check_.counters.next_slot) Beyond(place + ": slot", check_.counters.next_slot.value);
      if (!HasAttributes(*row)) return {};
      referred_.add(row->slot.value);
      ASSIGN_OR_RETURN(const auto found, attributes.At(Key(keys::kAttributes).Add(row->slot).Add(row->attributes)));
      if (!found) {
        check_.Add(FindingKind::kMissingAttributes, place, fmt::format("attributes at slot {}", row->slot.value),
                   "no row");
      }
      return {};
    });
  }

  Status ReadPaths() {
    return EachRow(check_, keys::kPath, [&](ByteReader& key, std::string_view) -> Status {
      paths_.emplace(key.rest());
      ++recount_.paths;
      return {};
    });
  }

  Status CheckAttributes() {
    RowWalk versions(check_.rows, keys::kVersion);
    return EachRow(check_, keys::kAttributes, [&](ByteReader& key, std::string_view value) -> Status {
      recount_.bytes += value.size();
      const Slot slot(key.Key32());
      const Version version(key.Key64());
      if (!KeyEnds(check_, key, "an attribute row")) return {};
      const std::string place = fmt::format("attributes at slot {}, version {}", slot.value, version.value);
      const auto row = DecodeAttributes(value);
      if (!Readable(check_, row, place)) return {};
      if (row->position > check_.counters.position) Beyond(place + ": position", check_.counters.position.value);
      ASSIGN_OR_RETURN(const auto bytes, versions.At(Key(keys::kVersion).Add(row->node).Add(version)));
      const auto of = bytes ? DecodeVersion(*bytes) : Result<VersionRow>(NotFound("no version"));
      if (!of.ok() || !HasAttributes(*of) || of->slot != slot) {
        check_.Add(FindingKind::kOrphanAttributes, place,
                   fmt::format("version {} of node {}", version.value, row->node.value), "no such version there");
      }
      CheckPaths(row->attributes.metadata, place);
      return {};
    });
  }

  void CheckPaths(const Value::Object& metadata, const std::string& place) {
    AttributeFields fields;
    FlattenMetadata(metadata, &fields);
    for (const auto& [path, value] : fields) {
      if (paths_.contains(path)) continue;
      check_.AddRepaired(FindingKind::kPathMissing, place, fmt::format("path \"{}\" to be registered", path), "no row");
      if (check_.repairing()) check_.repairs->Put(Key(keys::kPath).AddRaw(path), "");
      paths_.insert(path);
      ++recount_.paths;
    }
  }

  Status CheckContents() {
    RETURN_IF_ERROR(EachRow(check_, keys::kContent, [&](ByteReader& key, std::string_view value) -> Status {
      recount_.bytes += value.size();
      const Slot slot(key.Key32());
      if (!KeyEnds(check_, key, "a content row")) return {};
      if (!referred_.contains(slot.value)) {
        check_.Add(FindingKind::kOrphanContent, SlotPlace(slot), "a version that refers to its content", "none");
      }
      referred_.remove(slot.value);
      return {};
    }));
    for (const uint32_t slot : referred_) {
      check_.Add(FindingKind::kMissingContent, SlotPlace(Slot(slot)), "content, which a version refers to", "no row");
    }
    return {};
  }

  Status CheckStates() {
    return EachRow(check_, keys::kState, [&](ByteReader& key, std::string_view) -> Status {
      const NodeNumber node(key.Key32());
      if (!KeyEnds(check_, key, "a state record") || live_.contains(node.value)) return {};
      check_.Add(FindingKind::kOrphanState, NodePlace(node), "a live memory", "a state record alone");
      return {};
    });
  }

  Status CheckEntities() {
    SlotSet found;
    RETURN_IF_ERROR(EachRow(check_, keys::kEntity, [&](ByteReader& key, std::string_view value) -> Status {
      const NodeNumber number(key.Key32());
      if (!KeyEnds(check_, key, "an entity's row")) return {};
      auto node = DecodeNode(value);
      if (!Readable(check_, node, NodePlace(number))) return {};
      found.add(number.value);
      if (!entities_.contains(number.value)) {
        check_.Add(FindingKind::kEntityRowDiffers, NodePlace(number), "the id of an entity", "none");
        return {};
      }
      ASSIGN_OR_RETURN(auto ids, ReadNodeIds(check_.rows, {number}));
      node->id = std::move(ids[0]);
      recount_.nodes_digest += NodeDigest(*node);
      return {};
    }));
    for (const uint32_t missing : entities_ - found) {
      check_.Add(FindingKind::kEntityRowDiffers, NodePlace(NodeNumber(missing)), "the row of an entity", "none");
    }
    return {};
  }

  // The live memory of a node; nothing where there is none.
  Result<std::optional<IdRow>> FindLive(NodeNumber node) const {
    if (!live_.contains(node.value)) return std::optional<IdRow>();
    ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(check_.rows, {node}));
    ASSIGN_OR_RETURN(const auto bytes, check_.rows.Get(keys::Id(ids[0])));
    auto row = bytes ? DecodeIdRow(*bytes) : Result<IdRow>(NotFound("no such id"));
    return row.ok() ? std::optional<IdRow>(std::move(*row)) : std::nullopt;
  }

  Status CheckMembers() {
    return EachRow(check_, keys::kRunMember, [&](ByteReader& key, std::string_view) -> Status {
      const std::string whole = keys::kRunMember + std::string(key.rest());
      const uint32_t run = key.Key32();
      const NodeNumber node(key.Key32());
      if (!KeyEnds(check_, key, "a run's member")) return {};
      ASSIGN_OR_RETURN(const auto row, FindLive(node));
      if (row && row->run == run) return {};
      check_.AddRepaired(FindingKind::kRunMemberDiffers, NodePlace(node), "no membership",
                         fmt::format("a member of run {}", run));
      if (check_.repairing()) check_.repairs->Delete(whole);
      return {};
    });
  }

  Status CheckRuns() {
    return EachRow(check_, keys::kRunByNumber, [&](ByteReader& key, std::string_view value) -> Status {
      const uint32_t number = key.Key32();
      const std::string place = fmt::format("run {}", number);
      if (!KeyEnds(check_, key, place)) return {};
      ++recount_.runs;
      auto run = DecodeRun(value);
      if (!Readable(check_, run, place)) return {};
      if (number >= check_.counters.next_run) Beyond(place, check_.counters.next_run);
      const uint64_t members = members_.contains(number) ? members_.at(number) : 0;
      members_.erase(number);
      RETURN_IF_ERROR(CheckExpiry(run->expires_at, true, number, place));
      if (run->memories == members) return {};
      check_.AddRepaired(FindingKind::kRunCountDiffers, place, fmt::format("{} memories", members),
                         fmt::format("{}", run->memories));
      run->memories = members;
      if (check_.repairing()) check_.repairs->Put(Key(keys::kRunByNumber).AddRun(number), EncodeRun(*run));
      return {};
    });
  }

  // After CheckRuns.
  Status CheckRunNames() {
    for (const auto& [run, members] : members_) {
      check_.Add(FindingKind::kRunNameDiffers, fmt::format("run {}", run), "a row, as memories belong to it", "none");
    }
    return EachRow(check_, keys::kRun, [&](ByteReader& key, std::string_view value) -> Status {
      ByteReader number(value);
      const uint32_t run = number.Key32();
      const std::string place = fmt::format("run {}", run);
      ASSIGN_OR_RETURN(const auto bytes, check_.rows.Get(Key(keys::kRunByNumber).AddRun(run)));
      const auto row = bytes ? DecodeRun(*bytes) : Result<RunRow>(NotFound("no row"));
      if (row.ok() && number.Finish("run").ok() && keys::Run(row->scopes).substr(1) == key.rest()) return {};
      check_.Add(FindingKind::kRunNameDiffers, place, "a run with the scopes of its name", "none");
      return {};
    });
  }

  Status CheckDuplicates() {
    return EachRow(check_, keys::kDuplicate, [&](ByteReader& key, std::string_view) -> Status {
      const std::string whole = keys::kDuplicate + std::string(key.rest());
      Hash128 hash;
      hash.high = key.Key64();
      hash.low = key.Key64();
      const NodeNumber node(key.Key32());
      if (!KeyEnds(check_, key, "a duplicate's row")) return {};
      ASSIGN_OR_RETURN(const auto row, FindLive(node));
      if (row && row->duplicate_hash == hash) return {};
      check_.AddRepaired(FindingKind::kDuplicateRowDiffers, NodePlace(node), "no row by this hash", "one");
      if (check_.repairing()) check_.repairs->Delete(whole);
      return {};
    });
  }

  void Beyond(const std::string& place, uint64_t counter) {
    check_.Add(FindingKind::kNumberBeyondCounter, place, fmt::format("below or at {}", counter), "more");
  }

  const NamespaceCheck& check_;
  SlotSet& nodes_;
  NamespaceCounters& recount_;
  SlotSet memories_;  // nodes of memories, live or not
  SlotSet live_;
  SlotSet entities_;
  SlotSet referred_;  // slots that versions refer to
  std::set<std::string, std::less<>> paths_;
  std::map<uint32_t, uint64_t> members_;  // by run
};

}  // namespace

Status CheckMemoryRows(NamespaceCheck* check, NamespaceCounters* recount) { return MemoryRows(check, recount).Check(); }

Status CheckMemory(const NamespaceCheck& check, const std::string& id, const IdRow& row) {
  const std::string place = MemoryPlace(id);
  if (row.slot >= check.counters.next_slot || (row.run && *row.run >= check.counters.next_run)) {
    check.Add(FindingKind::kNumberBeyondCounter, place, "slot and run below the counters", "more");
  }
  ASSIGN_OR_RETURN(
      const auto values,
      check.rows.MultiGet({Key(keys::kContent).Add(row.slot), Key(keys::kAttributes).Add(row.slot).Add(row.version),
                           Key(keys::kState).Add(row.node), Key(keys::kVersion).Add(row.node).Add(row.version)}));
  const auto& [content_bytes, attribute_bytes, state_bytes, version_bytes] =
      std::tie(values[0], values[1], values[2], values[3]);
  const auto missing = [&](FindingKind kind, std::string_view what) {
    check.Add(kind, place, fmt::format("{} at slot {}, version {}", what, row.slot.value, row.version.value), "no row");
  };
  std::optional<Hash128> content_hash;
  if (!content_bytes) {
    missing(FindingKind::kMissingContent, "content");
  } else {
    Include all;
    all.vectors = true;
    NodeNumber node;
    Content content;
    const Status status = DecodeContent(*content_bytes, all, &node, &content);
    if (!status.ok()) check.Add(FindingKind::kUnreadableRow, place + ", content", "", status.message());
    if (status.ok()) content_hash = ContentHash(content);
    if (status.ok() && node != row.node) {
      check.Add(FindingKind::kForeignSlot, place, NodePlace(row.node), fmt::format("content of {}", NodePlace(node)));
    }
    if (content_hash && *content_hash != row.content_hash) {
      check.Add(FindingKind::kContentHashDiffers, place, row.content_hash.ToHex(), content_hash->ToHex());
    }
  }
  if (!version_bytes) missing(FindingKind::kMissingVersion, "a version row");
  if (!state_bytes) missing(FindingKind::kMissingState, "a state record");
  if (!attribute_bytes) {
    missing(FindingKind::kMissingAttributes, "attributes");
    return {};
  }
  const auto attributes = DecodeAttributes(*attribute_bytes);
  const auto state = state_bytes ? DecodeState(*state_bytes) : Result<StateRecord>(NotFound("no row"));
  if (!attributes.ok()) return {};  // told where all attribute rows are looked at
  if (state_bytes && !Readable(check, state, place + ", state record")) return {};
  if (attributes->node != row.node) {
    check.Add(FindingKind::kForeignSlot, place, NodePlace(row.node),
              fmt::format("attributes of {}", NodePlace(attributes->node)));
  }
  if (attributes->run != row.run) {
    check.Add(FindingKind::kForeignSlot, place, "one run", "another in its attributes");
  }
  if (!state.ok() || !content_hash) return {};
  const Hash128 hash = MemoryHash(id, *content_hash, attributes->attributes, *state);
  if (hash != row.hash) check.Add(FindingKind::kMemoryHashDiffers, place, row.hash.ToHex(), hash.ToHex());
  return {};
}

}  // namespace engram
