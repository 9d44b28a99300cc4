#include "bench/compare/data_set.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace engram::compare {
namespace {

class DataSetTest : public testing::Test {
 protected:
  DataSetTest() {
    std::string made = (std::filesystem::temp_directory_path() / "engram-data-set-XXXXXX").string();
    folder_ = mkdtemp(made.data());
  }
  ~DataSetTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  static std::string Floats(const std::vector<float>& floats) {
    return {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)};
  }
  void WriteAll() const {
    Write("meta.json", R"({"rows":3,"dimensions":2,"queries":1,"metric":"cosine","source":"hand"})");
    Write("vectors.f32", Floats({1, 0, 0, 5, 3, 4}));
    Write("queries.f32", Floats({2, 2}));
    Write("texts.jsonl", "{\"id\":\"0\",\"text\":\"tea\"}\n{\"text\":\"milk\"}\n{\"text\":\"\\u00e9t\\u00e9\"}\n");
    Write("queries.jsonl", "{\"text\":\"tea or milk\"}\n");
  }
  std::string Refusal() const { return DataSet::Read(folder_, 100, 100).status().message(); }

  std::string folder_;
};

TEST_F(DataSetTest, ReadsAFolderAtUnitLength) {
  WriteAll();
  const Result<std::unique_ptr<DataSet>> read = DataSet::Read(folder_, 100, 100);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  const DataSet& set = **read;
  EXPECT_EQ(set.size(), 3U);
  EXPECT_EQ(set.source(), "hand");
  EXPECT_EQ(set.At(2).text, "été");
  EXPECT_FLOAT_EQ(set.At(2).vector[1], 0.8F);
  EXPECT_FLOAT_EQ(set.QueryVector(0)[0], std::sqrt(0.5F));
  EXPECT_EQ(set.QueryText(0), "tea or milk");
  EXPECT_EQ(set.Nearest(1, std::nullopt)[0][0], 2U);
}

TEST_F(DataSetTest, TakesTheFirstRowsAndSaysSoInItsName) {
  WriteAll();
  const Result<std::unique_ptr<DataSet>> read = DataSet::Read(folder_, 2, 100);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ((*read)->size(), 2U);
  EXPECT_NE((*read)->name().find("first-2"), std::string::npos) << (*read)->name();
}

TEST_F(DataSetTest, NamesTheFileThatIsWrong) {
  EXPECT_NE(Refusal().find("meta.json"), std::string::npos) << Refusal();
  WriteAll();
  Write("vectors.f32", Floats({1, 0, 0, 5, 3}));
  EXPECT_NE(Refusal().find("vectors.f32 has 2 vectors, not 3"), std::string::npos) << Refusal();
  WriteAll();
  Write("vectors.f32", Floats({1, 0, 0, 0, 3, 4}));
  EXPECT_NE(Refusal().find("row 1: no direction"), std::string::npos) << Refusal();
  WriteAll();
  Write("texts.jsonl", "{\"text\":\"tea\"}\n{\"words\":\"milk\"}\n");
  EXPECT_NE(Refusal().find("texts.jsonl, line 2"), std::string::npos) << Refusal();
  WriteAll();
  Write("queries.jsonl", "");
  EXPECT_NE(Refusal().find("queries.jsonl has 0 lines, not 1"), std::string::npos) << Refusal();
}

TEST_F(DataSetTest, FiltersLeaveTheirShareOfRowsAndTheTruthKeepsToThem) {
  const std::unique_ptr<DataSet> set = DataSet::Generate(20'000, 20, 16);
  size_t passing = 0;
  for (size_t row = 0; row < set->size(); ++row) {
    EXPECT_LT(set->At(row).u, 10'000U);
    if (set->At(row).u < 1000) ++passing;
  }
  EXPECT_NEAR(static_cast<double>(passing), 2000, 200);  // 10 %, within five deviations
  const Truth all = set->Nearest(20, std::nullopt);
  const Truth some = set->Nearest(20, 1000);
  ASSERT_EQ(some.size(), 20U);
  EXPECT_NE(all, some);
  for (const Rows& rows : some) {
    EXPECT_EQ(rows.size(), kTopK);
    for (const uint32_t row : rows) EXPECT_LT(FilterNumberOf(row), 1000U);
  }
}

TEST_F(DataSetTest, IsGeneratedAlikeEveryTime) {
  const std::unique_ptr<DataSet> a = DataSet::Generate(200, 5, 8);
  const std::unique_ptr<DataSet> b = DataSet::Generate(200, 5, 8);
  EXPECT_EQ(a->At(199).text, b->At(199).text);
  EXPECT_TRUE(std::equal(a->At(199).vector.begin(), a->At(199).vector.end(), b->At(199).vector.begin()));
  EXPECT_EQ(a->QueryText(4), b->QueryText(4));
}

}  // namespace
}  // namespace engram::compare
