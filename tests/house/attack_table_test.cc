// The table of attacks in docs/security.md names tests that are there.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace engram {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = ENGRAM_SOURCE_DIR;
constexpr int kAttacks = 26;

std::string TextOf(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// "Suite.Case" of every TEST, TEST_F and TEST_P.
std::set<std::string> TestNames() {
  std::set<std::string> names;
  const std::regex test(R"(\nTEST(_F|_P)?\((\w+), (\w+)\))");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = TextOf(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), test), end; at != end; ++at) {
      names.insert((*at)[2].str() + "." + (*at)[3].str());
    }
  }
  return names;
}

TEST(AttackTableTest, EveryRowIsThereAndEveryTestItNames) {
  const std::set<std::string> tests = TestNames();
  ASSERT_GT(tests.size(), 500U);
  std::istringstream lines(TextOf(kRoot / "docs" / "security.md"));
  std::set<std::string> rows;
  const std::regex row(R"(^\| (A\d+) \|)");
  const std::regex proof(R"(`([\w.]+)`)");
  size_t proofs = 0;
  for (std::string line; std::getline(lines, line);) {
    std::smatch number;
    if (!std::regex_search(line, number, row)) continue;
    EXPECT_TRUE(rows.insert(number[1]).second) << "twice: " << line;
    const std::string last = line.substr(line.rfind('|', line.size() - 2));
    for (std::sregex_iterator at(last.begin(), last.end(), proof), end; at != end; ++at, ++proofs) {
      const std::string name = (*at)[1];
      if (name.ends_with(".scenario")) {
        EXPECT_TRUE(fs::exists(kRoot / "tests" / "scenarios" / name)) << name;
      } else if (name.ends_with("_fuzz")) {
        EXPECT_TRUE(fs::exists(kRoot / "fuzz" / (name + ".cc"))) << name;
      } else {
        EXPECT_TRUE(tests.contains(name)) << number[1] << " names " << name << ", which is no test";
      }
    }
  }
  EXPECT_GT(proofs, 40U);
  for (int i = 1; i <= kAttacks; ++i) EXPECT_TRUE(rows.contains("A" + std::to_string(i))) << i;
}

}  // namespace
}  // namespace engram
