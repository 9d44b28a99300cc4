// The archive format, its writer and its reader. Through a store: archive_cli_test.cc.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "api/json.h"
#include "tools/import/archive_format.h"
#include "tools/import/archive_source.h"
#include "tools/import/archive_writer.h"

namespace engram {
namespace {

using testing::HasSubstr;

v1::Memory ParseMemory(const std::string& json) {
  v1::Memory memory;
  const Status status = ParseJson(json, &memory);
  EXPECT_TRUE(status.ok()) << status.ToString() << "\n" << json;
  return memory;
}

RecordItem Reread(const RecordItem& item) {
  RecordItem out;
  const Status status = ParseArchiveLine(ArchiveLine(item), *KindOf(item), &out);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return out;
}

TEST(ArchiveFormatTest, VectorsComeBackBitForBit) {
  v1::Memory memory;
  memory.set_id("a");
  for (const float value : {0.1F, -0.0F, 1e-45F, 3.4028235e38F, 1.0F / 3}) {
    memory.mutable_vector()->mutable_dense()->add_values(value);
    v1::Vector::Sparse& sparse = *(*memory.mutable_vectors())["sparse"].mutable_sparse();
    sparse.add_indices(static_cast<uint32_t>(sparse.values_size() * 7));
    sparse.add_values(value);
    (*memory.mutable_vectors())["multi"].mutable_multi()->add_rows()->add_values(value);
  }
  const RecordItem reread = Reread(memory);
  const auto& back = std::get<v1::Memory>(reread);
  EXPECT_EQ(ArchiveLine(reread), ArchiveLine(memory));
  const std::string& bytes = back.vector().dense_f32();
  ASSERT_EQ(bytes.size(), 5 * sizeof(float));
  EXPECT_EQ(bytes, std::string(reinterpret_cast<const char*>(memory.vector().dense().values().data()), bytes.size()));
  for (int i = 0; i < 5; ++i) {
    const float value = memory.vector().dense().values(i);
    const float sparse = back.vectors().at("sparse").sparse().values(i);
    const float multi = back.vectors().at("multi").multi().rows(i).values(0);
    EXPECT_EQ(std::memcmp(&sparse, &value, sizeof(float)), 0) << i;
    EXPECT_EQ(std::memcmp(&multi, &value, sizeof(float)), 0) << i;
  }
}

TEST(ArchiveFormatTest, FormerVersionsKeepTheirVectors) {
  const v1::Memory memory =
      ParseMemory(R"({"id":"a","text":"new","vectors":{"image":[1,2]},"version":3,"history":[)"
                  R"({"version":1,"event":"add","time":"2025-01-01T00:00:00Z","memory":{"text":"old","vector":[0.5]}},)"
                  R"({"version":2,"event":"delete","time":"2025-01-02T00:00:00Z"}]})");
  const std::string line = ArchiveLine(memory);
  EXPECT_THAT(line, HasSubstr(R"("vectors":{"image":{"f32_base64":"AACAPwAAAEA="}})"));
  EXPECT_THAT(line, HasSubstr(R"("memory":{"text":"old","vector":{"f32_base64":"AAAAPw=="}})"));
  EXPECT_EQ(ArchiveLine(Reread(memory)), line);
  EXPECT_EQ(std::get<v1::Memory>(Reread(memory)).history_size(), 2);
}

TEST(ArchiveFormatTest, AnEmptyMemoryIsARecord) {
  EXPECT_THAT(ArchiveLine(v1::Memory()), HasSubstr(R"(","memory":{}})"));
  EXPECT_EQ(ArchiveLine(Reread(v1::Memory())), ArchiveLine(v1::Memory()));
}

TEST(ArchiveFormatTest, EveryChangedByteOfALineIsNoticed) {
  const std::string line = ArchiveLine(ParseMemory(R"({"id":"a","text":"tea","vector":[1.5],"pinned":true})"));
  for (size_t i = 0; i < line.size(); ++i) {
    for (const char flip : {'\x01', '\x20', '\x40'}) {
      std::string changed = line;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      RecordItem item;
      EXPECT_FALSE(ParseArchiveLine(changed, ArchiveKind::kMemory, &item).ok()) << changed;
    }
    RecordItem item;
    EXPECT_FALSE(ParseArchiveLine(line.substr(0, i), ArchiveKind::kMemory, &item).ok()) << i;
  }
}

TEST(ArchiveFormatTest, AnEdgeThatEndedAndOneThatHasNotAreTwoKinds) {
  v1::Edge edge;
  edge.set_source("a");
  edge.set_target("b");
  // The hash is the object's: what it stands under says nothing of it.
  const auto renamed = [](std::string line, const std::string& from, const std::string& to) {
    return line.replace(line.find(from), from.size(), to);
  };
  const std::string there = renamed(ArchiveLine(edge), "\"edge\":", "\"retired_edge\":");
  edge.mutable_retired_at()->set_seconds(1'700'000'000);
  const std::string ended = renamed(ArchiveLine(edge), "\"retired_edge\":", "\"edge\":");
  RecordItem item;
  EXPECT_THAT(ParseArchiveLine(there, ArchiveKind::kRetiredEdge, &item).message(), HasSubstr("has no retired_at"));
  EXPECT_THAT(ParseArchiveLine(ended, ArchiveKind::kEdge, &item).message(), HasSubstr("has retired_at"));
}

class ArchiveTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_archive_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/a/" + name; }

  // Three memories (the second one's times are the store's to tell), a tombstone, an edge and one that has ended.
  void MakeArchive() {
    auto writer = ArchiveWriter::Create(folder_ + "/a");
    ASSERT_TRUE(writer.ok()) << writer.status().ToString();
    v1::NamespaceConfig config;
    (*config.mutable_vectors())["default"].set_dimensions(2);
    (*config.mutable_vectors())["default"].set_metric(v1::METRIC_DOT);
    ASSERT_TRUE((*writer)->Add(config).ok());
    for (const char* json :
         {R"({"id":"1","text":"one","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-01T00:00:00Z"})",
          R"({"id":"2","text":"two","vector":[1.5,2.5]})", R"({"id":"3","text":"three"})"}) {
      ASSERT_TRUE((*writer)->Add(ParseMemory(json)).ok());
    }
    Tombstone gone;
    gone.memory = ParseMemory(R"({"id":"4","history":[{"version":1,"event":"delete","time":"2025-01-02T00:00:00Z"}]})");
    ASSERT_TRUE((*writer)->Add(gone).ok());
    v1::Edge edge;
    edge.set_id("e");
    ASSERT_TRUE((*writer)->Add(edge).ok());
    edge.mutable_retired_at()->set_seconds(1);
    ASSERT_TRUE((*writer)->Add(edge).ok());
    const auto manifest = (*writer)->Finish({"test", "nowhere", 3}, {"something was too large"});
    ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
    EXPECT_EQ(manifest->digest, "") << "one memory's hash can't be told";
  }

  std::string Read(const std::string& name) const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  Status OpenStatus() const { return ArchiveSource::Open(folder_ + "/a").status(); }

  std::string folder_;
};

TEST_F(ArchiveTest, ReadsWhatWasWrittenInItsOrder) {
  MakeArchive();
  auto source = ArchiveSource::Open(folder_ + "/a");
  ASSERT_TRUE(source.ok()) << source.status().ToString();
  EXPECT_EQ((*source)->Describe().records, 3U);
  EXPECT_EQ((*source)->manifest().versions, 1U);
  EXPECT_THAT((*source)->Notes(), testing::ElementsAre("noted when the archive was made: something was too large"));
  std::vector<std::string> places;
  std::vector<std::string> cursors;
  SourceRecord record;
  while (*(*source)->Next(&record)) {
    EXPECT_TRUE(record.problem.ok()) << record.problem.ToString();
    places.push_back(record.place);
    cursors.push_back((*source)->Cursor(false));
  }
  EXPECT_THAT(places, testing::ElementsAre("manifest.json", "memories.jsonl line 1", "memories.jsonl line 2",
                                           "memories.jsonl line 3", "tombstones.jsonl line 1",
                                           "retired_edges.jsonl line 1", "edges.jsonl line 1"));
  for (size_t i = 1; i < places.size(); ++i) {
    auto again = ArchiveSource::Open(folder_ + "/a");
    ASSERT_TRUE(*(*again)->Resume(cursors[i]));
    for (size_t j = i + 1; j < places.size(); ++j) {
      SourceRecord next;
      ASSERT_TRUE(*(*again)->Next(&next));
      EXPECT_EQ(next.place, places[j]);
    }
    EXPECT_FALSE(*(*again)->Next(&record));
  }
}

TEST_F(ArchiveTest, ACutFileIsRefusedWithItsPlace) {
  MakeArchive();
  const std::string whole = Read("memories.jsonl");
  for (size_t size = 0; size < whole.size(); ++size) {
    Write("memories.jsonl", whole.substr(0, size));
    const Status status = OpenStatus();
    ASSERT_EQ(status.code(), StatusCode::kCorruption) << size;
    EXPECT_THAT(status.message(), HasSubstr("memories.jsonl")) << size;
    const bool between_lines = size == 0 || whole[size - 1] == '\n';
    const auto line = 1 + std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n');
    EXPECT_THAT(status.message(), HasSubstr(between_lines ? "was cut" : "line " + std::to_string(line))) << size;
  }
}

TEST_F(ArchiveTest, AChangedByteIsRefusedWithItsPlace) {
  MakeArchive();
  for (const char* name : {"memories.jsonl", "tombstones.jsonl", "edges.jsonl", "retired_edges.jsonl", kManifestFile}) {
    const std::string whole = Read(name);
    for (size_t i = 0; i < whole.size(); ++i) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ 4);
      Write(name, changed);
      const Status status = OpenStatus();
      ASSERT_FALSE(status.ok()) << name << " " << i;
      EXPECT_THAT(status.message(), HasSubstr(name)) << i;
    }
    Write(name, whole);
  }
  EXPECT_TRUE(OpenStatus().ok()) << OpenStatus().ToString();
}

TEST_F(ArchiveTest, LinesThatWereSwappedAddedOrTakenAwayAreNoticed) {
  MakeArchive();
  const std::string whole = Read("memories.jsonl");
  const std::string first = whole.substr(0, whole.find('\n') + 1);
  const std::string rest = whole.substr(first.size());
  Write("memories.jsonl", rest + first);
  EXPECT_THAT(OpenStatus().message(), HasSubstr("SHA-256"));
  Write("memories.jsonl", rest);
  EXPECT_THAT(OpenStatus().message(), HasSubstr("was cut"));
  Write("memories.jsonl", whole + first);
  EXPECT_THAT(OpenStatus().message(), HasSubstr("line 4: the archive was made with 3 lines"));
  std::filesystem::remove(Path("memories.jsonl"));
  EXPECT_EQ(OpenStatus().code(), StatusCode::kNotFound);
}

TEST_F(ArchiveTest, HalfAnArchiveIsNone) {
  {
    auto writer = ArchiveWriter::Create(folder_ + "/a/");
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->Add(ParseMemory(R"({"id":"1"})")).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  MakeArchive();
  EXPECT_EQ(ArchiveWriter::Create(folder_ + "/a").status().code(), StatusCode::kAlreadyExists);
}

TEST_F(ArchiveTest, ASecondRecordOfAnIdIsRefused) {
  auto writer = ArchiveWriter::Create(folder_ + "/a");
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Add(ParseMemory(R"({"id":"1"})")).ok());
  v1::Node node;
  node.set_id("1");
  EXPECT_EQ((*writer)->Add(node).code(), StatusCode::kAlreadyExists);
  v1::Edge edge;
  edge.set_id("1");
  EXPECT_TRUE((*writer)->Add(edge).ok());
  EXPECT_EQ((*writer)->Add(v1::Memory()).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace engram
