#include "tools/import/zip_file.h"

#include <zip.h>

#include <memory>
#include <optional>

#include <fmt/format.h>

namespace engram {
namespace {

using ZipArchive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using ZipMember = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

std::string BaseName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

Result<ZipArchive> OpenArchive(const std::string& path) {
  int code = 0;
  ZipArchive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code), zip_discard);
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string why = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (code == ZIP_ER_NOENT) return NotFound(fmt::format("cannot open {}: {}", path, why));
  return InvalidArgument(fmt::format("{} is no whole zip archive: {}", path, why));
}

}  // namespace

Result<std::string> ReadZipped(const std::string& path, const std::string& name, uint64_t bytes_max) {
  ASSIGN_OR_RETURN(const ZipArchive archive, OpenArchive(path));
  std::optional<uint64_t> found;
  const auto files = static_cast<uint64_t>(zip_get_num_entries(archive.get(), 0));
  for (uint64_t i = 0; i < files; ++i) {
    const char* const file = zip_get_name(archive.get(), i, 0);
    if (file == nullptr || BaseName(file) != name) continue;
    if (found) return InvalidArgument(fmt::format("{} has more than one {}", path, name));
    found = i;
  }
  if (!found) return NotFound(fmt::format("{} has no {} in it", path, name));
  const ZipMember member(zip_fopen_index(archive.get(), *found, 0), zip_fclose);
  if (!member) {
    return InvalidArgument(fmt::format("{} of {} can't be read: {}", name, path, zip_strerror(archive.get())));
  }
  std::string bytes;
  std::string chunk(size_t{1} << 20, '\0');
  while (true) {
    const zip_int64_t size = zip_fread(member.get(), chunk.data(), chunk.size());
    if (size < 0) {
      return InvalidArgument(fmt::format("{} of {} is damaged: {}", name, path, zip_file_strerror(member.get())));
    }
    if (size == 0) return bytes;
    if (bytes.size() + static_cast<uint64_t>(size) > bytes_max) {
      return InvalidArgument(fmt::format("{} of {} unpacks to more than {} bytes", name, path, bytes_max));
    }
    bytes.append(chunk, 0, static_cast<size_t>(size));
  }
}

}  // namespace engram
