#include "engine/check.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/canonical.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "engine/write/graph_writes.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

// Recounts one namespace from its rows.
class Recount {
 public:
  explicit Recount(const ReadView& view) : view_(view), rows_(view.rows()) {}

  Result<std::vector<std::string>> Run() {
    ASSIGN_OR_RETURN(counters_, view_.counters());
    RETURN_IF_ERROR(CountMemories());
    RETURN_IF_ERROR(CountVersions());
    RETURN_IF_ERROR(CountEntities());
    RETURN_IF_ERROR(CountRuns());
    RETURN_IF_ERROR(CountEdges());
    RETURN_IF_ERROR(CountBytes());
    Compare();
    return std::move(problems_);
  }

 private:
  template <class... Args>
  void Problem(fmt::format_string<Args...> format, Args&&... args) {
    problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void Same(std::string_view what, uint64_t counter, uint64_t counted) {
    if (counter != counted) Problem("{}: the counter says {}, the rows {}", what, counter, counted);
  }
  void Same(std::string_view what, const Hash128& digest, const Hash128& summed) {
    if (digest != summed) Problem("{}: the digest is {}, the rows sum to {}", what, digest.ToHex(), summed.ToHex());
  }

  // Live memories: id row -> node row, content, attributes, state; their hash.
  Status CountMemories() {
    Include everything;
    everything.vectors = true;
    const auto it = rows_.ScanPrefix(std::string(1, keys::kId));
    for (; it->Valid(); it->Next()) {
      ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(it->value()));
      ASSIGN_OR_RETURN(const auto ids, ReadNodeIds(rows_, {row.node}));
      if (keys::Id(ids[0]) != it->key())
        Problem("node {} names \"{}\", another id than the one that points at it", row.node.value, ids[0]);
      if (!nodes_.insert(row.node.value).second) Problem("node {} belongs to two ids", row.node.value);
      if (row.node >= counters_.next_node) Problem("node {} lies beyond the counter", row.node.value);
      if (!row.is_memory) {
        ++entities_;
        continue;
      }
      if (!row.live) continue;
      RETURN_IF_ERROR(view_.CheckDeadline());
      auto memory = ReadMemory(rows_, ids[0], row, everything);
      if (!memory.ok()) {
        Problem("memory \"{}\": {}", ids[0], memory.status().ToString());
        continue;
      }
      const Hash128 content_hash = ContentHash(memory->content);
      if (content_hash != row.content_hash)
        Problem("memory \"{}\": the content's hash differs from the id row's", ids[0]);
      const Hash128 hash = MemoryHash(ids[0], content_hash, memory->attributes, memory->state);
      if (hash != row.hash) Problem("memory \"{}\": its hash differs from the id row's", ids[0]);
      if (row.slot >= counters_.next_slot)
        Problem("memory \"{}\": slot {} lies beyond the counter", ids[0], row.slot.value);
      if (row.run) ++members_[*row.run];
      memories_digest_ += hash;
      ++memories_;
    }
    return it->status();
  }

  Status CountVersions() {
    std::optional<uint32_t> node;
    const auto it = rows_.ScanPrefix(std::string(1, keys::kVersion));
    for (; it->Valid(); it->Next()) {
      ByteReader key(it->key().substr(1));
      const uint32_t of = key.Key32();
      if (!nodes_.contains(of)) Problem("a version of node {}, which no id names", of);
      if (node == of) ++former_versions_;
      node = of;
    }
    return it->status();
  }

  Status CountEntities() {
    uint64_t rows = 0;
    const auto it = rows_.ScanPrefix(std::string(1, keys::kEntity));
    for (; it->Valid(); it->Next(), ++rows) {
      ByteReader key(it->key().substr(1));
      ASSIGN_OR_RETURN(Node node, DecodeNode(it->value()));
      ASSIGN_OR_RETURN(auto ids, ReadNodeIds(rows_, {NodeNumber(key.Key32())}));
      node.id = std::move(ids[0]);
      nodes_digest_ += NodeDigest(node);
    }
    if (rows != entities_) Problem("{} ids are named entities, but there are {} entity rows", entities_, rows);
    return it->status();
  }

  Status CountRuns() {
    std::map<uint32_t, uint64_t> rows;
    const auto members = rows_.ScanPrefix(std::string(1, keys::kRunMember));
    for (; members->Valid(); members->Next()) {
      ByteReader key(members->key().substr(1));
      ++rows[key.Key32()];
    }
    RETURN_IF_ERROR(members->status());
    if (rows != members_) Problem("run membership differs from the memories' own runs");
    const auto it = rows_.ScanPrefix(std::string(1, keys::kRunByNumber));
    for (; it->Valid(); it->Next(), ++runs_) {
      ByteReader key(it->key().substr(1));
      const uint32_t number = key.Key32();
      ASSIGN_OR_RETURN(const RunRow run, DecodeRun(it->value()));
      Same(fmt::format("members of run {}", number), run.memories, rows[number]);
    }
    return it->status();
  }

  Status CountEdges() {
    return VisitAllEdges(rows_, [this](const Edge& edge) {
      ++edges_;
      edges_digest_ += EdgeDigest(edge);
      if (!nodes_.contains(edge.source.value) || !nodes_.contains(edge.target.value)) {
        Problem("edge \"{}\" has an end that no id names", edge.id);
      }
      return true;
    });
  }

  Status CountBytes() {
    for (const char kind : {keys::kContent, keys::kAttributes}) {
      const auto it = rows_.ScanPrefix(std::string(1, kind));
      for (; it->Valid(); it->Next()) bytes_ += it->value().size();
      RETURN_IF_ERROR(it->status());
    }
    return {};
  }

  void Compare() {
    Same("memories", counters_.memories, memories_);
    Same("former versions", counters_.former_versions, former_versions_);
    Same("named entities", counters_.nodes, entities_);
    Same("runs", counters_.runs, runs_);
    Same("edges", counters_.edges, edges_);
    Same("bytes", counters_.bytes, bytes_);
    Same("memories", counters_.memories_digest, memories_digest_);
    Same("nodes", counters_.nodes_digest, nodes_digest_);
    Same("edges", counters_.edges_digest, edges_digest_);
  }

  const ReadView& view_;
  NamespaceCounters counters_;
  const KvReader& rows_;
  std::vector<std::string> problems_;
  std::set<uint32_t> nodes_;
  std::map<uint32_t, uint64_t> members_;
  uint64_t memories_ = 0;
  uint64_t former_versions_ = 0;
  uint64_t entities_ = 0;
  uint64_t runs_ = 0;
  uint64_t edges_ = 0;
  uint64_t bytes_ = 0;
  Hash128 memories_digest_;
  Hash128 nodes_digest_;
  Hash128 edges_digest_;
};

}  // namespace

Result<std::vector<std::string>> CheckRows(const ReadView& view) { return Recount(view).Run(); }

Result<std::unique_ptr<NamespaceIndex>> RebuildIndex(const ReadView& view) {
  ASSIGN_OR_RETURN(auto index, NamespaceIndex::Create(view.head().config));
  RETURN_IF_ERROR(VisitLiveMemories(view.rows(), [&](IndexEvent event) {
    index->Load(std::move(event));
    return true;
  }));
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  index->FinishLoading(counters.position, counters.log_time);
  return index;
}

}  // namespace engram
