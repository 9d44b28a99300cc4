#include "tests/scenarios/served_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string MakeFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "engram-scenario-XXXXXX").string();
  return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
}

}  // namespace

ServedStore::ServedStore(std::vector<std::string> options, const std::string& admin_key) : folder_(MakeFolder()) {
  std::ofstream(folder_ + "/admin.key") << admin_key << "\n";
  std::replace(options.begin(), options.end(), std::string("$ADMIN_KEY_FILE"), folder_ + "/admin.key");
  std::replace(options.begin(), options.end(), std::string("$BACKUP_DIR"), folder_ + "/backups");
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
