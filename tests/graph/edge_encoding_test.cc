#include "graph/edge_encoding.h"

#include <gtest/gtest.h>

#include "graph/edge_store.h"
#include "random_edges.h"

namespace engram {
namespace {

TEST(EdgeEncodingTest, EveryEdgeComesBackAsItWas) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(seed);
  RandomEdges random(seed, 5);
  for (int i = 0; i < 500; ++i) {
    Edge edge = random.Next(random.Time());
    edge.version = Version(random.Below(1000) + 1);
    if (random.OneIn(2)) edge.retired = random.Time();
    const auto decoded = DecodeEdge(EncodeEdge(edge));
    ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
    ASSERT_EQ(*decoded, edge);
  }
}

TEST(EdgeEncodingTest, BytesAreFixedForAllTime) {
  Edge edge = MakeEdge(1, 300, 2);
  edge.id = "id";
  edge.version = Version(3);
  edge.metadata["k"] = true;
  edge.scopes.user_id = "u";
  edge.memory = NodeNumber(7);
  edge.recorded = Timestamp{-1};
  constexpr char kExpected[] =
      "\x01\x02id\x03\x01\xac\x02\x05knows\x11\0\0\0\0\0\0\0\x40\x01u\0\0\0\0\x01\x07\x01\x01k\x01\x01";
  EXPECT_EQ(EncodeEdge(edge), std::string(kExpected, sizeof kExpected - 1));
}

TEST(EdgeEncodingTest, CutOrExtendedRecordsAreCorruption) {
  Edge edge = MakeEdge(1, 2);
  edge.metadata["k"] = Value::List{1, "two"};
  edge.memory = NodeNumber(9);
  const std::string bytes = EncodeEdge(edge);
  for (size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_EQ(DecodeEdge(bytes.substr(0, n)).status().code(), StatusCode::kCorruption) << n;
  }
  EXPECT_EQ(DecodeEdge(bytes + "x").status().code(), StatusCode::kCorruption);
  EXPECT_EQ(DecodeEdge("\x02" + bytes.substr(1)).status().code(), StatusCode::kCorruption);
}

TEST(EdgeEncodingTest, ARecordWithoutItsMetadataSaysSo) {
  Edge edge = MakeEdge(1, 2);
  edge.metadata["k"] = 1;
  const std::string bytes = EncodeEdgeRecord(edge, EdgeMetadata::kElsewhere);
  Edge decoded = edge;
  const auto where = DecodeEdgeRecord(bytes, &decoded);
  ASSERT_TRUE(where.ok());
  EXPECT_EQ(*where, EdgeMetadata::kElsewhere);
  EXPECT_TRUE(decoded.metadata.empty());
  EXPECT_EQ(DecodeEdge(bytes).status().code(), StatusCode::kCorruption);
}

TEST(EdgeEncodingTest, DigestFollowsEveryField) {
  const Edge edge = MakeEdge(1, 2);
  Edge other = edge;
  EXPECT_EQ(EdgeDigest(edge), EdgeDigest(other));
  other.recorded = Timestamp{1};
  EXPECT_NE(EdgeDigest(edge), EdgeDigest(other));
  other = edge;
  other.metadata["k"] = 1.0;
  Edge as_int = edge;
  as_int.metadata["k"] = 1;
  EXPECT_NE(EdgeDigest(other), EdgeDigest(as_int));
}

}  // namespace
}  // namespace engram
