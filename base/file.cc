#include "base/file.h"

#include "base/failpoint.h"

namespace engram {

Status FileSystem::ReplaceFile(const std::string& path, std::string_view contents) {
  const std::string temporary = path + ".tmp";
  ASSIGN_OR_RETURN(const auto file, OpenForWriting(temporary));
  RETURN_IF_ERROR(file->Append(contents));
  RETURN_IF_ERROR(file->Sync());
  RETURN_IF_ERROR(file->Close());
  FAILPOINT("file.replace");
  RETURN_IF_ERROR(Rename(temporary, path));
  FAILPOINT("file.replaced");
  return SyncDirectory(ParentDirectory(path));
}

std::string ParentDirectory(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace engram
