#include "tests/house/include_rules.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engram {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::IsEmpty;

// A made-up tree of sources.
class IncludeRulesTest : public testing::Test {
 protected:
  IncludeRulesTest() {
    std::string name = testing::TempDir() + "engram_house_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  ~IncludeRulesTest() override { fs::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  // The breaches when `path` holds nothing but one include.
  std::vector<std::string> Including(const std::string& path, const std::string& target) {
    Write(path, "#include " + target + "\n");
    auto breaches = FindBreaches(root_);
    fs::remove(root_ / path);
    return breaches;
  }

  fs::path root_;
};

TEST_F(IncludeRulesTest, ArrowsPointDown) {
  EXPECT_THAT(Including("tools/a.cc", "\"server/b.h\""), IsEmpty());
  EXPECT_THAT(Including("server/a.cc", "\"engine/b.h\""), IsEmpty());
  EXPECT_THAT(Including("server/a.cc", "\"engram/v1/memory.pb.h\""), IsEmpty());
  EXPECT_THAT(Including("engine/a.cc", "\"index/text/b.h\""), IsEmpty());
  EXPECT_THAT(Including("engine/a.cc", "\"graph/b.h\""), IsEmpty());
  EXPECT_THAT(Including("graph/a.h", "\"base/b.h\""), IsEmpty());
  EXPECT_THAT(Including("client/cpp/a.h", "\"base/b.h\""), IsEmpty());
  EXPECT_THAT(Including("tests/base/a.cc", "\"tools/b.h\""), IsEmpty());
}

TEST_F(IncludeRulesTest, AnUpwardIncludeIsNamedWithItsLine) {
  Write("index/text/a.h", "#pragma once\n\n  #  include \"engine/b.h\"  // why not\n");
  EXPECT_THAT(FindBreaches(root_), ElementsAre("index/text/a.h:3: includes engine/b.h: index must not know engine"));
}

TEST_F(IncludeRulesTest, EveryForbiddenArrowIsABreach) {
  const std::pair<const char*, const char*> forbidden[] = {
      {"base/a.h", "\"index/b.h\""},       {"base/a.h", "\"engram/v1/value.pb.h\""},
      {"index/a.h", "\"graph/b.h\""},      {"graph/a.h", "\"index/b.h\""},
      {"engine/a.cc", "\"server/b.h\""},   {"engine/a.cc", "\"engram/v1/value.pb.h\""},
      {"engine/a.cc", "<server/b.h>"},     {"client/cpp/a.cc", "\"engine/b.h\""},
      {"server/a.cc", "\"tools/b.h\""},    {"server/a.cc", "\"client/cpp/b.h\""},
      {"server/a.cc", "\"tests/b.h\""},    {"engine/a.cc", "\"base/testing/b.h\""},
      {"index/a.h", "\"index/text/b.h\""}, {"index/text/a.h", "\"index/vector/b.h\""},
      {"api/a.cc", "\"engine/b.h\""},      {"index/attribute/a.cc", "\"index/text/b.h\""},
  };
  for (const auto& [path, target] : forbidden) EXPECT_EQ(Including(path, target).size(), 1u) << path << " " << target;
}

TEST_F(IncludeRulesTest, PartsOfTheIndexShareItsTop) {
  EXPECT_THAT(Including("index/text/a.cc", "\"index/slot_set.h\""), IsEmpty());
  EXPECT_THAT(Including("index/text/a.cc", "\"index/text/b.h\""), IsEmpty());
}

TEST_F(IncludeRulesTest, ALibraryStaysWhereItBelongs) {
  EXPECT_THAT(Including("engine/store.cc", "<rocksdb/db.h>"), IsEmpty());
  EXPECT_THAT(Including("engine/store_batch.cc", "<rocksdb/db.h>"), IsEmpty());
  EXPECT_THAT(Including("engine/log.cc", "<rocksdb/db.h>"),
              ElementsAre("engine/log.cc:1: includes rocksdb/db.h: it belongs to engine/store.cc alone"));
  EXPECT_THAT(Including("server/session.cc", "<boost/beast/core.hpp>"), IsEmpty());
  EXPECT_EQ(Including("engine/log.cc", "<boost/beast/core.hpp>").size(), 1u);
  EXPECT_THAT(Including("tests/engine/a.cc", "<rocksdb/db.h>"), IsEmpty());
}

TEST_F(IncludeRulesTest, HeadersShowNoForeignLibrary) {
  EXPECT_FALSE(Including("index/a.h", "<unicode/utf8.h>").empty());
  EXPECT_FALSE(Including("engine/store.h", "<rocksdb/db.h>").empty());
  EXPECT_THAT(Including("engine/store.h", "<roaring/roaring.hh>"), IsEmpty());
}

TEST_F(IncludeRulesTest, AHeaderThatShowsBoostStaysInsideItsModule) {
  Write("server/session.h", "#include <boost/asio.hpp>\n");
  Write("server/server.h", "#pragma once\n");
  Write("server/session.cc", "#include \"server/session.h\"\n");
  Write("tools/serve.cc", "#include \"server/server.h\"\n");
  EXPECT_THAT(FindBreaches(root_), IsEmpty());
  Write("server/server.h", "#pragma once\n#include \"server/session.h\"\n");
  EXPECT_THAT(FindBreaches(root_), ElementsAre("tools/serve.cc:1: includes server/server.h: it shows Boost, so it "
                                               "belongs inside server"));
}

TEST_F(IncludeRulesTest, CommentsAndStringsAreNoIncludes) {
  Write("base/a.cc", "// #include \"engine/b.h\"\nconst char* x = \"#include <rocksdb/db.h>\";\n");
  EXPECT_THAT(FindBreaches(root_), IsEmpty());
}

TEST_F(IncludeRulesTest, ALongFileIsABreach) {
  std::string text;
  for (size_t i = 0; i < kLinesMax; ++i) text += "//\n";
  Write("base/a.cc", text);
  EXPECT_THAT(FindBreaches(root_), IsEmpty());
  Write("base/a.cc", text + "//\n");
  EXPECT_THAT(FindBreaches(root_), ElementsAre("base/a.cc: 501 lines, more than 500"));
}

TEST_F(IncludeRulesTest, SourcesAreCountedInModulesOnly) {
  Write("base/a.cc", "");
  Write("index/text/a.h", "");
  Write("base/notes.txt", "");
  Write("build/dev/a.cc", "#include \"engine/b.h\"\n");
  EXPECT_EQ(CountSources(root_), 2u);
}

}  // namespace
}  // namespace engram
