#include "engine/segments/segment_folder.h"

#include <charconv>

#include <fmt/format.h>

#include "base/failpoint.h"

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
    RETURN_IF_ERROR(files_->Remove(path_ + '/' + name));
    ++removed;
  }
  if (removed > 0) RETURN_IF_ERROR(files_->SyncDirectory(path_));
  return removed;
}

Status SegmentFolder::Remove(const SegmentName& name) const {
  FAILPOINT("segment.remove");
  const Status status = files_->Remove(PathOf(name));
  return status.code() == StatusCode::kNotFound ? Status() : status;
}

}  // namespace engram
