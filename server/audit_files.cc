#include "server/audit_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "server/audit_line.h"

namespace engram {
namespace {

constexpr size_t kDigits = 12;
constexpr std::streamoff kTailBytes = std::streamoff{64} << 10;  // more than any line of ours

std::string NameOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool IsComplete(const std::string& name, const std::string& of) {
  return name.size() == of.size() + 1 + kDigits && name.starts_with(of + ".") &&
         name.find_first_not_of("0123456789", of.size() + 1) == std::string::npos;
}

}  // namespace

std::string CompleteAuditFile(const std::string& path, uint64_t first_seq) {
  return fmt::format("{}.{:0{}}", path, first_seq, kDigits);
}

// Sorted by name, and so by line.
Result<std::vector<std::string>> CompleteAuditFiles(const std::string& path) {
  const std::string folder = ParentDirectory(path);
  const std::string name = NameOf(path);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, FileSystem::Posix().ListDirectory(folder));
  std::vector<std::string> files;
  for (const std::string& other : names) {
    if (IsComplete(other, name)) files.push_back(CompleteAuditFile(path, std::stoull(other.substr(name.size() + 1))));
  }
  return files;
}

Result<LastAuditLine> ReadLastAuditLine(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return NotFound(fmt::format("can't read {}", file));
  const std::streamoff size = in.tellg();
  in.seekg(std::max<std::streamoff>(0, size - kTailBytes));
  std::string tail(std::istreambuf_iterator<char>(in), {});
  if (!tail.ends_with('\n')) return Corruption(fmt::format("{} has no whole line at its end", file));
  tail.pop_back();
  const std::string line = tail.substr(tail.rfind('\n') + 1);  // npos + 1 is the beginning
  const Result<AuditLink> link = ReadAuditLink(line);
  if (!link.ok()) return Corruption(fmt::format("{}: {}", file, link.status().message()));
  return LastAuditLine{link->seq, AuditHash(line)};
}

}  // namespace engram
