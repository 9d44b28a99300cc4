// One namespace in memory for tests of searches: rows as the write path leaves them, and the index that the
// registry keeps of them. The smallest writer there can be: no checks, no history policy.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/kv.h"
#include "engine/config.h"
#include "engine/index_registry.h"
#include "engine/memory.h"
#include "engine/read_view.h"
#include "engine/search.h"
#include "graph/edge.h"

namespace engram::search {

// What a test says of a memory.
struct Draft {
  std::string id;
  std::string text = {};
  std::vector<float> vector = {};  // of the space "default"; empty: none
  Attributes attributes = {};
  StateRecord state = {};
  std::map<std::string, std::string> fields = {};
};

class TestNamespace {
 public:
  explicit TestNamespace(NamespaceConfig config = {});
  ~TestNamespace();
  TestNamespace(const TestNamespace&) = delete;
  TestNamespace& operator=(const TestNamespace&) = delete;

  // The time of the writes and searches that follow.
  void SetTime(Timestamp now) { now_ = now; }
  Timestamp now() const { return now_; }
  // Rows of replaced and deleted memories go at once, as without history.
  void KeepNoHistory() { keep_history_ = false; }

  // A new memory, or new content of one.
  void Write(const Draft& draft);
  // The slot stays.
  void WriteAttributes(const std::string& id, const Attributes& attributes);
  void Delete(const std::string& id);
  // Ends that aren't memories become named entities. An empty edge id makes one. `memory` brought it, if any.
  void Link(const std::string& source, const std::string& target, Edge edge = {}, const std::string& memory = "");
  void Unlink(const std::string& edge_id);

  // Runs before each of the next looks at the store, while something is left to run.
  void BeforeSnapshots(std::vector<std::function<void()>> writes);

  Result<SearchReply> Search(const SearchRequest& request) const;
  ReadView View(std::optional<std::chrono::nanoseconds> deadline = std::nullopt) const;
  ManualClock& clock() const { return clock_; }
  const KvReader& rows() const;

 private:
  class MapStore;
  struct Known {
    NodeNumber node;
    std::optional<Slot> slot;
    Version version;
    Position joined;
    Attributes attributes;
    StateRecord state;
  };

  KvBatch& Rows();
  Known& NodeOf(const std::string& id, bool is_memory);
  void PutVersion(const std::string& id, const Known& known, HistoryEvent::Kind kind);
  IndexedRow RowOf(const std::string& id, const Known& known);
  AttributeRow AttributesOf(const Known& known);
  std::optional<uint32_t> RunOf(const Attributes& attributes);
  void Publish(IndexEvent event);

  NamespaceConfig config_;
  std::unique_ptr<MapStore> store_;
  std::unique_ptr<IndexRegistry> registry_;
  std::unique_ptr<ScopedBatch> batch_;
  mutable std::unique_ptr<ScopedReader> reader_;
  mutable ManualClock clock_{Timestamp::FromSeconds(1'000'000)};
  Timestamp now_ = Timestamp::FromSeconds(1'000'000);
  bool keep_history_ = true;
  NamespaceCounters counters_;
  std::map<std::string, Known> known_;
  std::map<std::string, uint32_t> runs_;
  uint64_t edges_ = 0;
};

}  // namespace engram::search
