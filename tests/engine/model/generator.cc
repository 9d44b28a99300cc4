#include "tests/engine/model/generator.h"

#include <array>

#include "base/check.h"

namespace engram::model {
namespace {

constexpr uint32_t kIds = 60;
constexpr std::array<const char*, 24> kWords = {
    "tea",    "milk", "green", "black", "cup",   "Cups",   "kettle", "running", "runs",  "walk",    "the",   "Zürich",
    "teapot", "team", "paris", "rain",  "rainy", "coffee", "bean",   "beans",   "don't", "morning", "sugar", "lemon"};
constexpr std::array<const char*, 4> kTypes = {"likes", "knows", "next", "about"};
constexpr std::array<const char*, 6> kEntities = {"person:ann", "person:bob", "place:paris", "tea", "topic:rain", "x"};

}  // namespace

NamespaceConfig Generator::RandomConfig() {
  NamespaceConfig config;
  if (!OneIn(4)) {
    VectorSpace space;
    space.dimensions = 4;
    space.metric = static_cast<Metric>(Pick(3));
    config.vectors["default"] = space;
  }
  VectorSpace second;
  second.dimensions = 3;
  second.metric = static_cast<Metric>(Pick(3));
  config.vectors["second"] = second;
  constexpr std::array<const char*, 4> kAnalyzers = {"standard", "english", "simple", "whitespace"};
  config.text.analyzer = kAnalyzers[Pick(4)];
  if (OneIn(2)) config.bm25 = {0.9, 0.4};
  constexpr std::array<uint32_t, 4> kKept = {kHistoryKeepAll, 0, 1, 3};
  config.history_versions = kKept[Pick(4)];
  config.on_expiry = static_cast<OnExpiry>(Pick(3));
  if (OneIn(2)) config.deduplicate = Deduplicate::kContent;
  return config;
}

std::string Generator::RandomId() {
  const uint32_t n = Pick(kIds);
  if (n % 4 == 0) return std::to_string(n * 7);
  if (n % 4 == 1) return "0190b5a0-0000-7000-8000-0000000000" + std::to_string(10 + n);
  return "m" + std::to_string(n);
}

std::string Generator::RandomEnd() { return OneIn(2) ? std::string(kEntities[Pick(kEntities.size())]) : RandomId(); }

std::string Generator::RandomWord() {
  // Some words are much more frequent than others.
  return kWords[std::min(Pick(kWords.size()), Pick(kWords.size()))];
}

std::string Generator::RandomText(uint32_t words_max) {
  std::string text;
  for (uint32_t n = Pick(words_max + 1); n > 0; --n) text += (text.empty() ? "" : " ") + RandomWord();
  return text;
}

DenseVector Generator::RandomVector(uint32_t dimensions) {
  DenseVector vector(dimensions);
  for (float& x : vector) x = static_cast<float>(Pick(21)) / 10.0F - 1.0F;
  vector[0] += vector[0] == 0 ? 0.5F : 0.0F;  // never all zeros
  return vector;
}

Scopes Generator::ScopesOf(const std::string& id) {
  // An id keeps its scopes, so that most writes to it are accepted.
  uint32_t hash = 17;
  for (const char c : id) hash = hash * 31 + static_cast<unsigned char>(c);
  Scopes scopes;
  if (hash % 3) scopes.user_id = hash % 3 == 1 ? "ann" : "bob";
  if (hash % 5 == 0) scopes.agent_id = "helper";
  if (hash % 2) scopes.run_id = "r" + std::to_string(hash / 7 % 3);
  if (hash % 7 == 0) scopes.actor_id = "user";
  if (OneIn(60)) scopes.user_id += "x";
  return scopes;
}

Value Generator::RandomScalar() {
  switch (Pick(6)) {
    case 0: return Value(static_cast<double>(Pick(10)));
    case 1: return Value(0.5 + Pick(10));
    case 2: return Value(RandomWord());
    case 3: return Value(OneIn(2));
    default: return Value(int64_t{Pick(10)});
  }
}

Value::Object Generator::RandomMetadata() {
  Value::Object metadata;
  if (!OneIn(3)) metadata["n"] = RandomScalar();
  if (!OneIn(3)) metadata["topic"] = Value(RandomWord());
  if (OneIn(3)) metadata["tags"] = Value(Value::List{Value(RandomWord()), RandomScalar()});
  if (OneIn(4)) metadata["deep"] = Value(Value::Object{{"x", RandomScalar()}, {"y.z", RandomScalar()}});
  if (OneIn(40)) metadata["long"] = Value(std::string(250 + Pick(10), static_cast<char>('a' + Pick(2))));
  return metadata;
}

StateChange Generator::RandomStateChange(Timestamp now) {
  StateChange change;
  if (OneIn(5)) change.ttl_seconds.emplace(1 + Pick(200));
  if (OneIn(40)) change.ttl_seconds.emplace(std::nullopt);
  if (OneIn(12)) change.expires_at.emplace(now.PlusSeconds(int64_t{Pick(100)}));
  if (OneIn(6)) change.refresh_ttl_on_read = OneIn(2);
  if (OneIn(4)) change.importance.emplace(Pick(11) / 10.0);
  if (OneIn(6)) change.pinned = OneIn(2);
  if (OneIn(20)) {  // as an import brings them
    change.access_count = Pick(9);
    change.last_access = now.PlusSeconds(-int64_t{Pick(1000)});
    change.used = Pick(5);
    change.helpful = Pick(5);
    change.harmful = Pick(5);
  }
  return change;
}

void Generator::AddVectors(const TwinState& state, Content* content) {
  if (!OneIn(3)) {
    const auto known = state.config.vectors.find("default");
    const bool fixed = known != state.config.vectors.end() && known->second.dimensions > 0;
    content->vectors["default"] = RandomVector(fixed ? known->second.dimensions : 4);
  }
  if (OneIn(4)) content->vectors["second"] = RandomVector(3);
}

std::optional<uint64_t> Generator::RandomIfVersion(const TwinState& state, const std::string& id) {
  if (!OneIn(5)) return std::nullopt;
  const TwinMemory* memory = state.Find(id);
  const uint64_t stored = memory && memory->live ? memory->version.value : 0;
  return OneIn(6) ? stored + 1 : stored;
}

WriteMemory Generator::RandomWrite(const TwinState& state, Timestamp now) {
  WriteMemory write;
  write.id = RandomId();
  write.content.text = RandomText(8);
  if (OneIn(4)) write.content.fields["title"] = RandomText(3);
  if (OneIn(8)) write.content.fields["answer"] = RandomText(4);
  AddVectors(state, &write.content);
  write.attributes.scopes = ScopesOf(write.id);
  write.attributes.metadata = RandomMetadata();
  if (OneIn(3)) write.attributes.kind = OneIn(2) ? "fact" : "event";
  if (OneIn(6)) write.attributes.role = "user";
  if (OneIn(8)) write.attributes.state = static_cast<MemoryState>(Pick(3));
  if (OneIn(3)) write.attributes.event_time = now.PlusSeconds(-int64_t{Pick(100'000)});
  if (OneIn(4)) write.attributes.source.version = Pick(20);
  if (OneIn(6)) write.attributes.source.system = "crm";
  if (OneIn(12)) write.version = Version(1 + Pick(12));  // as an import gives it, often behind a tombstone's
  write.state = RandomStateChange(now);
  write.if_version = RandomIfVersion(state, write.id);
  const TwinMemory* memory = state.Find(write.id);
  if (memory && OneIn(10)) {  // the same again, or other attributes for the same content
    write.content = memory->content;
    write.state = {};
    if (OneIn(2)) {
      write.attributes = memory->attributes;
      write.attributes.created_at = write.attributes.updated_at = {};
    }
  }
  return write;
}

PatchMemory Generator::RandomPatch(const TwinState& state, Timestamp now) {
  PatchMemory patch;
  patch.id = RandomId();
  patch.if_version = RandomIfVersion(state, patch.id);
  if (OneIn(3)) {
    patch.text = RandomText(8);
    patch.keep_vectors = !OneIn(4);
  }
  if (OneIn(5)) {
    patch.fields["title"] = OneIn(3) ? std::nullopt : std::optional<std::string>(RandomText(3));
    patch.keep_vectors |= !OneIn(4);
  }
  if (OneIn(5)) patch.vectors["second"] = VectorValue(RandomVector(3));
  if (OneIn(10)) patch.vectors["second"] = std::nullopt;
  if (OneIn(2)) {
    patch.metadata = RandomMetadata();
    if (OneIn(3)) (*patch.metadata)["topic"] = Value();
    if (OneIn(5)) (*patch.metadata)["deep"] = Value(Value::Object{{"x", Value()}, {"new", Value(1)}});
  }
  if (OneIn(6)) patch.kind = "fact";
  if (OneIn(6)) patch.state = static_cast<MemoryState>(Pick(3));
  if (OneIn(6)) patch.event_time.emplace(now.PlusSeconds(-int64_t{Pick(1000)}));
  if (OneIn(20)) patch.event_time.emplace(std::nullopt);
  patch.clear_metadata = OneIn(30);
  patch.clear_fields = OneIn(40);
  patch.clear_vectors = OneIn(40);
  if (OneIn(8)) {
    patch.source.emplace();
    if (OneIn(2)) patch.source->batch = "b" + std::to_string(Pick(3));
    if (OneIn(3)) patch.source->version.emplace(Pick(20));
    if (OneIn(4)) patch.source->version.emplace(std::nullopt);
    if (OneIn(4)) patch.source->system = "";
  }
  if (OneIn(3)) patch.record = RandomStateChange(now);
  return patch;
}

UpdateMemory Generator::RandomUpdate(const std::string& id) {
  AttributeChange update;
  if (OneIn(8)) update.replace_metadata = RandomMetadata();
  if (OneIn(3)) update.unset.emplace_back(OneIn(2) ? "metadata.n" : "metadata.deep.x");
  if (OneIn(2)) update.set.emplace_back("metadata.n", RandomScalar());
  if (OneIn(4)) update.set.emplace_back("metadata.deep.x", RandomScalar());
  if (OneIn(4)) update.set.emplace_back("importance", Value(Pick(11) / 10.0));
  if (OneIn(6)) update.set.emplace_back("pinned", Value(OneIn(2)));
  if (OneIn(8)) update.set.emplace_back("state", Value(OneIn(3) ? "archived" : "active"));
  return {id, nullptr, std::make_shared<const AttributeChange>(std::move(update))};
}

DeleteMemory Generator::RandomDelete(const TwinState& state) {
  DeleteMemory deletion;
  deletion.id = RandomId();
  deletion.if_version = RandomIfVersion(state, deletion.id);
  deletion.must_exist = OneIn(4);
  deletion.erase = OneIn(4);
  return deletion;
}

WriteEdge Generator::RandomEdge(Timestamp now) {
  WriteEdge write;
  write.source_id = RandomEnd();
  write.target_id = RandomEnd();
  write.edge.type = kTypes[Pick(kTypes.size())];
  write.edge.weight = 1 + Pick(4);
  if (OneIn(3)) write.edge.id = "e" + std::to_string(Pick(12));
  if (OneIn(4)) write.memory_id = RandomId();
  if (OneIn(4)) write.edge.metadata["n"] = RandomScalar();
  if (OneIn(5)) write.edge.scopes.user_id = "ann";
  if (OneIn(8)) write.edge.valid_from = now.PlusSeconds(int64_t{Pick(100)} - 50);
  if (OneIn(8)) write.edge.valid_to = now.PlusSeconds(int64_t{Pick(300)} - 20);
  if (OneIn(10)) write.recorded = now.PlusSeconds(-int64_t{Pick(500)});
  return write;
}

WriteRun Generator::RandomRun(Timestamp now) {
  WriteRun run;
  run.scopes.run_id = "r" + std::to_string(Pick(3));
  if (!OneIn(3)) run.scopes.user_id = OneIn(2) ? "ann" : "bob";
  if (OneIn(2)) run.ttl_seconds.emplace(20 + Pick(400));
  if (OneIn(8)) run.ttl_seconds.emplace(std::nullopt);
  if (OneIn(3)) run.metadata = RandomMetadata();
  if (OneIn(6)) run.created_at = run.last_activity = now.PlusSeconds(-int64_t{Pick(1000)});
  if (OneIn(6)) run.expires_at = now.PlusSeconds(1 + int64_t{Pick(400)});
  return run;
}

PatchNamespace Generator::RandomSettings() {
  PatchNamespace patch;
  if (OneIn(2)) patch.patch.bm25 = Bm25Parameters{0.5 + Pick(10) / 10.0, Pick(11) / 10.0};
  if (OneIn(3)) patch.patch.history_versions = OneIn(3) ? kHistoryKeepAll : Pick(4);
  if (OneIn(4)) patch.patch.metadata["note"] = Value(RandomWord());
  if (OneIn(6)) patch.patch.aliases = {{"alias" + std::to_string(Pick(3))}};
  if (OneIn(10)) patch.patch.read_only = true;
  return patch;
}

Operation Generator::BadOperation() {
  WriteMemory write;
  write.id = RandomId();
  write.attributes.scopes = ScopesOf(write.id);
  switch (Pick(5)) {
    case 0: write.content.vectors["second"] = RandomVector(5); return write;
    case 1: write.content.vectors["unknown"] = RandomVector(4); return write;
    case 2:
      write.content.vectors["second"] = RandomVector(3);
      std::get<DenseVector>(write.content.vectors["second"])[1] = std::numeric_limits<float>::quiet_NaN();
      return write;
    case 3: {
      const UpdateMemory update = RandomUpdate(RandomId());
      AttributeChange change = *update.change;
      change.set.emplace_back("user_id", Value("somebody else"));
      return UpdateMemory{update.id, nullptr, std::make_shared<const AttributeChange>(std::move(change))};
    }
    default: return Feedback{"nobody", Feedback::Signal::kUsed, 1};
  }
}

Operation Generator::RandomOperation(const TwinState& state, Timestamp now) {
  const uint32_t what = Pick(100);
  if (what < 38) return RandomWrite(state, now);
  if (what < 53) return RandomPatch(state, now);
  if (what < 60) return RandomUpdate(RandomId());
  if (what < 68) return RandomDelete(state);
  if (what < 74) return Feedback{RandomId(), static_cast<Feedback::Signal>(Pick(3)), 0.5 + Pick(3)};
  if (what < 88) return RandomEdge(now);
  if (what < 91) return DeleteEdge{"e" + std::to_string(Pick(12)), {}};
  if (what < 94) {
    WriteNode write;
    write.node.id = RandomEnd();
    write.node.name = RandomText(2);
    write.node.kind = "entity";
    if (OneIn(3)) write.node.aliases = {RandomWord()};
    if (OneIn(5)) write.created_at = write.updated_at = now.PlusSeconds(-int64_t{Pick(1000)});
    write.implicit = OneIn(8);
    return write;
  }
  if (what < 97) return RandomRun(now);
  if (what < 98) return DeleteRun{RandomRun(now).scopes};
  return RandomSettings();
}

Mutation Generator::RandomMutation(const TwinState& state, Timestamp now) {
  Mutation mutation;
  mutation.namespace_name = "ns";
  constexpr std::array<WriteMode, 8> kModes = {WriteMode::kUpsert, WriteMode::kUpsert, WriteMode::kUpsert,
                                               WriteMode::kUpsert, WriteMode::kUpsert, WriteMode::kInsert,
                                               WriteMode::kUpdate, WriteMode::kNewer};
  mutation.mode = kModes[Pick(kModes.size())];
  if (state.config.read_only && OneIn(2)) {
    PatchNamespace writable;
    writable.patch.read_only = false;
    mutation.operations.emplace_back(std::move(writable));
  }
  const uint32_t size = OneIn(2) ? 1 : 1 + Pick(5);
  for (uint32_t i = 0; i < size; ++i) mutation.operations.push_back(RandomOperation(state, now));
  if (OneIn(6)) {
    const auto at = mutation.operations.begin() + Pick(static_cast<uint32_t>(mutation.operations.size()) + 1);
    mutation.operations.insert(at, BadOperation());
  }
  return mutation;
}

}  // namespace engram::model
