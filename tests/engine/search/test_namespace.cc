#include "tests/engine/search/test_namespace.h"

#include <algorithm>

#include "base/check.h"
#include "engine/canonical.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "graph/edge_store.h"

namespace engram::search {
namespace {

using keys::Key;

const TenantId kTenant{7};
const NamespaceId kNamespace{3};

}  // namespace

// Copies its rows when they change while somebody holds a snapshot.
class TestNamespace::MapStore final : public Store {
 public:
  std::shared_ptr<const KvReader> Snapshot() const override {
    if (!before_.empty()) {
      const std::function<void()> write = std::move(before_.back());
      before_.pop_back();
      write();
    }
    return rows_;
  }
  std::unique_ptr<Overlay> NewOverlay() override { ENGRAM_CHECK(false); }
  Status Commit(std::unique_ptr<Overlay>, bool) override { ENGRAM_CHECK(false); }
  Status SyncLog() override { return {}; }
  Status CompactRange(std::string_view, std::string_view) override { return {}; }
  bool out_of_space() const override { return false; }
  uint64_t DiskBytes() const override { return 0; }
  std::vector<std::pair<std::string, double>> Gauges() const override { return {}; }

  void Before(std::vector<std::function<void()>> writes) {
    before_ = std::move(writes);
    std::reverse(before_.begin(), before_.end());
  }

  MemoryKv& Writable() {
    if (rows_.use_count() > 1) rows_ = std::make_shared<MemoryKv>(*rows_);
    return *rows_;
  }

 private:
  std::shared_ptr<MemoryKv> rows_ = std::make_shared<MemoryKv>();
  mutable std::vector<std::function<void()>> before_;  // the next one last
};

TestNamespace::TestNamespace(NamespaceConfig config)
    : config_(std::move(config)),
      store_(std::make_unique<MapStore>()),
      registry_(std::make_unique<IndexRegistry>(*store_, uint64_t{1} << 30)) {
  counters_.next_slot = Slot(1);
  counters_.next_node = NodeNumber(1);
  Rows().Put(Key(keys::kHead), EncodeHead({"test", now_, config_}));
  Rows().Put(Key(keys::kCounters), EncodeCounters(counters_));
}

TestNamespace::~TestNamespace() = default;

void TestNamespace::BeforeSnapshots(std::vector<std::function<void()>> writes) { store_->Before(std::move(writes)); }

KvBatch& TestNamespace::Rows() {
  batch_ = std::make_unique<ScopedBatch>(store_->Writable(), keys::Scope(kTenant, kNamespace));
  return *batch_;
}

const KvReader& TestNamespace::rows() const {
  reader_ = std::make_unique<ScopedReader>(store_->Writable(), keys::Scope(kTenant, kNamespace));
  return *reader_;
}

TestNamespace::Known& TestNamespace::NodeOf(const std::string& id, bool is_memory) {
  const auto [place, added] = known_.try_emplace(id);
  if (added) {
    place->second.node = counters_.next_node;
    counters_.next_node = counters_.next_node.Next();
    Rows().Put(Key(keys::kNode).Add(place->second.node), id);
  }
  if (added && !is_memory) {
    IdRow row;
    row.node = place->second.node;
    row.is_memory = false;
    Rows().Put(keys::Id(id), EncodeIdRow(row));
  }
  return place->second;
}

std::optional<uint32_t> TestNamespace::RunOf(const Attributes& attributes) {
  if (attributes.scopes.run_id.empty()) return std::nullopt;
  return runs_.try_emplace(attributes.scopes.run_id, static_cast<uint32_t>(runs_.size() + 1)).first->second;
}

IndexedRow TestNamespace::RowOf(const std::string& id, const Known& known) {
  return {*known.slot,
          known.node,
          id,
          known.version,
          RunOf(known.attributes),
          {EventTime(known.attributes), known.joined, 0}};
}

AttributeRow TestNamespace::AttributesOf(const Known& known) {
  AttributeRow row;
  row.node = known.node;
  row.attributes = known.attributes;
  row.run = RunOf(known.attributes);
  row.position = known.joined;
  return row;
}

void TestNamespace::PutVersion(const std::string& id, const Known& known, HistoryEvent::Kind kind) {
  IdRow row;
  row.node = known.node;
  row.slot = *known.slot;
  row.version = known.version;
  row.live = kind != HistoryEvent::Kind::kDelete;
  Rows().Put(keys::Id(id), EncodeIdRow(row));
  Rows().Put(Key(keys::kVersion).Add(known.node).Add(known.version),
             EncodeVersion({kind, *known.slot, known.version, now_}));
  if (!row.live) return;
  Rows().Put(Key(keys::kAttributes).Add(*known.slot).Add(known.version), EncodeAttributes(AttributesOf(known)));
  Rows().Put(Key(keys::kState).Add(known.node), EncodeState(known.state));
}

void TestNamespace::Publish(IndexEvent event) {
  counters_.position = counters_.position.Next();
  counters_.log_time = now_;
  Rows().Put(Key(keys::kCounters), EncodeCounters(counters_));
  Publication publication{kTenant, kNamespace, counters_.position, now_, {}};
  publication.events.push_back(std::move(event));
  registry_->Publish(publication);
}

void TestNamespace::Write(const Draft& draft) {
  Known& known = NodeOf(draft.id, true);
  const std::optional<Slot> replaces = known.slot;
  if (replaces && !keep_history_) {
    Rows().Delete(Key(keys::kContent).Add(*replaces));
    Rows().Delete(Key(keys::kAttributes).Add(*replaces).Add(known.version));
  }
  if (!replaces) known.joined = counters_.position.Next();
  known.slot = counters_.next_slot;
  counters_.next_slot = counters_.next_slot.Next();
  known.version = known.version.Next();
  known.attributes = draft.attributes;
  if (known.attributes.created_at == Timestamp()) known.attributes.created_at = now_;
  known.state = draft.state;
  auto content = std::make_shared<Content>();
  content->text = draft.text;
  content->fields = draft.fields;
  if (!draft.vector.empty()) content->vectors.emplace(kDefaultSpace, draft.vector);
  Rows().Put(Key(keys::kContent).Add(*known.slot), EncodeContent(known.node, *content));
  PutVersion(draft.id, known, replaces ? HistoryEvent::Kind::kUpdate : HistoryEvent::Kind::kAdd);
  Publish(ContentAdded{RowOf(draft.id, known), replaces, content, known.attributes, known.state});
}

void TestNamespace::WriteAttributes(const std::string& id, const Attributes& attributes) {
  Known& known = known_.at(id);
  known.version = known.version.Next();
  known.attributes = attributes;
  if (known.attributes.created_at == Timestamp()) known.attributes.created_at = now_;
  PutVersion(id, known, HistoryEvent::Kind::kUpdate);
  Publish(AttributesChanged{RowOf(id, known), known.attributes, known.state});
}

void TestNamespace::Delete(const std::string& id) {
  Known& known = known_.at(id);
  const Slot slot = *known.slot;
  if (!keep_history_) {
    Rows().Delete(Key(keys::kContent).Add(slot));
    Rows().Delete(Key(keys::kAttributes).Add(slot).Add(known.version));
  }
  known.version = known.version.Next();
  PutVersion(id, known, HistoryEvent::Kind::kDelete);
  known.slot.reset();
  Publish(SlotRemoved{slot});
}

void TestNamespace::Link(const std::string& source, const std::string& target, Edge edge, const std::string& memory) {
  if (edge.id.empty()) edge.id = "e" + std::to_string(++edges_);
  if (edge.type.empty()) edge.type = "near";
  edge.source = NodeOf(source, false).node;
  edge.target = NodeOf(target, false).node;
  if (!memory.empty()) edge.memory = NodeOf(memory, true).node;
  edge.recorded = now_;
  KvBatch& batch = Rows();
  const Result<EdgeChange> change = PutEdge(rows(), edge, batch);
  ENGRAM_CHECK(change.ok());
  Publish(EdgesChanged{*change});
}

void TestNamespace::Unlink(const std::string& edge_id) {
  KvBatch& batch = Rows();
  const Result<EdgeChange> change = RetireEdge(rows(), edge_id, now_, batch);
  ENGRAM_CHECK(change.ok());
  Publish(EdgesChanged{*change});
}

ReadView TestNamespace::View(std::optional<std::chrono::nanoseconds> deadline) const {
  auto known = std::make_shared<KnownNamespace>(KnownNamespace{kNamespace, {"test", {}, config_}});
  return {kTenant, std::move(known), store_->Snapshot(), registry_.get(), &clock_, now_, deadline};
}

Result<SearchReply> TestNamespace::Search(const SearchRequest& request) const {
  return SearchNamespace(View(), request);
}

}  // namespace engram::search
