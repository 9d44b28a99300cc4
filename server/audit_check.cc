#include "server/audit_check.h"

#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/file.h"
#include "server/audit_files.h"
#include "server/audit_line.h"

namespace engram {
namespace {

class Checker {
 public:
  Status Read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return NotFound(fmt::format("can't read {}", file));
    ++check_.files;
    uint64_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      const Status status = in.eof() ? Corruption("it has no end") : Add(line);
      if (!status.ok()) return Corruption(fmt::format("{}: line {}: {}", file, number, status.message()));
    }
    return {};
  }

  Result<AuditCheck> Finish(const std::string& path) {
    if (check_.lines == 0) check_.last_hash = NoAuditHash();
    const bool whole = check_.first == 1 && (check_.lines == 0 || before_first_ == NoAuditHash());
    if (whole || removal_told_) return check_;
    return Corruption(
        fmt::format("{}: the log begins with line {}, and what came before is missing", path, check_.first));
  }

 private:
  Status Add(std::string_view line) {
    ASSIGN_OR_RETURN(AuditLink link, ReadAuditLink(line));
    if (check_.lines == 0) {
      check_.first = link.seq;
      before_first_ = std::move(link.prev);
    } else {
      if (link.seq != check_.first + check_.lines) return Corruption(fmt::format("its number is {}", link.seq));
      if (link.prev != check_.last_hash) return Corruption("it does not follow from the line before");
    }
    removal_told_ = removal_told_ || TellsOfRemoval(line, check_.first - 1, before_first_);
    check_.last_hash = AuditHash(line);
    ++check_.lines;
    return {};
  }

  AuditCheck check_;
  std::string before_first_;  // the hash that the first line holds
  bool removal_told_ = false;
};

constexpr int kAttempts = 5;

std::vector<std::string> CompleteFiles(const std::string& path) {
  auto complete = CompleteAuditFiles(path);
  return complete.ok() ? *std::move(complete) : std::vector<std::string>();
}

Result<AuditCheck> Check(const std::string& path, std::vector<std::string> files) {
  // A crash may have come between the end of one file and the beginning of the next.
  ASSIGN_OR_RETURN(const bool there, FileSystem::Posix().Exists(path));
  if (there || files.empty()) files.push_back(path);
  Checker checker;
  for (const std::string& file : files) RETURN_IF_ERROR(checker.Read(file));
  return checker.Finish(path);
}

}  // namespace

Result<AuditCheck> VerifyAuditLog(const std::string& path) {
  for (int left = kAttempts;; --left) {
    const std::vector<std::string> complete = CompleteFiles(path);
    Result<AuditCheck> checked = Check(path, complete);
    // A server that goes on writing may have set a file aside meanwhile.
    if (checked.ok() || left == 1 || complete == CompleteFiles(path)) return checked;
  }
}

}  // namespace engram
