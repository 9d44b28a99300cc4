#include "tools/import/import_id.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/hash.h"

namespace engram {

std::string MakeImportId(std::string_view kind, const std::string& path) {
  constexpr size_t kNameBytes = 100;
  std::error_code error;
  const bool address = path.find("://") != std::string::npos;
  const std::filesystem::path whole =
      address ? std::filesystem::path(path) : std::filesystem::weakly_canonical(path, error);
  std::string name = whole.filename().string().substr(0, kNameBytes);
  for (char& c : name) {
    if (c <= ' ' || c > '~') c = '_';  // an import's id is printed and sent about
  }
  return fmt::format("{}:{}:{:08x}", kind, name, HashBytes64(whole.string()) & 0xffffffff);
}

}  // namespace engram
