// Writes the files of the corpora that are no text: requests as protobuf (from those in JSON), rows, segments.
//
//   build/dev/fuzz/make_corpus fuzz/corpus
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "api/json.h"
#include "base/check.h"
#include "base/testing/fault_file_system.h"
#include "engine/rows.h"
#include "engine/segments/column_segment.h"
#include "engine/segments/segment_rows.h"
#include "engine/tenant.h"
#include "engine/write/log_row.h"
#include "engine/write/reply_row.h"
#include "fuzz/request_message.h"
#include "graph/edge_store.h"
#include "index/text/text_index.h"
#include "index/vector/vector_index.h"
#include "tools/import/archive_format.h"

namespace engram {
namespace {

namespace fs = std::filesystem;

void Put(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("can't write " + path.string());
}

// Equal messages give equal bytes, maps included.
std::string Serialized(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  ENGRAM_CHECK(message.SerializeToCodedStream(&out));
  out.Trim();
  return bytes;
}

void WriteRequests(const fs::path& corpus) {
  for (const auto& entry : fs::directory_iterator(corpus / "json_request")) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string name;
    std::getline(file, name);
    const std::string json(std::istreambuf_iterator<char>(file), {});
    const auto message = MakeRequest(name);
    const Status parsed = ParseJson(json, message.get());
    // Some are there to be refused.
    if (parsed.ok()) Put(corpus / "wire_request" / entry.path().filename(), name + "\n" + Serialized(*message));
  }
}

Content SomeContent() {
  Content content;
  content.text = "green tea";
  content.fields["title"] = "drinks";
  content.vectors["default"] = DenseVector{1, 0.5F, -1};
  content.vectors["sparse"] = SparseVector{{1, 7}, {0.5F, 2}};
  content.vectors["multi"] = MultiVector{2, {1, 2, 3, 4}};
  return content;
}

Attributes SomeAttributes() {
  Attributes attributes;
  attributes.scopes = {"ann", "agent", "run", "app", "actor"};
  attributes.role = "user";
  attributes.kind = "fact";
  attributes.metadata = {{"n", Value(1)}, {"list", Value(Value::List{Value("a"), Value(true), Value()})}};
  attributes.event_time = Timestamp{1'700'000'000'000'000};
  attributes.source = {"crm", "17", 3, "b1"};
  return attributes;
}

void WriteRows(const fs::path& folder) {
  std::vector<std::string> rows;
  rows.push_back(EncodeContent(NodeNumber(3), SomeContent()));
  rows.push_back(EncodeAttributes(
      {.node = NodeNumber(3), .attributes = SomeAttributes(), .run = 2, .position = Position(9), .place = 1}));
  StateRecord state;
  state.expires_at = Timestamp{5};
  state.ttl_seconds = 60;
  state.importance = 0.5;
  rows.push_back(EncodeState(state));
  IdRow id;
  id.source_version = 3;
  id.run = 2;
  id.duplicate_hash = Hash128{1, 2};
  rows.push_back(EncodeIdRow(id));
  rows.push_back(EncodeVersion(
      {.kind = HistoryEvent::Kind::kAdd, .slot = Slot(1), .attributes = Version(2), .time = Timestamp{3}}));
  RunRow run;
  run.scopes = {"ann", "agent", "run", "app", ""};
  run.metadata = {{"n", Value(1.5)}};
  run.ttl_seconds = 5;
  run.expires_at = Timestamp{9};
  rows.push_back(EncodeRun(run));
  rows.push_back(EncodeNode({}));
  NamespaceHead head;
  head.name = "notes";
  head.config.aliases = {"n1", "n2"};
  head.config.metadata = {{"team", Value("a")}};
  rows.push_back(EncodeHead(head));
  rows.push_back(EncodeCounters({}));
  rows.push_back(EncodeImport({}));
  rows.push_back(EncodeImported({.replaced = true, .version = Version(2), .hash = 7}));
  rows.push_back(EncodeSegmentRow({.number = 1,
                                   .kind = SegmentKind::kVector,
                                   .space = "default",
                                   .slots = {Slot(1), Slot(9)},
                                   .position = Position(9),
                                   .bytes = 100}));
  TenantRecord tenant;
  tenant.name = "acme";
  tenant.limits.memories = 10;
  tenant.limits.requests_per_second = 1.5;
  rows.push_back(EncodeTenant(tenant));
  rows.push_back(EncodeTenantUsage({.memories = 1, .bytes = 2, .namespaces = 3}));
  ApiKey key;
  key.label = "ci";
  key.hash = std::string(kApiKeyHashBytes, 'h');
  key.namespaces = {"notes", "team-*"};
  key.expires_at = Timestamp{9};
  rows.push_back(EncodeApiKey(key));
  rows.push_back(
      EncodeReply({.request_hash = 7, .time = Timestamp{5}, .open = true, .result = {}, .quoted_ids = {"a"}}));
  Edge edge;
  edge.id = "e";
  edge.type = "likes";
  edge.metadata = {{"n", Value(1)}};
  rows.push_back(EncodeEdge(edge));
  rows.push_back(EncodeLogRow(Timestamp{5}, {}));
  for (size_t kind = 0; kind < rows.size(); ++kind) {
    Put(folder / ("kind" + std::to_string(kind)), static_cast<char>(kind) + rows[kind]);
  }
}

std::string TextSegmentBytes(FaultFileSystem& files) {
  const auto analyzer = Analyzer::Create({.analyzer = "english", .stemmer = "", .stop_words = std::nullopt}).value();
  TextIndex index(analyzer, {});
  for (uint32_t slot = 1; slot <= 150; ++slot) {
    const std::string text = "green tea number" + std::to_string(slot % 20) + (slot % 2 == 0 ? " running" : " runs");
    index.Add(Slot(slot), {text});
  }
  ENGRAM_CHECK(SealTexts(files, "/text", *analyzer, {*index.Freeze()}, Position(7)).ok());
  return files.ReadFile("/text").value();
}

std::string VectorSegmentBytes(FaultFileSystem& files, Metric metric, bool graph) {
  constexpr uint32_t kDimensions = 8;
  VectorIndex index(kDimensions, metric);
  for (uint32_t slot = 0; slot < 60; ++slot) {
    std::vector<float> vector(kDimensions);
    for (uint32_t i = 0; i < kDimensions; ++i) vector[i] = static_cast<float>((slot * (i + 3)) % 17) - 8.5F;
    index.Add(Slot(2 * slot), vector);
  }
  const VectorHandle handle = *index.Freeze();
  ENGRAM_CHECK(VectorIndex::Seal({&handle, 1}, files, "/vector", {.graph = graph}).ok());
  return files.ReadFile("/vector").value();
}

std::string ColumnSegmentBytes(FaultFileSystem& files) {
  AttributeIndex index;
  ColumnRows columns;
  for (uint32_t slot = 0; slot < 12; ++slot) {
    const AttributeFields fields = {{"user_id", Value("user" + std::to_string(slot % 3))},
                                    {"metadata.n", Value(static_cast<int64_t>(slot))},
                                    {"metadata.list", Value(Value::List{Value("a"), Value(2.5)})}};
    index.Set(Slot(slot), fields);
    IndexedRow row;
    row.slot = Slot(slot);
    row.node = NodeNumber(slot);
    row.id = "id" + std::to_string(slot);
    row.version = Version(1);
    columns.rows.push_back(std::move(row));
    columns.inactive.push_back(slot % 2);
    columns.fields.Add(index, Slot(slot));
  }
  ENGRAM_CHECK(WriteColumns(files, "/columns", std::move(columns), {Slot(0), Slot(11)}, Position(12)).ok());
  return files.ReadFile("/columns").value();
}

// The object alone: the target puts the hash before it.
std::string ManifestBytes() {
  ArchiveManifest manifest;
  manifest.system = "jsonl";
  manifest.origin = "notes.jsonl";
  manifest.created_at = "2025-03-01T12:00:00Z";
  manifest.config.emplace();
  manifest.counts = {1, 2, 3, 4, 5, 6};
  manifest.notes = {"one row had no text"};
  const std::string line = PrintManifest(manifest);
  const size_t begin = line.find("\"manifest\":") + 11;
  return std::string(1, '\0') + line.substr(begin, line.rfind('}') - begin);
}

void WriteCorpus(const fs::path& corpus) {
  WriteRequests(corpus);
  WriteRows(corpus / "row");
  Put(corpus / "archive" / "manifest", ManifestBytes());
  FaultFileSystem files;
  Put(corpus / "text_segment" / "english", TextSegmentBytes(files));
  Put(corpus / "vector_segment" / "cosine_graph", VectorSegmentBytes(files, Metric::kCosine, true));
  Put(corpus / "vector_segment" / "l2", VectorSegmentBytes(files, Metric::kL2, false));
  Put(corpus / "vector_segment" / "dot_graph", VectorSegmentBytes(files, Metric::kDot, true));
  Put(corpus / "column_segment" / "twelve", ColumnSegmentBytes(files));
}

}  // namespace
}  // namespace engram

int main(int argc, char** argv) {
  if (argc != 2) {
    (void)std::fprintf(stderr, "usage: make_corpus fuzz/corpus\n");
    return 2;
  }
  try {
    engram::WriteCorpus(argv[1]);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
