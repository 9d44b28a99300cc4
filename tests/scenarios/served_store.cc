#include "tests/scenarios/served_store.h"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "engram-scenario-XXXXXX").string();
  return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
}

}  // namespace

ServedStore::ServedStore(const std::vector<std::string>& options) : folder_(MakeFolder()) {
  auto process = ServerProcess::Start(ENGRAM_BINARY, folder_ + "/data", folder_, options);
  if (process.ok()) {
    process_ = std::move(*process);
  } else {
    ADD_FAILURE() << process.status().message();
  }
}

ServedStore::~ServedStore() {
  if (process_) {
    EXPECT_TRUE(process_->Terminate()) << "engram serve did not end well:\n" << Log();
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string ServedStore::Log() const { return ReadWholeFile(folder_ + "/log"); }

}  // namespace engram
