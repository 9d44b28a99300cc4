#include "api/wire_check.h"

#include <random>

#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/search.pb.h"
#include "tests/api/random_message.h"

namespace engram {
namespace {

template <class Message>
Status Check(const std::string& bytes) {
  return CheckWire(bytes, Message::descriptor());
}

TEST(WireCheckTest, EveryMessageOfOursPasses) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    v1::WriteRequest request;
    FillRandomly(random, 3, &request);
    const Status status = Check<v1::WriteRequest>(request.SerializeAsString());
    ASSERT_TRUE(status.ok()) << status.ToString() << "\n" << request.DebugString();
  }
}

TEST(WireCheckTest, DamagedBytesAreRefusedOrParsedAndNothingElse) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  size_t refused = 0;
  for (int round = 0; round < 3'000; ++round) {
    v1::WriteRequest request;
    FillRandomly(random, 3, &request);
    std::string bytes = request.SerializeAsString();
    if (bytes.empty()) continue;
    for (uint64_t n = 1 + random() % 3; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    const bool passed = Check<v1::WriteRequest>(bytes).ok();
    refused += passed ? 0 : 1;
    if (passed && request.ParseFromString(bytes)) {
      EXPECT_TRUE(request.GetReflection()->GetUnknownFields(request).empty());
    }
  }
  EXPECT_GT(refused, 500U);
}

TEST(WireCheckTest, UnknownFieldsAreNamed) {
  EXPECT_EQ(Check<v1::WriteRequest>("\x78\x01").message(), "unknown field 15 in a engram.v1.WriteRequest");
  EXPECT_EQ(Check<v1::WriteRequest>(std::string("\x0a\x02\x79\x01", 4)).message(),
            "unknown field 15 in a engram.v1.Memory");
  // Known by number, of another kind.
  EXPECT_FALSE(Check<v1::Memory>(std::string("\x08\x01")).ok());
}

TEST(WireCheckTest, LengthsThatLieAreRefused) {
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string("\x0a\x7f")).ok());
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string("\x0a\xff\xff\xff\xff\x07")).ok());
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")).ok());
  // An inner length beyond its outer one.
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string("\x0a\x02\x22\x05xxxxx", 9)).ok());
}

TEST(WireCheckTest, TextMustBeUtf8) {
  v1::WriteRequest request;
  request.add_memories()->mutable_source()->set_id("caf\xc3\xa9");
  std::string bytes = request.SerializeAsString();
  EXPECT_TRUE(Check<v1::WriteRequest>(bytes).ok());
  bytes.back() = 'x';
  const Status status = Check<v1::WriteRequest>(bytes);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.field(), "memories[0].source.id");
}

TEST(WireCheckTest, TheBudgetIsSharedByTheWholeRequest) {
  const auto empties = [](size_t count) {
    std::string bytes;
    for (size_t i = 0; i < count; ++i) bytes += std::string("\x0a\0", 2);
    return bytes;
  };
  EXPECT_TRUE(Check<v1::WriteRequest>(empties(kElementBudget / kMessageCost)).ok());
  EXPECT_FALSE(Check<v1::WriteRequest>(empties(kElementBudget / kMessageCost + 1)).ok());
}

TEST(WireCheckTest, JsonHasTheSameBudget) {
  v1::Value value;
  std::string list = "[0";
  for (size_t i = 2; i < kElementBudget; ++i) list += ",0";
  EXPECT_TRUE(ParseJson(list + "]", &value).ok());
  EXPECT_FALSE(ParseJson(list + ",0]", &value).ok());
  // Numbers of a vector are no elements: they cost what they weigh.
  v1::Vector vector;
  EXPECT_TRUE(ParseJson(list + ",0,0,0]", &vector).ok());
}

}  // namespace
}  // namespace engram
