// A store with something of everything, closed, and ways to change a copy of it behind the engine's back.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>

#include "base/check.h"
#include "engine/doctor/doctor.h"
#include "engine/keys.h"
#include "engine/rows.h"
#include "engine/segments/segment_rows.h"
#include "engine/store.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"
#include "index/vector/vector_index.h"
#include "tests/engine/engine_fixture.h"

namespace engram {

inline constexpr int kPlantedMemories = 400;
inline constexpr uint32_t kPlantedDimensions = 8;

// Namespace "ns" (number 1) of tenant "default" (number 1), sealed and with a graph; runs, edges, entities, expiries,
// duplicates, stored replies, an alias.
class PlantedStore {
 public:
  static constexpr TenantId kTenant{1};
  static constexpr NamespaceId kNamespace{1};

  PlantedStore() : clock_(kStart) {
    auto engine = Engine::Open(Options());
    ENGRAM_CHECK(engine.ok());
    ENGRAM_CHECK(*(*engine)->FindTenant("default", true) == kTenant);
    Fill(engine->get());
    WaitForSealer(engine->get());
    // What a kill at this moment would leave.
    std::filesystem::copy(path(), crashed_.path() + "/data", std::filesystem::copy_options::recursive);
  }

  const std::string& path() const { return directory_.path(); }
  std::string crashed_path() const { return crashed_.path() + "/data"; }
  const ManualClock& clock() const { return clock_; }

  EngineOptions Options() const {
    EngineOptions options;
    options.data_dir = directory_.path();
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    options.block_cache_bytes = 8 << 20;
    options.seal_rows = 40;
    options.graph_rows = 100;
    options.seal_rest = std::chrono::milliseconds(0);
    return options;
  }

  static void WaitForSealer(Engine* engine) {
    for (int idle = 0; idle < 2;) {
      idle = engine->Status().sealing_jobs == 0 ? idle + 1 : 0;
      if (idle == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  // "w1 w2 …", different for each.
  static std::string TextOf(int i) {
    std::string text = "own" + std::to_string(i);
    for (int word = 0; word < 5; ++word) text += " w" + std::to_string((i * 7 + word * word * 3) % 41);
    return text;
  }

 private:
  static MutationResult Do(Engine* engine, std::vector<Operation> operations, const std::string& key = {}) {
    Mutation mutation;
    mutation.tenant = kTenant;
    mutation.namespace_name = "ns";
    mutation.operations = std::move(operations);
    if (!key.empty()) {
      mutation.idempotency.emplace();
      mutation.idempotency->key = key;
      mutation.idempotency->request_hash = 1;
    }
    MutationResult result = WriteWhenThereIsRoom(engine, mutation);
    ENGRAM_CHECK(result.status.ok());
    return result;
  }

  void Fill(Engine* engine) {
    NamespaceConfig config;
    config.deduplicate = Deduplicate::kContent;
    config.aliases = {"other"};
    Do(engine, {CreateNamespace{config}});
    std::mt19937_64 random(11);
    for (int i = 0; i < kPlantedMemories; ++i) {
      WriteMemory write = MemoryOf(std::to_string(i), TextOf(i));
      if (i == 3) write.content.text.clear();
      DenseVector vector(kPlantedDimensions);
      for (float& x : vector) x = std::normal_distribution<float>()(random);
      if (i != 4) write.content.vectors["default"] = std::move(vector);
      write.attributes.metadata["n"] = Value(i % 10);
      write.attributes.scopes.user_id = "ann";
      if (i % 10 == 0) write.attributes.scopes.run_id = "run";
      if (i % 50 == 7) write.state.expires_at = kStart.PlusSeconds(86'400);
      Do(engine, {std::move(write)}, i % 100 == 1 ? "key-" + std::to_string(i) : "");
      if (i == 5) {
        SearchRequest request;  // who is read gets graphs
        request.legs.resize(1);
        request.legs[0].name = "text";
        request.legs[0].text = "w1";
        ENGRAM_CHECK(engine->Search({kTenant, "ns"}, request, {}).ok());
      }
    }
    WriteNode node;
    node.node.id = "topic";
    node.node.name = "Topic";
    Do(engine, {std::move(node)});
    for (int i = 0; i < 6; ++i) {
      WriteEdge edge;
      edge.edge.id = "edge-" + std::to_string(i);
      edge.edge.type = "mentions";
      edge.source_id = std::to_string(i);
      edge.target_id = i == 5 ? "far" : "topic";
      edge.memory_id = std::to_string(i);
      Do(engine, {std::move(edge)});
    }
    PatchMemory patch;
    patch.id = "20";
    patch.metadata = Value::Object{{"n", Value(99)}};
    Do(engine, {std::move(patch)});
    DeleteMemory gone;
    gone.id = "30";
    Do(engine, {std::move(gone)});
  }

  TempDirectory directory_;
  TempDirectory crashed_;
  ManualClock clock_;
};

// A copy of it, to be damaged.
class DamagedCopy {
 public:
  explicit DamagedCopy(const PlantedStore& original) : DamagedCopy(original, original.path()) {}
  DamagedCopy(const PlantedStore& original, const std::string& from) : clock_(&original.clock()) {
    std::filesystem::copy(from, path(), std::filesystem::copy_options::recursive);
  }

  std::string path() const { return directory_.path() + "/data"; }

  // Changes rows in one commit of a store that is opened for it.
  struct Rows {
    Store::Overlay& overlay;
    ScopedReader ns{overlay, keys::Scope(PlantedStore::kTenant, PlantedStore::kNamespace)};
    ScopedBatch ns_batch{overlay, keys::Scope(PlantedStore::kTenant, PlantedStore::kNamespace)};
    ScopedReader directory{overlay, keys::Scope(PlantedStore::kTenant, keys::kDirectory)};
    ScopedBatch directory_batch{overlay, keys::Scope(PlantedStore::kTenant, keys::kDirectory)};
    ScopedReader system{overlay, keys::Scope(keys::kSystemTenant, keys::kDirectory)};
    ScopedBatch system_batch{overlay, keys::Scope(keys::kSystemTenant, keys::kDirectory)};

    static std::pair<std::string, std::string> First(const KvReader& rows, char kind) {
      const auto it = rows.ScanPrefix(std::string(1, kind));
      ENGRAM_CHECK(it->Valid());
      return {std::string(it->key()), std::string(it->value())};
    }
    std::pair<std::string, std::string> First(char kind) const { return First(ns, kind); }
    IdRow Id(const std::string& id) const { return *FindId(ns, id).value(); }
    NamespaceCounters Counters() const { return ReadCounters(ns).value(); }
    void Put(const NamespaceCounters& counters) { ns_batch.Put(keys::Key(keys::kCounters), EncodeCounters(counters)); }
    std::string Get(const std::string& key) const { return ns.Get(key).value().value(); }
  };
  void Change(const std::function<void(Rows&)>& change) {
    StoreOptions options;
    options.path = path() + "/rows";
    const auto store = Store::Open(options);
    ENGRAM_CHECK(store.ok());
    auto overlay = (*store)->NewOverlay();
    Rows rows{*overlay};
    change(rows);
    ENGRAM_CHECK((*store)->Commit(std::move(overlay), false).ok());
  }

  DoctorReport Verify(bool repair = false, DoctorDepth depth = DoctorDepth::kFull) const {
    FolderOptions options;
    options.data_dir = path();
    options.repair = repair;
    options.clock = clock_;
    options.pass.depth = depth;
    auto report = ExamineFolder(options);
    ENGRAM_CHECK(report.ok());
    return std::move(*report);
  }

 private:
  TempDirectory directory_;
  const Clock* clock_;
};

inline std::string Texts(const DoctorReport& report) {
  std::string text;
  for (const Finding& finding : report.findings.kept()) text += ToText(finding) + "\n";
  return text;
}

}  // namespace engram
