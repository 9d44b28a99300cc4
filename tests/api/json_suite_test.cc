// The public JSON parsing suite (nst/JSONTestSuite), where its files are at hand: y_ is accepted, n_ refused.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

std::filesystem::path SuiteFolder() {
  const char* data = std::getenv("ENGRAM_DATA_DIR");
  const std::filesystem::path root =
      data != nullptr ? std::filesystem::path(data) : std::filesystem::path(ENGRAM_SOURCE_DIR) / "../shared/data";
  return root / "json_test_suite" / "test_parsing";
}

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

TEST(JsonSuiteTest, AcceptsAndRefusesAsTheSuiteSays) {
  if (!std::filesystem::exists(SuiteFolder())) GTEST_SKIP() << "no JSON suite at " << SuiteFolder();
  size_t accepted = 0;
  size_t refused = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SuiteFolder())) {
    const std::string name = entry.path().filename().string();
    v1::Value value;
    const Status status = ParseJson(Contents(entry.path()), &value);
    if (name.starts_with("y_")) {
      // Duplicate keys are well-formed, and refused by us: two answers to one question.
      const bool duplicate = name.find("duplicated_key") != std::string::npos;
      EXPECT_EQ(status.ok(), !duplicate) << name << ": " << status.ToString();
      ++accepted;
    } else if (name.starts_with("n_")) {
      EXPECT_FALSE(status.ok()) << name;
      EXPECT_NE(status.message(), "broken JSON") << "no reason found for " << name;
      ++refused;
    }
  }
  EXPECT_GT(accepted, 90U);
  EXPECT_GT(refused, 180U);
}

}  // namespace
}  // namespace engram
