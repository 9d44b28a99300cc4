// What mem0 keeps, as memories: the points of its collection with the history of each, memories it has deleted, and the
// entities that it has linked to memories. Any PointStore may hold the points.
//
//   id                                     memory id, source.id        data            text, with its vectors
//   user_id agent_id run_id actor_id       scopes                      role            role
//   created_at updated_at                  times                       memory_type     kind
//   expiration_date (a day, inclusive)     expires_at                  anything else   metadata
//   history: ADD UPDATE DELETE             versions, with the texts and times that it knows
//   entity, its linked memories            a node; an edge "mentions" from each memory
//
// The TypeScript SDK's names (userId, createdAt …) mean the same. `hash` is compared with the text's MD5 and
// `text_lemmatized` left behind: both follow from the text. mem0 hides what has expired and keeps it, so the
// configuration says on_expiry "hide".
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tools/import/mem0_history.h"
#include "tools/import/point_store.h"
#include "tools/import/source.h"

namespace engram {

inline constexpr const char* kMem0System = "mem0";
inline constexpr const char* kMem0PlatformSystem = "mem0-platform";

// The platform's memories have an app_id, which is a scope there, too.
enum class Mem0Product : uint8_t { kOpenSource, kPlatform };

// "mem0", or the only collection that is neither mem0's telemetry nor entities. InvalidArgument names them otherwise.
Result<std::string> FindMem0Collection(const PointStore& store);

// What does not agree with itself in a point.
struct Mem0Oddities {
  bool other_hash = false;  // than its text's MD5: it stays in the metadata
  bool odd_expiry = false;  // an expiration date that is no day: likewise
};
// A point as a memory, without its history. `point` keeps its fingerprint and id.
Result<v1::Memory> Mem0PointToMemory(StoredPoint point, Mem0Product product, Mem0Oddities* oddities);

// Order: configuration, memories, tombstones, entities with their edges. source.version tells whether a memory has
// changed since it was imported (import/revision.h). A memory that the history has alive and the vector store has not
// is a record with a problem: mem0 has lost it.
class Mem0Source final : public ImportSource {
 public:
  // `collection` empty: "mem0", or the only one that is neither mem0's telemetry nor entities. `history` may be null.
  static Result<std::unique_ptr<Mem0Source>> Open(std::unique_ptr<PointStore> store, std::string collection,
                                                  std::unique_ptr<Mem0EventLog> history,
                                                  Mem0Product product = Mem0Product::kOpenSource);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "records"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;
  std::vector<std::string> Notes() const override;

 private:
  enum class Part : uint8_t { kConfig, kMemories, kTombstones, kEntities, kEnd };

  // How often something was met that a person should know of, and the first id it was met at.
  struct Finding {
    uint64_t count = 0;
    std::string first;
    void Add(const std::string& id) {
      if (count++ == 0) first = id;
    }
  };

  Mem0Source(std::unique_ptr<PointStore> store, std::string collection, std::unique_ptr<PointReader> memories,
             std::unique_ptr<PointReader> entities, std::unique_ptr<Mem0EventLog> history, Mem0Product product)
      : product_(product),
        store_(std::move(store)),
        collection_(std::move(collection)),
        memories_(std::move(memories)),
        entities_(std::move(entities)),
        history_(std::move(history)) {}

  const char* system() const { return product_ == Mem0Product::kPlatform ? kMem0PlatformSystem : kMem0System; }
  Result<bool> NextMemory(SourceRecord* record);
  Result<bool> NextTombstone(SourceRecord* record);
  Result<bool> NextEntity(SourceRecord* record);
  Status ToMemory(StoredPoint point, v1::Memory* memory);
  Status AddHistory(v1::Memory* memory);
  Status ToTombstone(const std::string& id, const std::vector<Mem0Event>& events, RecordItem* item);
  // A node and its edges, to be given one after the other.
  Status ToEntity(StoredPoint point);
  void AddEvents(const std::vector<Mem0Event>& events, size_t count, v1::Memory* memory);

  const Mem0Product product_;
  const std::unique_ptr<PointStore> store_;
  const std::string collection_;
  const std::unique_ptr<PointReader> memories_;
  const std::unique_ptr<PointReader> entities_;  // null: there are none
  const std::unique_ptr<Mem0EventLog> history_;  // null: unknown

  Part part_ = Part::kConfig;
  std::string tombstone_;             // the id looked at last
  std::deque<SourceRecord> waiting_;  // of one entity
  std::string entity_cursor_ = "start";
  uint64_t read_ = 0;

  Finding other_hash_;
  Finding odd_expiry_;
  Finding untimed_events_;
  Finding textless_events_;
  Finding other_last_text_;
  Finding lost_links_;
  uint64_t entity_vectors_ = 0;
};

}  // namespace engram
