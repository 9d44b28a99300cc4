// The encodings of rows. Every value starts with kFormat; docs/formats.md holds the same grammar.
#include "engine/rows.h"

#include "base/value_coding.h"
#include "engine/canonical.h"
#include "engine/keys.h"

namespace engram {
namespace {

constexpr char kFormat = 1;

std::string NewRow() { return std::string(1, kFormat); }

// A reader behind the format byte; failed when the format is unknown (a newer version wrote it).
ByteReader OpenRow(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  return in;
}

void AppendBool(std::string* out, bool v) { out->push_back(v ? 1 : 0); }

void AppendHash(std::string* out, const Hash128& hash) {
  AppendFixed64(out, hash.low);
  AppendFixed64(out, hash.high);
}

Hash128 ReadHash(ByteReader* in) {
  Hash128 hash;
  hash.low = in->Fixed64();
  hash.high = in->Fixed64();
  return hash;
}

template <class Int>
void AppendOptionalUint(std::string* out, const std::optional<Int>& v) {
  AppendBool(out, v.has_value());
  if (v) AppendVarint(out, *v);
}

template <class Int>
std::optional<Int> ReadOptionalUint(ByteReader* in) {
  if (in->Byte() == 0) return std::nullopt;
  return static_cast<Int>(in->Varint());
}

void AppendStrings(std::string* out, const std::vector<std::string>& strings) {
  AppendVarint(out, strings.size());
  for (const std::string& s : strings) AppendString(out, s);
}

std::vector<std::string> ReadStrings(ByteReader* in) {
  std::vector<std::string> strings(in->Count(1));
  for (std::string& s : strings) s = in->String();
  return strings;
}

void AppendConfig(std::string* out, const NamespaceConfig& config) {
  AppendVarint(out, config.vectors.size());
  for (const auto& [name, space] : config.vectors) {
    AppendString(out, name);
    out->push_back(static_cast<char>(space.type));
    AppendVarint(out, space.dimensions);
    out->push_back(static_cast<char>(space.metric));
    AppendString(out, space.model);
  }
  AppendString(out, config.text.analyzer);
  AppendString(out, config.text.stemmer);
  AppendBool(out, config.text.stop_words.has_value());
  if (config.text.stop_words) AppendStrings(out, *config.text.stop_words);
  AppendDouble(out, config.bm25.k1);
  AppendDouble(out, config.bm25.b);
  AppendVarint(out, config.history_versions);
  out->push_back(static_cast<char>(config.on_expiry));
  out->push_back(static_cast<char>(config.deduplicate));
  AppendObject(out, config.metadata);
  AppendStrings(out, config.aliases);
  AppendBool(out, config.read_only);
}

void ReadConfig(ByteReader* in, NamespaceConfig* config) {
  for (size_t n = in->Count(5); n > 0; --n) {
    std::string name(in->String());
    VectorSpace& space = config->vectors[std::move(name)];
    space.type = static_cast<VectorType>(in->Byte());
    space.dimensions = static_cast<uint32_t>(in->Varint());
    space.metric = static_cast<Metric>(in->Byte());
    space.model = in->String();
  }
  config->text.analyzer = in->String();
  config->text.stemmer = in->String();
  if (in->Byte() != 0) config->text.stop_words = ReadStrings(in);
  config->bm25.k1 = in->Double();
  config->bm25.b = in->Double();
  config->history_versions = static_cast<uint32_t>(in->Varint());
  config->on_expiry = static_cast<OnExpiry>(in->Byte());
  config->deduplicate = static_cast<Deduplicate>(in->Byte());
  ReadObject(in, &config->metadata);
  config->aliases = ReadStrings(in);
  config->read_only = in->Byte() != 0;
}

}  // namespace

std::string EncodeContent(NodeNumber node, const Content& content) {
  std::string out = NewRow();
  AppendVarint(&out, node.value);
  AppendContent(&out, content);
  return out;
}

Status DecodeContent(std::string_view bytes, const Include& include, NodeNumber* node, Content* content) {
  ByteReader in = OpenRow(bytes);
  *node = NodeNumber(static_cast<uint32_t>(in.Varint()));
  ReadContent(&in, include.vectors, content);
  if (!include.text) content->text.clear();
  if (!include.fields) content->fields.clear();
  if (!in.ok()) return Corruption("content row: truncated or malformed");
  return include.vectors ? in.Finish("content row") : Status();
}

std::string EncodeAttributes(const AttributeRow& row) {
  std::string out = NewRow();
  AppendVarint(&out, row.node.value);
  AppendOptionalUint(&out, row.run);
  AppendVarint(&out, row.position.value);
  AppendVarint(&out, row.place);
  AppendAttributes(&out, row.attributes);
  return out;
}

Result<AttributeRow> DecodeAttributes(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  AttributeRow row;
  row.node = NodeNumber(static_cast<uint32_t>(in.Varint()));
  row.run = ReadOptionalUint<uint32_t>(&in);
  row.position = Position(in.Varint());
  row.place = static_cast<uint32_t>(in.Varint());
  ReadAttributes(&in, &row.attributes);
  RETURN_IF_ERROR(in.Finish("attribute row"));
  return row;
}

std::string EncodeState(const StateRecord& state) {
  std::string out = NewRow();
  AppendOptionalTime(&out, state.expires_at);
  AppendOptionalUint(&out, state.ttl_seconds);
  AppendBool(&out, state.refresh_ttl_on_read);
  AppendBool(&out, state.importance.has_value());
  if (state.importance) AppendDouble(&out, *state.importance);
  AppendBool(&out, state.pinned);
  AppendVarint(&out, state.access_count);
  AppendOptionalTime(&out, state.last_access);
  AppendDouble(&out, state.used);
  AppendDouble(&out, state.helpful);
  AppendDouble(&out, state.harmful);
  return out;
}

Result<StateRecord> DecodeState(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  StateRecord state;
  state.expires_at = ReadOptionalTime(&in);
  state.ttl_seconds = ReadOptionalUint<uint64_t>(&in);
  state.refresh_ttl_on_read = in.Byte() != 0;
  if (in.Byte() != 0) state.importance = in.Double();
  state.pinned = in.Byte() != 0;
  state.access_count = in.Varint();
  state.last_access = ReadOptionalTime(&in);
  state.used = in.Double();
  state.helpful = in.Double();
  state.harmful = in.Double();
  RETURN_IF_ERROR(in.Finish("state record"));
  return state;
}

std::string EncodeIdRow(const IdRow& row) {
  std::string out = NewRow();
  AppendVarint(&out, row.node.value);
  out.push_back(static_cast<char>((row.is_memory ? 1 : 0) | (row.live ? 2 : 0) | (row.implicit ? 4 : 0)));
  if (!row.is_memory) return out;
  AppendVarint(&out, row.slot.value);
  AppendVarint(&out, row.version.value);
  AppendOptionalUint(&out, row.source_version);
  AppendOptionalUint(&out, row.run);
  AppendHash(&out, row.content_hash);
  AppendHash(&out, row.hash);
  AppendBool(&out, row.duplicate_hash.has_value());
  if (row.duplicate_hash) AppendHash(&out, *row.duplicate_hash);
  return out;
}

Result<IdRow> DecodeIdRow(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  IdRow row;
  row.node = NodeNumber(static_cast<uint32_t>(in.Varint()));
  const uint8_t flags = in.Byte();
  row.is_memory = (flags & 1) != 0;
  row.live = (flags & 2) != 0;
  row.implicit = (flags & 4) != 0;
  if (row.is_memory) {
    row.slot = Slot(static_cast<uint32_t>(in.Varint()));
    row.version = Version(in.Varint());
    row.source_version = ReadOptionalUint<uint64_t>(&in);
    row.run = ReadOptionalUint<uint32_t>(&in);
    row.content_hash = ReadHash(&in);
    row.hash = ReadHash(&in);
    if (in.Byte() != 0) row.duplicate_hash = ReadHash(&in);
  }
  RETURN_IF_ERROR(in.Finish("id row"));
  return row;
}

std::string EncodeVersion(const VersionRow& row) {
  std::string out = NewRow();
  out.push_back(static_cast<char>(row.kind));
  AppendVarint(&out, row.slot.value);
  AppendVarint(&out, row.attributes.value);
  AppendSignedVarint(&out, row.time.micros);
  return out;
}

Result<VersionRow> DecodeVersion(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  VersionRow row;
  row.kind = static_cast<HistoryEvent::Kind>(in.Byte());
  row.slot = Slot(static_cast<uint32_t>(in.Varint()));
  row.attributes = Version(in.Varint());
  row.time = {in.SignedVarint()};
  RETURN_IF_ERROR(in.Finish("version row"));
  return row;
}

std::string EncodeRun(const RunRow& row) {
  std::string out = NewRow();
  AppendScopes(&out, row.scopes);
  AppendObject(&out, row.metadata);
  AppendOptionalUint(&out, row.ttl_seconds);
  AppendSignedVarint(&out, row.created_at.micros);
  AppendSignedVarint(&out, row.last_activity.micros);
  AppendOptionalTime(&out, row.expires_at);
  AppendBool(&out, row.deleted);
  AppendVarint(&out, row.memories);
  return out;
}

Result<RunRow> DecodeRun(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  RunRow row;
  ReadScopes(&in, &row.scopes);
  ReadObject(&in, &row.metadata);
  row.ttl_seconds = ReadOptionalUint<uint64_t>(&in);
  row.created_at = {in.SignedVarint()};
  row.last_activity = {in.SignedVarint()};
  row.expires_at = ReadOptionalTime(&in);
  row.deleted = in.Byte() != 0;
  row.memories = in.Varint();
  RETURN_IF_ERROR(in.Finish("run row"));
  return row;
}

std::string EncodeNode(const Node& node) {
  std::string out = NewRow();
  AppendString(&out, node.name);
  AppendString(&out, node.kind);
  AppendStrings(&out, node.aliases);
  AppendObject(&out, node.metadata);
  AppendScopes(&out, node.scopes);
  AppendSignedVarint(&out, node.created_at.micros);
  AppendSignedVarint(&out, node.updated_at.micros);
  return out;
}

Result<Node> DecodeNode(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  Node node;
  node.name = in.String();
  node.kind = in.String();
  node.aliases = ReadStrings(&in);
  ReadObject(&in, &node.metadata);
  ReadScopes(&in, &node.scopes);
  node.created_at = {in.SignedVarint()};
  node.updated_at = {in.SignedVarint()};
  RETURN_IF_ERROR(in.Finish("entity row"));
  return node;
}

std::string EncodeHead(const NamespaceHead& head) {
  std::string out = NewRow();
  AppendString(&out, head.name);
  AppendSignedVarint(&out, head.created_at.micros);
  AppendConfig(&out, head.config);
  return out;
}

Result<NamespaceHead> DecodeHead(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  NamespaceHead head;
  head.name = in.String();
  head.created_at = {in.SignedVarint()};
  ReadConfig(&in, &head.config);
  RETURN_IF_ERROR(in.Finish("namespace head"));
  return head;
}

std::string EncodeCounters(const NamespaceCounters& counters) {
  std::string out = NewRow();
  for (const uint64_t v :
       {counters.position.value, uint64_t{counters.next_slot.value}, uint64_t{counters.next_node.value},
        uint64_t{counters.next_run}, counters.memories, counters.edges, counters.nodes, counters.runs,
        counters.former_versions, counters.bytes, counters.paths, counters.log_begin.value, counters.erased_at.value}) {
    AppendVarint(&out, v);
  }
  AppendSignedVarint(&out, counters.log_time.micros);
  AppendHash(&out, counters.memories_digest);
  AppendHash(&out, counters.edges_digest);
  AppendHash(&out, counters.nodes_digest);
  return out;
}

Result<NamespaceCounters> DecodeCounters(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  NamespaceCounters counters;
  counters.position = Position(in.Varint());
  counters.next_slot = Slot(static_cast<uint32_t>(in.Varint()));
  counters.next_node = NodeNumber(static_cast<uint32_t>(in.Varint()));
  counters.next_run = static_cast<uint32_t>(in.Varint());
  counters.memories = in.Varint();
  counters.edges = in.Varint();
  counters.nodes = in.Varint();
  counters.runs = in.Varint();
  counters.former_versions = in.Varint();
  counters.bytes = in.Varint();
  counters.paths = in.Varint();
  counters.log_begin = Position(in.Varint());
  counters.erased_at = Position(in.Varint());
  counters.log_time = {in.SignedVarint()};
  counters.memories_digest = ReadHash(&in);
  counters.edges_digest = ReadHash(&in);
  counters.nodes_digest = ReadHash(&in);
  RETURN_IF_ERROR(in.Finish("namespace counters"));
  return counters;
}

namespace {

constexpr size_t kFirstImportedKinds = 4;  // counted since there are counts

void AppendCounts(std::string* out, const ImportCounts& counts) {
  AppendVarint(out, counts.created);
  AppendVarint(out, counts.updated);
  AppendVarint(out, counts.unchanged);
  AppendVarint(out, counts.duplicates);
}

ImportCounts ReadCounts(ByteReader* in) {
  ImportCounts counts;
  counts.created = in->Varint();
  counts.updated = in->Varint();
  counts.unchanged = in->Varint();
  counts.duplicates = in->Varint();
  return counts;
}

}  // namespace

std::string EncodeImport(const ImportStatus& status) {
  std::string out = NewRow();
  AppendString(&out, status.cursor);
  AppendVarint(&out, status.rejects);
  AppendVarint(&out, status.memories);
  AppendSignedVarint(&out, status.updated_at.micros);
  out.push_back(static_cast<char>(status.state));
  AppendSignedVarint(&out, status.started_at.micros);
  AppendVarint(&out, status.begin.value);
  AppendVarint(&out, status.generation);
  for (size_t kind = 0; kind < kFirstImportedKinds; ++kind) AppendCounts(&out, status.counts[kind]);
  AppendString(&out, status.rolled_to);
  AppendVarint(&out, status.removed);
  AppendVarint(&out, status.restored);
  AppendVarint(&out, status.kept);
  AppendVarint(&out, status.notes.size());
  for (const auto& [name, note] : status.notes) {
    AppendString(&out, name);
    AppendString(&out, note);
  }
  for (size_t kind = kFirstImportedKinds; kind < kImportedKinds; ++kind) AppendCounts(&out, status.counts[kind]);
  if (status.end) AppendVarint(&out, status.end->value);
  return out;
}

Result<ImportStatus> DecodeImport(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  ImportStatus status;
  status.cursor = in.String();
  status.rejects = in.Varint();
  status.memories = in.Varint();
  status.updated_at = {in.SignedVarint()};
  if (in.ok() && in.empty()) return status;  // written before imports had states
  const uint8_t state = in.Byte();
  if (state > static_cast<uint8_t>(ImportState::kRolledBack)) in.Fail();
  status.state = static_cast<ImportState>(state);
  status.started_at = {in.SignedVarint()};
  status.begin = Position(in.Varint());
  status.generation = static_cast<uint32_t>(in.Varint());
  for (size_t kind = 0; kind < kFirstImportedKinds; ++kind) status.counts[kind] = ReadCounts(&in);
  status.rolled_to = in.String();
  status.removed = in.Varint();
  status.restored = in.Varint();
  status.kept = in.Varint();
  const uint64_t notes = in.Varint();
  for (uint64_t i = 0; i < notes && in.ok(); ++i) {
    std::string name(in.String());
    status.notes[std::move(name)] = in.String();
  }
  // A row from before imports brought tombstones and edges that have ended has no counts of them.
  const bool counts_all = in.ok() && !in.empty();
  for (size_t kind = kFirstImportedKinds; kind < kImportedKinds && counts_all; ++kind) {
    status.counts[kind] = ReadCounts(&in);
  }
  if (in.ok() && !in.empty()) status.end = Position(in.Varint());
  RETURN_IF_ERROR(in.Finish("import row"));
  return status;
}

std::string EncodeImported(const ImportedRow& row) {
  std::string out = NewRow();
  AppendBool(&out, row.replaced);
  AppendBool(&out, row.kept);
  AppendVarint(&out, row.version.value);
  AppendFixed64(&out, row.hash);
  return out;
}

Result<ImportedRow> DecodeImported(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  ImportedRow row;
  row.replaced = in.Byte() != 0;
  row.kept = in.Byte() != 0;
  row.version = Version(in.Varint());
  row.hash = in.Fixed64();
  RETURN_IF_ERROR(in.Finish("imported row"));
  return row;
}

}  // namespace engram
