#include "engine/segments/segment_folder.h"

#include <charconv>

#include <fmt/format.h>

#include "base/failpoint.h"
#include "base/log.h"

namespace engram {
namespace {

constexpr std::string_view kSuffix = ".seg";
constexpr std::string_view kHalfWritten = ".seg.tmp";

// A decimal number without leading zeros, up to `end`, which is taken too.
std::optional<uint32_t> TakeNumber(std::string_view* text, std::string_view end) {
  const size_t at = text->find(end);
  if (at == std::string_view::npos || at == 0 || (at > 1 && text->front() == '0')) return std::nullopt;
  uint32_t number = 0;
  const char* last = text->data() + at;
  const auto [stop, error] = std::from_chars(text->data(), last, number);
  if (error != std::errc() || stop != last) return std::nullopt;
  text->remove_prefix(at + end.size());
  return number;
}

}  // namespace

std::string SegmentFileName(const SegmentName& name) {
  return fmt::format("{}-{}-{}{}", name.tenant.value, name.ns.value, name.number, kSuffix);
}

std::optional<SegmentName> ParseSegmentFileName(std::string_view file) {
  const auto tenant = TakeNumber(&file, "-");
  const auto ns = tenant ? TakeNumber(&file, "-") : std::nullopt;
  const auto number = ns ? TakeNumber(&file, kSuffix) : std::nullopt;
  if (!number || !file.empty()) return std::nullopt;
  return SegmentName{TenantId(*tenant), NamespaceId(*ns), *number};
}

Result<SegmentFolder> SegmentFolder::Open(FileSystem* files, std::string path) {
  RETURN_IF_ERROR(files->CreateDirectory(path));
  return SegmentFolder(files, std::move(path));
}

Status SegmentFolder::RemoveHalfWritten() const {
  ASSIGN_OR_RETURN(const auto names, files_->ListDirectory(path_));
  for (const std::string& name : names) {
    if (name.ends_with(kHalfWritten)) RETURN_IF_ERROR(files_->Remove(path_ + '/' + name));
  }
  return {};
}

Result<uint64_t> SegmentFolder::RemoveFiles(const std::function<Result<bool>(const SegmentName&)>& wanted) const {
  ASSIGN_OR_RETURN(const auto names, files_->ListDirectory(path_));
  uint64_t removed = 0;
  for (const std::string& name : names) {
    const auto segment = ParseSegmentFileName(name);
    if (!segment) continue;
    ASSIGN_OR_RETURN(const bool keep, wanted(*segment));
    if (keep) continue;
    FAILPOINT("segment.remove");
    ASSIGN_OR_RETURN(const bool gone, RemoveOrWait(name));
    removed += gone ? 1 : 0;
  }
  if (removed > 0) RETURN_IF_ERROR(files_->SyncDirectory(path_));
  return removed;
}

Status SegmentFolder::Remove(const SegmentName& name) const { return RemoveOrWait(SegmentFileName(name)).status(); }

Result<bool> SegmentFolder::RemoveOrWait(const std::string& file) const {
  {
    const MutexLock lock(removals_->mutex);
    if (removals_->holds > 0) {
      removals_->waiting.push_back(file);
      return false;
    }
  }
  FAILPOINT("segment.remove");
  Status status = files_->Remove(path_ + '/' + file);
  if (!status.ok() && status.code() != StatusCode::kNotFound) return status;
  return true;
}

SegmentFolder::Hold::Hold(const SegmentFolder& folder) : folder_(folder) {
  const MutexLock lock(folder_.removals_->mutex);
  ++folder_.removals_->holds;
}

SegmentFolder::Hold::~Hold() {
  std::vector<std::string> files;
  {
    const MutexLock lock(folder_.removals_->mutex);
    if (--folder_.removals_->holds == 0) files.swap(folder_.removals_->waiting);
  }
  for (const std::string& file : files) {
    const Status status = folder_.files_->Remove(folder_.path_ + '/' + file);
    if (status.ok() || status.code() == StatusCode::kNotFound) continue;
    Log(LogLevel::kWarning, "segment_not_removed", {{"error", status.ToString()}});
  }
}

}  // namespace engram
