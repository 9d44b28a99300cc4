#include "server/request_context.h"

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engram/v1/memory.pb.h"

namespace engram {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

HttpRequest Request(std::vector<std::pair<std::string, std::string>> query, std::string idempotency_key = {}) {
  HttpRequest request;
  request.method = "POST";
  request.query = std::move(query);
  request.idempotency_key = std::move(idempotency_key);
  return request;
}

TEST(RequestContextTest, DurabilityIsSyncUnlessAskedOtherwise) {
  const ManualClock clock(Timestamp{0});
  RequestContext plain(clock, Request({}), seconds(1));
  ASSERT_TRUE(plain.ReadParameters({}).ok());
  EXPECT_EQ(plain.durability(), Durability::kSync);
  RequestContext buffered(clock, Request({{"durability", "buffered"}}), seconds(1));
  ASSERT_TRUE(buffered.ReadParameters({}).ok());
  EXPECT_EQ(buffered.durability(), Durability::kBuffered);
  RequestContext wrong(clock, Request({{"durability", ""}}), seconds(1));
  EXPECT_EQ(wrong.ReadParameters({}).field(), "durability");
}

TEST(RequestContextTest, IdempotencyKeysAreShortAndPlain) {
  const ManualClock clock(Timestamp{0});
  for (const auto& [key, good] : std::vector<std::pair<std::string, bool>>{{"a", true},
                                                                           {std::string(256, 'a'), true},
                                                                           {std::string(257, 'a'), false},
                                                                           {"\xc3\xa9", false},
                                                                           {"a\tb", false}}) {
    RequestContext context(clock, Request({}, key), seconds(1));
    EXPECT_EQ(context.ReadParameters({}).ok(), good) << key;
  }
}

TEST(RequestContextTest, TheDeadlineIsTheSoonerOfServerAndRequest) {
  ManualClock clock(Timestamp{0});
  clock.Advance(seconds(10));
  const RequestContext context(clock, Request({}), seconds(11));
  EXPECT_EQ(context.Deadline(), seconds(11));
  EXPECT_EQ(context.Deadline(200), milliseconds(10'200));
  EXPECT_EQ(context.Deadline(5'000), seconds(11));
}

TEST(RequestContextTest, NumbersAndFlagsOfTheQueryAreChecked) {
  const ManualClock clock(Timestamp{0});
  const RequestContext context(clock,
                               Request({{"n", "18446744073709551615"},
                                        {"big", "18446744073709551616"},
                                        {"t", "true"},
                                        {"f", "0"},
                                        {"x", "yes"},
                                        {"empty", ""}}),
                               seconds(1));
  EXPECT_EQ(**context.QueryUint64("n"), UINT64_MAX);
  EXPECT_FALSE((*context.QueryUint64("none")).has_value());
  EXPECT_EQ(context.QueryUint64("big").status().field(), "big");
  EXPECT_FALSE(context.QueryUint64("empty").ok());
  EXPECT_TRUE(*context.QueryBool("t"));
  EXPECT_FALSE(*context.QueryBool("f"));
  EXPECT_FALSE(*context.QueryBool("none"));
  EXPECT_EQ(context.QueryBool("x").status().field(), "x");
}

TEST(RequestContextTest, TheHashKnowsWhereOnePartEndsAndTheNextBegins) {
  const ManualClock clock(Timestamp{0});
  const auto hash = [&](std::vector<std::pair<std::string, std::string>> path) {
    RequestContext context(clock, Request({}, "k"), seconds(1));
    context.SetRoute("/{a}/{b}", std::move(path));
    context.HashRequest(nullptr);
    return context.RequestHash();
  };
  EXPECT_NE(hash({{"a", "x"}, {"b", "yz"}}), hash({{"a", "xy"}, {"b", "z"}}));
  EXPECT_EQ(hash({{"a", "x"}, {"b", "yz"}}), hash({{"a", "x"}, {"b", "yz"}}));
}

}  // namespace
}  // namespace engram
