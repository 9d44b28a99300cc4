// Scans of a collection side by side, against a stub: the same points as one scan, whatever the ids, and on from any
// place.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "tests/tools/cli_run.h"
#include "tests/tools/qdrant_rest_fixture.h"
#include "tools/import/qdrant_ids.h"
#include "tools/import/qdrant_json.h"
#include "tools/import/qdrant_scan.h"

namespace engram {
namespace {

std::string Uuid(uint64_t high, uint64_t low) {
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff, low >> 48,
                     low & 0xffffffffffff);
}

// What a server with these ids answers.
FirstIdFrom Answers(std::vector<std::string> ids, size_t* asked) {
  std::sort(ids.begin(), ids.end(), QdrantIdLess);
  return [ids = std::move(ids), asked](const std::string& id) -> Result<std::string> {
    ++*asked;
    const auto at = id.empty() ? ids.begin() : std::lower_bound(ids.begin(), ids.end(), id, QdrantIdLess);
    return at == ids.end() ? std::string() : *at;
  };
}

std::vector<std::string> Divided(const std::vector<std::string>& ids, uint32_t parts) {
  size_t asked = 0;
  const auto begins = DivideIds(Answers(ids, &asked), parts);
  EXPECT_TRUE(begins.ok());
  EXPECT_LE(asked, 60U);
  return begins.ok() ? *begins : std::vector<std::string>();
}

TEST(QdrantIdsTest, EachKindOfIdsIsDividedBetweenItsLowestAndItsHighest) {
  const std::string zero = Uuid(0, 0);
  using Begins = std::vector<std::string>;
  EXPECT_EQ(Divided({}, 4), Begins{""});
  EXPECT_EQ(Divided({"7"}, 4), Begins{""});
  EXPECT_EQ(Divided({"0", "18446744073709551615"}, 2), (Begins{"", "9223372036854775807"}));
  EXPECT_EQ(Divided({"1000", "1001", "1400"}, 4), (Begins{"", "1100", "1200", "1300"}));
  EXPECT_EQ(Divided({zero, Uuid(UINT64_MAX, 5)}, 2), (Begins{"", Uuid(0x7fffffffffffffff, 0)}));
  EXPECT_EQ(Divided({"5", zero}, 4), (Begins{"", zero}));
  // Those that begin with a time.
  EXPECT_EQ(Divided({Uuid(0x0199000000007000, 1), Uuid(0x0199000000007100, 1)}, 2),
            (Begins{"", Uuid(0x0199000000007080, 0)}));
  std::vector<std::string> many;
  for (int i = 1; i <= 1'000'000; i += 7) many.push_back(std::to_string(i));
  EXPECT_EQ(Divided(many, 4), (Begins{"", "246861", "493721", "740581"}));
}

TEST(QdrantIdsTest, AnErrorOfTheServerIsTheResult) {
  const auto begins = DivideIds([](const std::string&) -> Result<std::string> { return Unavailable("gone"); }, 4);
  EXPECT_EQ(begins.status().code(), StatusCode::kUnavailable);
}

TEST(QdrantScanTest, WhatIsNoCursorIsNone) {
  for (const char* cursor : {"", "start", "finished", "id ", "id x", "ranges", "ranges 5/", "ranges /1 /2",
                             "ranges /1 9/ 5/", "ranges /1 x/", "ranges /1/", "ranges / 1"}) {
    EXPECT_FALSE(ParseScanCursor(cursor)) << cursor;
  }
  EXPECT_EQ(ParseScanCursor("id 7")->size(), 1U);
  EXPECT_EQ(ParseScanCursor("ranges /1 5/ 9/12")->at(2).last, "12");
}

// Integers that lie close, far apart and at the ends, and UUIDs of both sorts.
class QdrantParallelTest : public QdrantRestTest {
 protected:
  void SetUp() override {
    stub_.AddCollection("notes", kCosine4);
    std::mt19937_64 random(11);
    for (uint64_t i = 1; i <= 60; ++i) Put(std::to_string(i));
    for (int i = 0; i < 30; ++i) Put(std::to_string(random()));
    Put("18446744073709551615");
    for (int i = 0; i < 40; ++i) Put(Uuid(random(), random()));
    for (uint64_t i = 0; i < 30; ++i) Put(Uuid(0x0199000000007000 + (i << 16), i));
  }
  void Put(const std::string& id) {
    stub_.Put("notes", QdrantIdJson(id), "[0.5,0.5,0.5,0.5]", fmt::format(R"({{"text":"note {}"}})", id));
    ids_.insert(id);
  }
  void Remove(const std::string& id) {
    stub_.Remove("notes", QdrantIdJson(id));
    ids_.erase(id);
  }
  std::unique_ptr<PointReader> Reader(uint32_t parallel) {
    QdrantServer server = Server(stub_);
    server.parallel = parallel;
    auto store = OpenQdrantRestStore(server);
    EXPECT_TRUE(store.ok());
    auto reader = (*store)->OpenCollection("notes");
    EXPECT_TRUE(reader.ok());
    return *std::move(reader);
  }
  static std::vector<std::string> Take(PointReader* reader, size_t count) {
    std::vector<std::string> ids;
    for (StoredPoint point; ids.size() < count; ids.push_back(point.id)) {
      const auto more = reader->Next(&point);
      EXPECT_TRUE(more.ok() && *more) << more.status().ToString();
      if (!more.ok() || !*more) break;
    }
    return ids;
  }

  QdrantStub stub_;
  std::set<std::string> ids_;
};

TEST_F(QdrantParallelTest, TheyGiveWhatOneScanGives) {
  std::map<std::string, uint64_t> one;
  const auto single = Reader(1);
  for (const StoredPoint& point : ReadAll(single.get())) one[point.id] = point.fingerprint;
  EXPECT_EQ(one.size(), ids_.size());
  for (const uint32_t parallel : {2U, 3U, 16U}) {
    const auto reader = Reader(parallel);
    const std::vector<StoredPoint> points = ReadAll(reader.get());
    EXPECT_EQ(points.size(), one.size()) << parallel;
    std::map<std::string, uint64_t> several;
    for (const StoredPoint& point : points) several[point.id] = point.fingerprint;
    EXPECT_EQ(several, one) << parallel;
    EXPECT_TRUE(reader->Cursor().starts_with("ranges ")) << reader->Cursor();
    EXPECT_EQ(reader->Notes(), single->Notes());
    // The same order for the same points.
    const std::vector<StoredPoint> again = ReadAll(Reader(parallel).get());
    EXPECT_TRUE(std::equal(points.begin(), points.end(), again.begin(), again.end(),
                           [](const auto& a, const auto& b) { return a.id == b.id; }));
  }
}

TEST_F(QdrantParallelTest, FromAnyCursorTheRestComesOnce) {
  for (size_t taken = 1; taken <= ids_.size(); taken += 13) {
    const auto reader = Reader(3);
    std::vector<std::string> ids = Take(reader.get(), taken);
    const auto next = Reader(taken % 2 == 0 ? 3 : 1);  // the cursor says the ranges
    const auto found = next->Seek(reader->Cursor());
    ASSERT_TRUE(found.ok() && *found) << reader->Cursor();
    for (const StoredPoint& point : ReadAll(next.get())) ids.push_back(point.id);
    EXPECT_EQ(ids.size(), ids_.size()) << taken;
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()), ids_) << taken;
  }
  // A scan that was not divided goes on so.
  const auto one = Reader(1);
  std::vector<std::string> ids = Take(one.get(), 20);
  const auto several = Reader(4);
  ASSERT_TRUE(*several->Seek(one->Cursor()));
  for (const StoredPoint& point : ReadAll(several.get())) ids.push_back(point.id);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()), ids_);
}

TEST_F(QdrantParallelTest, WhatStaysIsGivenOnceThoughOthersComeAndGo) {
  const std::set<std::string> before = ids_;
  const auto reader = Reader(3);
  std::vector<std::string> ids = Take(reader.get(), 30);
  // A point that a range goes on behind, some that are to come, and new ones, some beyond all there were.
  Remove(ids.back());
  Remove("55");
  for (const char* id : {"70", "9000000000", "500"}) Put(id);
  Put(Uuid(UINT64_MAX, UINT64_MAX));
  const auto next = Reader(3);
  const auto found = next->Seek(reader->Cursor());
  ASSERT_TRUE(found.ok() && *found);
  for (const StoredPoint& point : ReadAll(next.get())) ids.push_back(point.id);
  const std::set<std::string> once(ids.begin(), ids.end());
  EXPECT_EQ(once.size(), ids.size());
  for (const std::string& id : before) EXPECT_TRUE(once.count(id) == 1 || ids_.count(id) == 0) << id;
  EXPECT_EQ(once.count(Uuid(UINT64_MAX, UINT64_MAX)), 1U);
  // None of the cursor's points there any more: another collection of that name.
  for (const std::string& id : std::set<std::string>(ids_)) Remove(id);
  Put("1000000");
  const auto other = Reader(3);
  EXPECT_FALSE(*other->Seek(reader->Cursor()));
  EXPECT_EQ(ReadAll(other.get()).size(), 1U);
}

TEST_F(QdrantParallelTest, ASmallCollectionIsNotDivided) {
  QdrantStub small;
  PutNumbered(small, 15);
  QdrantServer server = Server(small);
  server.parallel = 8;
  auto store = OpenQdrantRestStore(server);
  auto reader = (*store)->OpenCollection("notes");
  EXPECT_EQ(ReadAll(reader->get()).size(), 15U);
  EXPECT_EQ((*reader)->Cursor(), "id 15");
  EXPECT_EQ(small.Requests(kScroll), 4U);
}

class QdrantParallelCliTest : public CliTest {};

TEST_F(QdrantParallelCliTest, AKilledImportGoesOnInEachRangeWhereItsLastCommitEnded) {
  QdrantStub stub;
  stub.AddCollection("notes", kCosine4);
  for (uint64_t i = 1; i <= 40; ++i) {
    const std::string payload = fmt::format(R"({{"text":"note {}"}})", i);
    stub.Put("notes", std::to_string(i * 1'000), "[0.5,0.5,0.5,0.5]", payload);
    stub.Put("notes", "\"" + Uuid(i << 56, i) + "\"", "[0.5,0.5,0.5,0.5]", payload);
  }
  auto pages = std::make_shared<std::atomic<int>>(0);
  auto held = std::make_shared<std::atomic<int>>(0);
  stub.SetHook([=](const StubRequest& request) -> std::optional<StubReply> {
    const bool page = request.target.ends_with(kScroll) && request.body.find("\"limit\":4") != std::string::npos;
    if (!page || pages->fetch_add(1) < 8) return std::nullopt;
    *held = 1;
    held->notify_all();
    held->wait(1);
    return std::nullopt;
  });
  const std::string import = "import qdrant " + stub.url() + " -n notes --data store --page 4 --batch 4 --parallel 3";
  {
    CliProcess process(folder_, import, Path("out"));
    held->wait(0);  // the ninth page is asked for, so that some of each range are committed
    process.Signal(SIGKILL);
    EXPECT_EQ(process.Wait(), -1);
  }
  stub.SetHook(nullptr);
  *held = 2;
  held->notify_all();
  const CliResult rest = Run(import);
  ASSERT_EQ(rest.code, 0) << rest.output;
  EXPECT_NE(rest.output.find("read after those of an earlier run"), std::string::npos) << rest.output;
  EXPECT_EQ(rest.output.find("80 memories"), std::string::npos) << rest.output;
  const CliResult again = Run(import);
  EXPECT_NE(again.output.find("(0 created, 0 updated, 80 unchanged)"), std::string::npos) << again.output;
  EXPECT_EQ(Run("migrate verify qdrant " + stub.url() + " -n notes --data store --page 4 --parallel 2").code, 0);
}

}  // namespace
}  // namespace engram
