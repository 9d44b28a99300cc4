// The unit that is shipped leaves a service little to do harm with.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace engram {
namespace {

// Tenths of systemd's exposure level, of which 10.0 is the worst.
constexpr int kExposureMax = 20;

struct Said {
  int code = -1;
  std::string output;
};

Said Execute(const std::string& command) {
  Said said;
  FILE* out = popen((command + " 2>&1").c_str(), "r");  // NOLINT: a fixed command
  if (out == nullptr) return said;
  char piece[4096];
  while (const size_t n = fread(piece, 1, sizeof(piece), out)) said.output.append(piece, n);
  const int status = pclose(out);
  said.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

TEST(ServiceUnitTest, IsScoredAtMostTwo) {
  if (Execute("systemd-analyze --version").code != 0) GTEST_SKIP() << "no systemd-analyze here";
  const std::string unit = std::string(ENGRAM_SOURCE_DIR) + "/dist/engram.service";
  const Said said = Execute(
      "systemd-analyze security --offline=true --no-pager --threshold=" + std::to_string(kExposureMax) + " " + unit);
  EXPECT_EQ(said.code, 0) << said.output;
  EXPECT_NE(said.output.find("Overall exposure level"), std::string::npos) << said.output;
}

}  // namespace
}  // namespace engram
