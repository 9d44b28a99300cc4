// One random damage to one random file of a closed store: a flipped bit, a cut end, a zeroed page, two pages swapped, a
// file gone. Each is found by a check, with the file or the namespace named, or changes no answer.
//
// ENGRAM_TEST_SEED replays a damage by its seed, which is printed; ENGRAM_LONG=1 takes 5,000 of them, and
// ENGRAM_FLIPS says how many.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/testing/test_report.h"
#include "tests/engine/doctor/planted_store.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

constexpr size_t kPage = 4096;

uint64_t DamageCount() {
  if (const char* text = std::getenv("ENGRAM_FLIPS")) return std::stoull(text);
  if (std::getenv("ENGRAM_TEST_SEED") != nullptr) return 1;
  return std::getenv("ENGRAM_LONG") == nullptr ? 100 : 5'000;
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// What was done, in words; empty when it changed no byte.
std::string Damage(const std::string& data_dir, std::mt19937_64* random) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  const auto pick = [&](size_t n) { return static_cast<size_t>((*random)() % n); };
  const std::string& path = files[pick(files.size())];
  const std::string name = path.substr(data_dir.size());
  const std::string before = Read(path);
  std::string bytes = before;
  const size_t at = pick(bytes.size());
  const size_t page = at / kPage * kPage;
  const auto page_of = [&](size_t from) { return std::min(kPage, bytes.size() - from); };
  std::string what;
  switch (pick(8)) {
    case 0: {
      std::filesystem::remove(path);
      return name + " removed";
    }
    case 1: {
      bytes.resize(at);
      what = fmt::format("{} cut at {}", name, at);
      break;
    }
    case 2: {
      std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(page), page_of(page), '\0');
      what = fmt::format("{}: page at {} zeroed", name, page);
      break;
    }
    case 3: {
      const size_t other = pick(bytes.size()) / kPage * kPage;
      const size_t n = std::min(page_of(page), page_of(other));
      if (other != page) {
        std::swap_ranges(bytes.begin() + static_cast<ptrdiff_t>(page), bytes.begin() + static_cast<ptrdiff_t>(page + n),
                         bytes.begin() + static_cast<ptrdiff_t>(other));
      }
      what = fmt::format("{}: pages at {} and {} swapped", name, page, other);
      break;
    }
    default: {
      const size_t bit = pick(8);
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      what = fmt::format("{}: bit {} of byte {} flipped", name, bit, at);
    }
  }
  if (bytes == before) return "";
  Write(path, bytes);
  return what;
}

// All that the namespace answers: every memory with content, history and edges, and searches by text and by vector,
// which come through the segments. An error is told as such.
Result<std::string> Answers(const EngineOptions& options) {
  ASSIGN_OR_RETURN(const auto engine, Engine::Open(options));
  const NamespaceRef ns{PlantedStore::kTenant, "ns"};
  std::string answers;
  ExportQuery query;
  query.limit = 1'000;
  query.tombstones = true;
  do {
    ASSIGN_OR_RETURN(const ExportPage page, engine->Export(ns, query, {}));
    for (const ExportedMemory& one : page.memories) {
      answers += fmt::format("{} {} {} {}\n", one.memory.id, one.memory.version.value, one.memory.content.text,
                             one.memory.hash ? one.memory.hash->ToHex() : "");
    }
    for (const ExportedTombstone& one : page.tombstones) answers += "ended " + one.id + "\n";
    for (const NamedEdge& one : page.edges) answers += one.edge.id + one.source_id + one.target_id + "\n";
    query.cursor = page.next_cursor;
  } while (!query.cursor.empty());
  for (int i = 0; i < 8; ++i) {
    SearchRequest request;
    request.top_k = 20;
    request.exact = true;
    request.legs.resize(2);
    request.legs[0].name = "text";
    request.legs[0].text = PlantedStore::TextOf(i * 40);
    request.legs[1].name = "vector";
    request.legs[1].type = LegType::kVector;
    request.legs[1].vector = DenseVector(kPlantedDimensions, 1);
    request.legs[1].vector[static_cast<size_t>(i)] = -2;
    ASSIGN_OR_RETURN(const SearchReply reply, engine->Search(ns, request, {}));
    for (const SearchHit& hit : reply.hits) answers += fmt::format("{} {}\n", hit.id, hit.score);
  }
  ASSIGN_OR_RETURN(const NamespaceInfo info, engine->DescribeNamespace(ns, {}));
  answers += fmt::format("{} {} {}\n", info.memories, info.position.value, info.memories_digest.ToHex());
  PlantedStore::WaitForSealer(engine.get());
  return answers;
}

TEST(BitFlipsTest, EachDamageIsFoundOrChangesNoAnswer) {
  const PlantedStore original;
  EngineOptions options = original.Options();
  const auto answers_of = [&](const DamagedCopy& copy) {
    EngineOptions of_copy = options;
    of_copy.data_dir = copy.path();
    return Answers(of_copy);
  };
  const auto expected = answers_of(DamagedCopy(original));
  ASSERT_TRUE(expected.ok()) << expected.status().ToString();

  const uint64_t first = TestSeed(20'260'500);
  const uint64_t count = DamageCount();
  uint64_t found = 0;
  uint64_t harmless = 0;
  uint64_t unchanged = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    std::mt19937_64 random(seed);
    const DamagedCopy copy(original);
    const std::string what = Damage(copy.path(), &random);
    SCOPED_TRACE(fmt::format("ENGRAM_TEST_SEED={}: {}", seed, what));
    if (what.empty()) {
      ++unchanged;
      continue;
    }
    const DoctorReport report = copy.Verify();
    const std::string texts = Texts(report);
    if (report.findings.count() > 0) {
      ++found;
      // The file, the store's folder where it does not open, or the namespace whose rows it has.
      const std::string file = std::filesystem::path(what.substr(0, what.find_first_of(" :"))).filename();
      ASSERT_TRUE(texts.find(file) != std::string::npos || texts.find("/rows") != std::string::npos) << texts;
      continue;
    }
    const auto answers = answers_of(copy);
    if (!answers.ok()) {
      // The check should have said so before anybody asked.
      ADD_FAILURE() << answers.status().ToString();
      continue;
    }
    ASSERT_EQ(*answers, *expected);
    ++harmless;
  }
  PrintReport("flips", first,
              {{"damages", count},
               {"found", found},
               {"harmless", harmless},
               {"wrong_answers", 0},
               {"changed_no_byte", unchanged}});
  if (count > 1) {
    EXPECT_GT(found, count / 2);
  }
}

}  // namespace
}  // namespace engram
