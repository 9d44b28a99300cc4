#include "base/failpoint.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engram {
namespace {

Status Maintenance() {
  FAILPOINT("segment.rename");
  return {};
}

class FailpointTest : public testing::Test {
 protected:
  ~FailpointTest() override {
    EXPECT_TRUE(SetFailpoints("").ok());
    WatchFailpoints(nullptr);
  }
};

TEST_F(FailpointTest, OffItLetsEverybodyPass) {
  EXPECT_FALSE(failpoint::any);
  EXPECT_TRUE(Maintenance().ok());
}

TEST_F(FailpointTest, TheChosenPassageFailsAndNoOther) {
  ASSERT_TRUE(SetFailpoints("seal.begin=kill;segment.rename=error@2").ok());
  EXPECT_TRUE(Maintenance().ok());
  EXPECT_EQ(Maintenance().code(), StatusCode::kUnavailable);
  EXPECT_TRUE(Maintenance().ok());
}

TEST_F(FailpointTest, AFullDiskIsAnErrorOfItsOwn) {
  ASSERT_TRUE(SetFailpoints("segment.rename=full").ok());
  EXPECT_EQ(Maintenance().code(), StatusCode::kOutOfSpace);
  EXPECT_FALSE(failpoint::any) << "done with, it costs nothing";
}

TEST_F(FailpointTest, AStallGoesOn) {
  ASSERT_TRUE(SetFailpoints("segment.rename=stall:1").ok());
  EXPECT_TRUE(Maintenance().ok());
}

TEST_F(FailpointTest, AWatcherSeesEveryPassage) {
  std::vector<std::string> seen;
  WatchFailpoints([&](std::string_view name) -> Status {
    seen.emplace_back(name);
    return seen.size() == 2 ? Unavailable("enough") : Status();
  });
  EXPECT_TRUE(Maintenance().ok());
  EXPECT_EQ(Maintenance().message(), "enough");
  WatchFailpoints(nullptr);
  EXPECT_TRUE(Maintenance().ok());
  EXPECT_THAT(seen, testing::ElementsAre("segment.rename", "segment.rename"));
}

TEST_F(FailpointTest, KillEndsTheProcess) {
  ASSERT_TRUE(SetFailpoints("segment.rename=kill").ok());
  EXPECT_EXIT((void)Maintenance(), testing::KilledBySignal(SIGKILL), "");
}

TEST_F(FailpointTest, MistakesAreNamed) {
  const auto refusal = [](std::string_view text) { return SetFailpoints(text).message(); };
  EXPECT_THAT(refusal("segment.rename"), testing::HasSubstr("NAME=ACTION[@N]"));
  EXPECT_THAT(refusal("nowhere=kill"), testing::HasSubstr("no such place"));
  EXPECT_THAT(refusal("segment.rename=explode"), testing::HasSubstr("actions are"));
  EXPECT_THAT(refusal("segment.rename=kill@0"), testing::HasSubstr("from 1 on"));
  EXPECT_THAT(refusal("segment.rename=stall:x"), testing::HasSubstr("milliseconds"));
  EXPECT_THAT(refusal("commit.written=error"), testing::HasSubstr("no error can be told"));
}

// The names in FAILPOINT("...") and KILLPOINT("...") of these folders' sources.
std::set<std::string> NamesInSources(std::string_view macro) {
  std::set<std::string> names;
  for (const char* folder : {"base", "index", "graph", "engine", "server", "tools"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::string(ENGRAM_SOURCE_DIR) + "/" + folder)) {
      if (entry.path().extension() != ".cc") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      const std::string source = text.str();
      const std::string call = std::string(macro) + "(\"";
      for (size_t at = source.find(call); at != std::string::npos; at = source.find(call, at)) {
        at += call.size();
        names.insert(source.substr(at, source.find('"', at) - at));
      }
    }
  }
  return names;
}

TEST_F(FailpointTest, TheListHasWhatTheSourcesHave) {
  std::set<std::string> failing;
  std::set<std::string> others;
  for (const FailpointPlace& place : FailpointPlaces()) (place.fails ? failing : others).emplace(place.name);
  EXPECT_EQ(NamesInSources("FAILPOINT"), failing);
  EXPECT_EQ(NamesInSources("KILLPOINT"), others);
}

}  // namespace
}  // namespace engram
