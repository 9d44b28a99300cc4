// Random mutations, filters and queries over a small world of ids and words, so that they meet. The same seed and
// the same twin give the same ones.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "tests/engine/model/twin_state.h"

namespace engram::model {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  NamespaceConfig RandomConfig();
  // One to five operations, for namespace "ns" of no tenant yet; one in six batches has an item that must fail.
  Mutation RandomMutation(const TwinState& state, Timestamp now);
  UpdateMemory RandomUpdate(const std::string& id);
  // As the API would get it, so that the parser has its part.
  Filter RandomFilter(Timestamp now) { return Parsed(RandomFilterValue(now, 2)); }
  Filter RandomEdgeFilter();

  std::string RandomId();   // of memories
  std::string RandomEnd();  // memories and entities
  std::string RandomText(uint32_t words_max);
  std::string RandomWord();
  DenseVector RandomVector(uint32_t dimensions);
  std::string RandomField();

  // 0 … n - 1.
  uint32_t Pick(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool OneIn(uint32_t n) { return Pick(n) == 0; }

 private:
  static Filter Parsed(const Value& value);
  Value RandomFilterValue(Timestamp now, int depth);
  Value RandomCondition(const std::string& field, Timestamp now);
  Operation RandomOperation(const TwinState& state, Timestamp now);
  Operation BadOperation();
  WriteMemory RandomWrite(const TwinState& state, Timestamp now);
  PatchMemory RandomPatch(const TwinState& state, Timestamp now);
  DeleteMemory RandomDelete(const TwinState& state);
  WriteEdge RandomEdge(Timestamp now);
  WriteRun RandomRun(Timestamp now);
  PatchNamespace RandomSettings();
  StateChange RandomStateChange(Timestamp now);
  Scopes ScopesOf(const std::string& id);
  Value::Object RandomMetadata();
  Value RandomScalar();
  void AddVectors(const TwinState& state, Content* content);
  std::optional<uint64_t> RandomIfVersion(const TwinState& state, const std::string& id);

  std::mt19937_64 random_;
};

}  // namespace engram::model
