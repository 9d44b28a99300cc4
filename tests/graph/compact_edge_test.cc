#include "graph/compact_edge.h"

#include <vector>

#include <gtest/gtest.h>

#include "random_edges.h"

namespace engram {
namespace {

TEST(CompactEdgeTest, EveryEdgeComesBackWhole) {
  const uint64_t seed = TestSeed(5);
  SCOPED_TRACE(seed);
  RandomEdges random(seed, 6);
  EdgePacker packer;
  Edge scratch;
  for (int i = 0; i < 500; ++i) {
    Edge edge = random.Next(random.Time());
    edge.version = Version(random.Below(9) + 1);
    const CompactEdge packed = packer.Pack(edge);
    ASSERT_EQ(packer.Unpack(packed, &scratch), edge);
    const Timestamp time = random.Time();
    EXPECT_EQ(packed.ValidAt(time), ValidAt(edge, time));
    if (random.OneIn(2)) packer.Release(packed);
  }
}

TEST(CompactEdgeTest, IdsCompareAsTheirStringsInEveryForm) {
  std::vector<std::string> ids = {"a",
                                  "0",
                                  "f0",
                                  "~",
                                  std::string(32, '0'),
                                  std::string(32, 'f'),
                                  std::string(32, 'F'),
                                  std::string(31, '5'),
                                  std::string(33, '5'),
                                  std::string(32, '5')};
  EdgePacker packer;
  for (const std::string& a : ids) {
    for (const std::string& b : ids) {
      for (const bool with_metadata : {false, true}) {
        Edge first = MakeEdge(1, 2);
        first.id = a;
        if (with_metadata) first.metadata["k"] = 1;
        Edge second = MakeEdge(1, 2);
        second.id = b;
        EXPECT_EQ(packer.CompareIds(packer.Pack(first), packer.Pack(second)), a <=> b) << a << " " << b;
      }
    }
  }
}

TEST(CompactEdgeTest, PlainEdgesAreNotKeptWhole) {
  Edge edge = MakeEdge(1, 2);
  edge.id = DefaultEdgeId({}, "a", "b", "c");
  edge.memory = NodeNumber(0);
  edge.valid_to = Timestamp::Max();
  EdgePacker packer;
  const CompactEdge packed = packer.Pack(edge);
  EXPECT_EQ(packed.whole, nullptr);
  EXPECT_FALSE(packed.ValidAt(Timestamp::Max()));
  EXPECT_EQ(sizeof(CompactEdge), 88u);
}

}  // namespace
}  // namespace engram
