#include "graph/interner.h"

#include <string>

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(InternerTest, EqualValuesShareANumberUntilTheLastHolderLetsGo) {
  Interner<std::string> interner;
  const uint32_t a = interner.Acquire("a");
  EXPECT_EQ(interner.Acquire("a"), a);
  const uint32_t b = interner.Acquire("b");
  EXPECT_NE(a, b);
  interner.Release(a);
  EXPECT_EQ(interner.At(a), "a");
  interner.Release(a);
  EXPECT_FALSE(interner.Find("a"));
  EXPECT_EQ(interner.Find("b"), b);
  EXPECT_EQ(interner.Acquire("c"), a) << "numbers are used again";
  EXPECT_EQ(interner.At(a), "c");
  EXPECT_EQ(interner.At(b), "b");
}

TEST(InternerDeathTest, ReleasingWhatNobodyHoldsIsOurBug) {
  Interner<std::string> interner;
  interner.Release(interner.Acquire("a"));
  EXPECT_DEATH(interner.Release(0), "");
}

}  // namespace
}  // namespace engram
