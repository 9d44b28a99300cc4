// The store against its plain twin: a vector of edge versions, searched from front to back.
#include <algorithm>
#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "base/coding.h"
#include "graph/edge_store.h"
#include "random_edges.h"

namespace engram {
namespace {

bool Touches(const Edge& edge, NodeNumber node, Direction direction) {
  return (direction != Direction::kIn && edge.source == node) || (direction != Direction::kOut && edge.target == node);
}

bool BelongsTo(const Edge& edge, NodeNumber node) {
  return Touches(edge, node, Direction::kBoth) || edge.memory == node;
}

class Twin {
 public:
  Edge* Current(const std::string& id) {
    for (Edge& edge : versions_) {
      if (edge.id == id && !edge.retired) return &edge;
    }
    return nullptr;
  }

  void Put(Edge edge) {
    if (Edge* old = Current(edge.id)) {
      Edge same = *old;
      same.version = edge.version;
      same.recorded = edge.recorded;
      if (same == edge) return;
      old->retired = edge.recorded;
    }
    for (const Edge& old : versions_) {
      if (old.id == edge.id) edge.version = std::max(edge.version, old.version);
    }
    edge.version = edge.version.Next();
    versions_.push_back(edge);
  }

  void Retire(const std::string& id, Timestamp at) {
    if (Edge* old = Current(id)) old->retired = at;
  }

  void RetireOf(NodeNumber node, Timestamp at) {
    for (Edge& edge : versions_) {
      if (!edge.retired && BelongsTo(edge, node)) edge.retired = at;
    }
  }

  void EraseOf(NodeNumber node) {
    std::erase_if(versions_, [&](const Edge& edge) { return BelongsTo(edge, node); });
  }

  std::vector<Edge> List(const EdgeQuery& query) const {
    std::vector<Edge> found;
    for (const Edge& edge : versions_) {
      if (query.as_of ? !HoldsAt(edge, *query.as_of) : edge.retired && !query.include_retired) continue;
      if (query.node && !Touches(edge, *query.node, query.direction)) continue;
      if (!query.types.empty() && std::ranges::find(query.types, edge.type) == query.types.end()) continue;
      if (!query.accept || query.accept(edge)) found.push_back(edge);
    }
    const auto order = [&](const Edge& edge) {
      if (!query.node) return std::tuple(std::string(), NodeNumber(0), edge.id, edge.version);
      const bool outgoing = query.direction != Direction::kIn && edge.source == *query.node;
      return std::tuple(edge.type, outgoing ? edge.target : edge.source, edge.id, edge.version);
    };
    std::ranges::sort(found, {}, order);
    return found;
  }

 private:
  std::vector<Edge> versions_;
};

EdgeQuery RandomQuery(RandomEdges& random, int64_t now) {
  EdgeQuery query;
  if (!random.OneIn(4)) query.node = random.Node();
  query.direction = static_cast<Direction>(random.Below(3));
  while (random.OneIn(2)) query.types.push_back(random.Type());
  if (random.OneIn(3)) {
    query.as_of = Timestamp{static_cast<int64_t>(random.Below(static_cast<uint32_t>(now) + 10))};
  } else {
    query.include_retired = random.OneIn(2);
  }
  if (random.OneIn(3)) query.accept = [](const Edge& edge) { return edge.weight < 1.5; };
  return query;
}

std::vector<Edge> ListInPages(const KvReader& reader, EdgeQuery query, size_t limit) {
  query.limit = limit;
  std::vector<Edge> all;
  for (;;) {
    const auto page = ListEdges(reader, query);
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    if (!page.ok()) return all;
    EXPECT_LE(page->edges.size(), limit);
    all.insert(all.end(), page->edges.begin(), page->edges.end());
    if (page->next_cursor.empty()) return all;
    EXPECT_EQ(page->edges.size(), limit) << "only the last page is short";
    query.cursor = page->next_cursor;
  }
}

// By brute force over all bytes: no key has the node as an end, no record decodes to one.
void ExpectNoTraceOf(NodeNumber node, const KvReader& reader) {
  for (auto rows = reader.Scan("", ""); rows->Valid(); rows->Next()) {
    ByteReader key(rows->key());
    const char kind = static_cast<char>(key.Byte());
    if (kind != 'E') {
      EXPECT_NE(key.Key32(), node.value);
    }
    key.Byte();
    if (kind == 'e' || kind == 'f') {
      key.KeyString();
      EXPECT_NE(key.Key32(), node.value);
    }
    if (kind != 'E') continue;
    const auto edge = DecodeEdge(rows->value());
    ASSERT_TRUE(edge.ok());
    EXPECT_FALSE(BelongsTo(*edge, node));
  }
}

size_t RowsWanted(const std::vector<Edge>& versions) {
  size_t rows = 0;
  for (const Edge& edge : versions) rows += edge.memory ? 4 : 3;
  return rows;
}

class EdgeModelTest : public testing::TestWithParam<uint64_t> {
 protected:
  void Change(int64_t now) {
    const Timestamp at{now};
    const uint32_t dice = random_.Below(100);
    if (dice < 75) {
      Edge edge = random_.Next(at);
      if (random_.OneIn(5)) edge = Rewritten(std::move(edge));
      twin_.Put(edge);
      ASSERT_TRUE(PutEdge(kv_, edge, kv_).ok());
    } else if (dice < 92) {
      const std::string id = random_.Id();
      twin_.Retire(id, at);
      ASSERT_TRUE(RetireEdge(kv_, id, at, kv_).ok());
    } else if (dice < 98) {
      RetireOf(random_.Node(), at);
    } else {
      EraseOf(random_.Node());
    }
  }

  // What is current under the id already, so that writing it changes nothing.
  Edge Rewritten(Edge edge) {
    const Edge* current = twin_.Current(edge.id);
    if (!current) return edge;
    const Timestamp recorded = edge.recorded;
    edge = *current;
    edge.version = Version(0);
    edge.recorded = recorded;
    return edge;
  }

  std::vector<Edge> CurrentOf(NodeNumber node) {
    std::vector<Edge> edges = twin_.List({});
    std::erase_if(edges, [&](const Edge& edge) { return !BelongsTo(edge, node); });
    return edges;
  }

  void RetireOf(NodeNumber node, Timestamp at) {
    std::vector<Edge> expected = CurrentOf(node);
    for (Edge& edge : expected) edge.retired = at;
    const auto changes = RetireEdgesOf(kv_, node, at, kv_);
    ASSERT_TRUE(changes.ok());
    std::vector<Edge> retired;
    for (const EdgeChange& change : *changes) retired.push_back(*change.retired);
    EXPECT_EQ(retired, expected);
    twin_.RetireOf(node, at);
  }

  void EraseOf(NodeNumber node) {
    const std::vector<Edge> expected = CurrentOf(node);
    const auto removed = EraseEdgesOf(kv_, node, kv_);
    ASSERT_TRUE(removed.ok());
    EXPECT_EQ(*removed, expected);
    twin_.EraseOf(node);
    ExpectNoTraceOf(node, kv_);
  }

  void Compare(int64_t now) {
    const EdgeQuery query = RandomQuery(random_, now);
    const std::vector<Edge> expected = twin_.List(query);
    for (const size_t limit : {1, 2, 3, 1000}) ASSERT_EQ(ListInPages(kv_, query, limit), expected) << limit;

    EXPECT_EQ(kv_.size(), RowsWanted(twin_.List({.include_retired = true})));
  }

  RandomEdges random_{TestSeed(GetParam()), 8};
  MemoryKv kv_;
  Twin twin_;
};

TEST_P(EdgeModelTest, AnswersAsAPlainVectorOfVersionsDoes) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int64_t now = 1; now <= 400; ++now) {
    ASSERT_NO_FATAL_FAILURE(Change(now));
    ASSERT_NO_FATAL_FAILURE(Compare(now));
  }
}

TEST_P(EdgeModelTest, VisitsWhatItLists) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int64_t now = 1; now <= 200; ++now) ASSERT_NO_FATAL_FAILURE(Change(now));
  std::vector<Edge> visited;
  const auto collect = [&](const Edge& edge) {
    visited.push_back(edge);
    return true;
  };
  ASSERT_TRUE(VisitAllEdges(kv_, collect).ok());
  EXPECT_EQ(visited, twin_.List({}));
  for (const Direction direction : {Direction::kOut, Direction::kIn, Direction::kBoth}) {
    const EdgeQuery query{.node = random_.Node(), .direction = direction, .as_of = random_.Time()};
    visited.clear();
    ASSERT_TRUE(VisitEdges(kv_, *query.node, direction, query.as_of, collect).ok());
    EXPECT_EQ(visited, twin_.List(query));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EdgeModelTest, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace engram
