#include "graph/edge_store.h"

#include <gtest/gtest.h>

#include "graph/edge_rows.h"
#include "random_edges.h"

namespace engram {
namespace {

Edge At(Edge edge, int64_t micros) {
  edge.recorded = Timestamp{micros};
  return edge;
}

TEST(EdgeStoreTest, WritingAnIdAgainRetiresTheOldVersion) {
  MemoryKv kv;
  ASSERT_TRUE(PutEdge(kv, At(MakeEdge(1, 2, 1), 10), kv).ok());
  const auto change = PutEdge(kv, At(MakeEdge(1, 2, 5), 20), kv);
  ASSERT_TRUE(change.ok());
  ASSERT_TRUE(change->retired && change->added);
  EXPECT_EQ(change->retired->retired, Timestamp{20});
  EXPECT_EQ(change->retired->weight, 1);
  EXPECT_EQ(change->added->version, Version(2));
  EXPECT_EQ(**FindEdge(kv, "1-knows-2"), *change->added);

  const auto page = ListEdges(kv, {.node = NodeNumber(1), .as_of = Timestamp{15}});
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->edges.size(), 1u);
  EXPECT_EQ(page->edges[0].weight, 1);
}

TEST(EdgeStoreTest, AVersionIsNeverRecordedBeforeTheOneItFollows) {
  MemoryKv kv;
  ASSERT_TRUE(PutEdge(kv, At(MakeEdge(1, 2, 1), 50), kv).ok());
  const auto second = PutEdge(kv, At(MakeEdge(1, 2, 5), 20), kv);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->added->recorded, Timestamp{50});
  EXPECT_EQ(second->retired->retired, Timestamp{50});
  ASSERT_TRUE(RetireEdge(kv, "1-knows-2", {60}, kv).ok());
  const auto third = PutEdge(kv, At(MakeEdge(1, 2, 7), 10), kv);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(third->added->version, Version(3));
  EXPECT_EQ(third->added->recorded, Timestamp{60});
}

TEST(EdgeStoreTest, AnEqualEdgeChangesNothing) {
  MemoryKv kv;
  ASSERT_TRUE(PutEdge(kv, At(MakeEdge(1, 2), 10), kv).ok());
  const size_t rows = kv.size();
  const auto change = PutEdge(kv, At(MakeEdge(1, 2), 20), kv);
  ASSERT_TRUE(change.ok());
  EXPECT_FALSE(change->retired || change->added);
  EXPECT_EQ(kv.size(), rows);
  EXPECT_EQ((**FindEdge(kv, "1-knows-2")).recorded, Timestamp{10});
}

TEST(EdgeStoreTest, NegativeZeroIsTheSameWeightAsZero) {
  MemoryKv kv;
  const auto added = PutEdge(kv, MakeEdge(1, 2, -0.0), kv);
  ASSERT_TRUE(added.ok());
  Edge zero = MakeEdge(1, 2, 0.0);
  zero.version = Version(1);
  EXPECT_EQ(EdgeDigest(*added->added), EdgeDigest(zero));
}

TEST(EdgeStoreTest, VersionsGoOnAfterARetirement) {
  MemoryKv kv;
  ASSERT_TRUE(PutEdge(kv, At(MakeEdge(1, 2), 10), kv).ok());
  const auto retired = RetireEdge(kv, "1-knows-2", {20}, kv);
  ASSERT_TRUE(retired.ok());
  ASSERT_TRUE(retired->retired);
  EXPECT_FALSE(retired->added);
  EXPECT_FALSE(*FindEdge(kv, "1-knows-2"));
  const auto again = PutEdge(kv, At(MakeEdge(1, 2), 30), kv);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->retired);
  EXPECT_EQ(again->added->version, Version(2));
}

TEST(EdgeStoreTest, RetiringWhatIsNotThereChangesNothing) {
  MemoryKv kv;
  const auto change = RetireEdge(kv, "no", {20}, kv);
  ASSERT_TRUE(change.ok());
  EXPECT_FALSE(change->retired || change->added);
  EXPECT_EQ(kv.size(), 0u);
}

TEST(EdgeStoreTest, EndingANodeEndsItsEdgesAndThoseItBroughtEachOnce) {
  MemoryKv kv;
  Edge loop = MakeEdge(1, 1);
  loop.memory = NodeNumber(1);
  Edge brought = MakeEdge(3, 4);
  brought.memory = NodeNumber(1);
  for (const Edge& edge : {loop, brought, MakeEdge(1, 2), MakeEdge(5, 1), MakeEdge(2, 3)}) {
    ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
  }
  const auto changes = RetireEdgesOf(kv, NodeNumber(1), {9}, kv);
  ASSERT_TRUE(changes.ok());
  std::vector<std::string> ids;
  for (const EdgeChange& change : *changes) {
    EXPECT_EQ(change.retired->retired, Timestamp{9});
    ids.push_back(change.retired->id);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"1-knows-1", "1-knows-2", "3-knows-4", "5-knows-1"}));
  EXPECT_TRUE(*FindEdge(kv, "2-knows-3"));
  EXPECT_TRUE(ListEdges(kv, {.node = NodeNumber(1)})->edges.empty());
}

TEST(EdgeStoreTest, ErasingANodeLeavesNoRowOfItsEdges) {
  MemoryKv kv;
  Edge brought = MakeEdge(3, 4);
  brought.memory = NodeNumber(1);
  brought.metadata["secret"] = Value(std::string(3000, 's'));
  ASSERT_TRUE(PutEdge(kv, brought, kv).ok());
  for (const double weight : {1, 2, 3}) ASSERT_TRUE(PutEdge(kv, MakeEdge(1, 2, weight), kv).ok());
  ASSERT_TRUE(RetireEdge(kv, "3-knows-4", {5}, kv).ok());
  const auto removed = EraseEdgesOf(kv, NodeNumber(1), kv);
  ASSERT_TRUE(removed.ok());
  ASSERT_EQ(removed->size(), 1u);
  EXPECT_EQ(removed->front().version, Version(3));
  EXPECT_EQ(kv.size(), 0u);
}

TEST(EdgeStoreTest, ErasingKeepsVersionsOfTheIdThatNeverTouchedTheNode) {
  MemoryKv kv;
  Edge edge = MakeEdge(1, 2);
  edge.id = "moved";
  ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
  edge.source = NodeNumber(8);
  ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
  ASSERT_TRUE(EraseEdgesOf(kv, NodeNumber(1), kv)->empty());
  const auto page = ListEdges(kv, {.include_retired = true});
  ASSERT_EQ(page->edges.size(), 1u);
  EXPECT_EQ(page->edges[0].source, NodeNumber(8));
}

TEST(EdgeStoreTest, RefusesWhatItCannotKeep) {
  MemoryKv kv;
  Edge nameless = MakeEdge(1, 2);
  nameless.id = "";
  EXPECT_EQ(PutEdge(kv, nameless, kv).status().field(), "id");
  EXPECT_EQ(PutEdge(kv, MakeEdge(1, 2, -1), kv).status().field(), "weight");
  EXPECT_EQ(PutEdge(kv, MakeEdge(1, 2, 1 / 0.0), kv).status().field(), "weight");
  EXPECT_EQ(PutEdge(kv, MakeEdge(1, 2, 0 / 0.0), kv).status().field(), "weight");
  Edge deep = MakeEdge(1, 2);
  Value value;
  for (int i = 0; i < 64; ++i) value = Value(Value::List{value});
  deep.metadata["k"] = value;
  EXPECT_EQ(PutEdge(kv, deep, kv).status().field(), "metadata");
  deep.metadata["k"] = value.as_list()[0];
  EXPECT_TRUE(PutEdge(kv, deep, kv).ok());
}

TEST(EdgeStoreTest, ForeignCursorsAreRefused) {
  const MemoryKv kv = StoreOf({MakeEdge(1, 2), MakeEdge(1, 3), MakeEdge(1, 4)});
  EdgeQuery query;
  query.node = NodeNumber(1);
  query.limit = 1;
  const auto page = ListEdges(kv, query);
  ASSERT_TRUE(page.ok());
  ASSERT_FALSE(page->next_cursor.empty());

  EdgeQuery other = query;
  other.node = NodeNumber(2);
  other.cursor = page->next_cursor;
  EXPECT_EQ(ListEdges(kv, other).status().field(), "cursor");
  other = query;
  other.types = {"knows"};
  other.cursor = page->next_cursor;
  EXPECT_EQ(ListEdges(kv, other).status().field(), "cursor");
  for (size_t n = 1; n < page->next_cursor.size(); ++n) {
    query.cursor = page->next_cursor.substr(0, n);
    EXPECT_EQ(ListEdges(kv, query).status().code(), StatusCode::kInvalidArgument) << n;
  }
}

TEST(EdgeStoreTest, ContradictoryQueriesAreRefused) {
  const MemoryKv kv;
  EdgeQuery query;
  query.limit = 0;
  EXPECT_EQ(ListEdges(kv, query).status().field(), "limit");
  query.limit = 1;
  query.as_of = Timestamp{1};
  query.include_retired = true;
  EXPECT_EQ(ListEdges(kv, query).status().field(), "include_retired");
}

TEST(EdgeStoreTest, ACursorSkipsNothingAndRepeatsNothingWhenItsEdgeIsRewritten) {
  MemoryKv kv = StoreOf({MakeEdge(1, 2), MakeEdge(1, 3)});
  EdgeQuery query;
  query.limit = 1;
  query.cursor = ListEdges(kv, query)->next_cursor;
  ASSERT_TRUE(PutEdge(kv, MakeEdge(1, 2, 7), kv).ok());
  const auto page = ListEdges(kv, query);
  ASSERT_EQ(page->edges.size(), 1u);
  EXPECT_EQ(page->edges[0].id, "1-knows-3");
  EXPECT_TRUE(page->next_cursor.empty());
}

// Counts the rows that a scan steps over.
class CountingReader final : public KvReader {
 public:
  explicit CountingReader(const KvReader& base) : base_(base) {}
  Result<std::optional<std::string>> Get(std::string_view key) const override { return base_.Get(key); }
  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override {
    return base_.MultiGet(keys);
  }
  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override {
    return std::make_unique<Iterator>(base_.Scan(begin, end), &steps);
  }
  mutable size_t steps = 0;

 private:
  class Iterator final : public KvIterator {
   public:
    Iterator(std::unique_ptr<KvIterator> base, size_t* steps) : base_(std::move(base)), steps_(steps) {}
    bool Valid() const override { return base_->Valid(); }
    void Next() override { ++*steps_, base_->Next(); }
    void Prev() override { ++*steps_, base_->Prev(); }
    void Seek(std::string_view key) override { base_->Seek(key); }
    void SeekToFirst() override { base_->SeekToFirst(); }
    void SeekToLast() override { base_->SeekToLast(); }
    std::string_view key() const override { return base_->key(); }
    std::string_view value() const override { return base_->value(); }
    Status status() const override { return base_->status(); }

   private:
    std::unique_ptr<KvIterator> base_;
    size_t* steps_;
  };
  const KvReader& base_;
};

TEST(EdgeStoreTest, CurrentEdgesAreFoundWithoutSteppingOverThePast) {
  MemoryKv kv;
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(PutEdge(kv, MakeEdge(1, 2, i), kv).ok());
  const CountingReader reader(kv);
  const auto page = ListEdges(reader, {.node = NodeNumber(1)});
  ASSERT_EQ(page->edges.size(), 1u);
  ASSERT_TRUE(PutEdge(reader, MakeEdge(1, 2, 0.5), kv).ok());
  ASSERT_TRUE(RetireEdge(reader, "1-knows-2", {1}, kv).ok());
  ASSERT_EQ(PutEdge(reader, MakeEdge(1, 2, 9), kv)->added->version, Version(1002));
  EXPECT_LT(reader.steps, 5u);
}

TEST(EdgeStoreTest, ATypeFilterReadsOnlyThatType) {
  MemoryKv kv;
  for (uint32_t i = 0; i < 500; ++i) ASSERT_TRUE(PutEdge(kv, MakeEdge(1, i, 1, "common"), kv).ok());
  ASSERT_TRUE(PutEdge(kv, MakeEdge(1, 7, 1, "rare"), kv).ok());
  const CountingReader reader(kv);
  const auto page = ListEdges(reader, {.node = NodeNumber(1), .types = {"rare"}});
  ASSERT_EQ(page->edges.size(), 1u);
  EXPECT_LT(reader.steps, 5u);
}

// As an overlay on a batch behaves: iterators die at the next write.
class StrictKv final : public KvReader, public KvBatch {
 public:
  Result<std::optional<std::string>> Get(std::string_view key) const override { return rows_.Get(key); }
  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override {
    return rows_.MultiGet(keys);
  }
  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override {
    return std::make_unique<Iterator>(rows_.Scan(begin, end), *this);
  }
  void Put(std::string_view key, std::string_view value) override { ++writes_, rows_.Put(key, value); }
  void Delete(std::string_view key) override { ++writes_, rows_.Delete(key); }
  size_t size() const { return rows_.size(); }

 private:
  class Iterator final : public KvIterator {
   public:
    Iterator(std::unique_ptr<KvIterator> base, const StrictKv& kv) : base_(std::move(base)), kv_(kv) {}
    bool Valid() const override { return Alive().Valid(); }
    void Next() override { Alive().Next(); }
    void Prev() override { Alive().Prev(); }
    void Seek(std::string_view key) override { Alive().Seek(key); }
    void SeekToFirst() override { Alive().SeekToFirst(); }
    void SeekToLast() override { Alive().SeekToLast(); }
    std::string_view key() const override { return Alive().key(); }
    std::string_view value() const override { return Alive().value(); }
    Status status() const override { return Alive().status(); }

   private:
    KvIterator& Alive() const {
      EXPECT_EQ(kv_.writes_, made_at_) << "an iterator was used after a write";
      return *base_;
    }
    std::unique_ptr<KvIterator> base_;
    const StrictKv& kv_;
    const size_t made_at_ = kv_.writes_;
  };
  MemoryKv rows_;
  size_t writes_ = 0;
};

TEST(EdgeStoreTest, ReadsEverythingBeforeItWrites) {
  StrictKv kv;
  const auto fill = [&] {
    for (uint32_t i = 0; i < 5; ++i) {
      Edge edge = MakeEdge(1, i, kv.size());
      edge.memory = NodeNumber(i % 2);
      ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
    }
  };
  fill();
  EXPECT_EQ(RetireEdgesOf(kv, NodeNumber(1), {7}, kv)->size(), 5u);
  fill();
  EXPECT_EQ(EraseEdgesOf(kv, NodeNumber(1), kv)->size(), 5u);
  EXPECT_EQ(kv.size(), 0u);
}

TEST(EdgeStoreTest, LargeMetadataComesBackFromEveryEnd) {
  Edge edge = MakeEdge(1, 2);
  edge.metadata["text"] = Value(std::string(10'000, 'x'));
  const MemoryKv kv = StoreOf({edge});
  edge.version = Version(1);
  for (const uint32_t node : {1, 2}) {
    const auto page = ListEdges(kv, {.node = NodeNumber(node)});
    ASSERT_EQ(page->edges, std::vector{edge});
  }
  size_t bytes = 0;
  for (auto rows = kv.Scan("", ""); rows->Valid(); rows->Next()) bytes += rows->value().size();
  EXPECT_LT(bytes, 10'500u) << "stored once";
}

}  // namespace
}  // namespace engram
