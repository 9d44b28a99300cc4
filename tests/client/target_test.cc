#include "client/cpp/target.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(TargetTest, WhateverIsInANameStaysOneSegment) {
  EXPECT_EQ(PercentEncode("plain-Name_1.~"), "plain-Name_1.~");
  EXPECT_EQ(PercentEncode("a/b?c#d%e f"), "a%2Fb%3Fc%23d%25e%20f");
  EXPECT_EQ(PercentEncode("x:feedback"), "x%3Afeedback");
  EXPECT_EQ(PercentEncode("é"), "%C3%A9");
  EXPECT_EQ(PercentEncode(std::string("\0", 1)), "%00");
}

TEST(TargetTest, DotsAreNoStepsOfAPath) {
  EXPECT_EQ(PercentEncode("."), "%2E");
  EXPECT_EQ(PercentEncode(".."), "%2E%2E");
  EXPECT_EQ(PercentEncode("..."), "...");
}

TEST(TargetTest, QueriesLeaveOutWhatIsEmpty) {
  std::string target = NamespaceTarget("a b", "/runs/1");
  AddQuery(&target, "user_id", "");
  EXPECT_EQ(target, "/v1/namespaces/a%20b/runs/1");
  AddQuery(&target, "user_id", "ann&co");
  AddQuery(&target, "app_id", "x");
  EXPECT_EQ(target, "/v1/namespaces/a%20b/runs/1?user_id=ann%26co&app_id=x");
}

}  // namespace
}  // namespace engram
