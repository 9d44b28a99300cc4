// Any bytes as a file of another program: captures in SQLite, OpenMemory's database or zip, mem0's histories, saved
// answers of mem0's platform. Refused when it is opened, or records and problems, a bounded number of them.
//
// The first byte chooses the importer.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "fuzz/input.h"
#include "tools/import/captures_source.h"
#include "tools/import/mem0_history.h"
#include "tools/import/mem0_platform.h"
#include "tools/import/openmemory_source.h"

namespace engram {
namespace {

constexpr int kRecordsMax = 100;

// A folder for the file, and for what SQLite would put beside it, while the process lives.
class FileOnDisk {
 public:
  FileOnDisk() : folder_((std::filesystem::temp_directory_path() / "engram-fuzz-XXXXXX").string()) {
    ENGRAM_CHECK(mkdtemp(folder_.data()) != nullptr);
  }
  ~FileOnDisk() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  FileOnDisk(const FileOnDisk&) = delete;
  FileOnDisk& operator=(const FileOnDisk&) = delete;

  std::string Put(std::string_view bytes) const {
    std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

 private:
  std::string folder_;
};

template <class Source>
void ReadAll(const Result<std::unique_ptr<Source>>& source) {
  if (!source.ok()) {
    ENGRAM_CHECK(!source.status().message().empty());
    return;
  }
  SourceRecord record;
  for (int i = 0; i < kRecordsMax; ++i) {
    const auto more = (*source)->Next(&record);
    if (!more.ok() || !*more) break;
    ENGRAM_CHECK(!record.place.empty());
  }
  (void)(*source)->Cursor(false);
  (void)(*source)->Notes();
}

void ReadPlatform(const std::string& path) {
  const auto store = OpenMem0PlatformStore(path);
  (void)OpenMem0PlatformHistory(path);
  if (!store.ok()) return;
  for (const std::string& name : (*store)->Collections()) {
    const auto reader = (*store)->OpenCollection(name);
    if (!reader.ok()) continue;
    StoredPoint point;
    for (int i = 0; i < kRecordsMax; ++i) {
      const auto more = (*reader)->Next(&point);
      if (!more.ok() || !*more) break;
    }
  }
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  static const FileOnDisk file;
  FuzzInput input(data, size);
  const uint8_t importer = input.Byte();
  const std::string path = file.Put(input.rest());
  switch (importer % 4) {
    case 0: ReadAll(CapturesSource::Open(path, /*quick=*/true)); break;
    case 1: ReadAll(OpenMemorySource::Open(path, /*quick=*/true)); break;
    case 2: (void)Mem0History::Open(path, /*quick=*/true); break;
    default: ReadPlatform(path); break;
  }
  return 0;
}
