#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/house/include_rules.h"

namespace engram {
namespace {

TEST(HouseTest, IncludesPointDownLibrariesStayHiddenAndFilesAreShort) {
  EXPECT_THAT(FindBreaches(ENGRAM_SOURCE_DIR), testing::IsEmpty());
}

TEST(HouseTest, TheSourcesAreWhereTheTestLooks) { EXPECT_GT(CountSources(ENGRAM_SOURCE_DIR), 50u); }

}  // namespace
}  // namespace engram
