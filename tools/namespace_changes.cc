#include "tools/namespace_changes.h"

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr uint32_t kPage = 500;

Status FileError() {
  return Unavailable(
      fmt::format("a file for what has changed, in the folder for such, failed: {}", std::strerror(errno)));
}

}  // namespace

Result<std::unique_ptr<NamespaceChanges>> NamespaceChanges::Read(Client& client, const std::string& ns,
                                                                 const std::string& since, bool with_history,
                                                                 Progress& progress) {
  auto changes = std::unique_ptr<NamespaceChanges>(new NamespaceChanges());
  if (!changes->file_) return FileError();
  v1::ChangesRequest request;
  request.set_since(since);
  request.set_limit(kPage);
  request.set_without_history(!with_history);
  while (true) {
    auto page = client.ListChanges(ns, request);
    if (!page.ok()) {
      progress.Clear();
      return std::move(page).status();
    }
    for (const v1::Memory& memory : page->memories()) RETURN_IF_ERROR(changes->Keep(memory, /*ended=*/false));
    for (const v1::Memory& memory : page->ended()) RETURN_IF_ERROR(changes->Keep(memory, /*ended=*/true));
    changes->erased_ += page->erased();
    changes->histories_cut_ += page->histories_cut();
    progress.Update(changes->last_.size(), std::nullopt);
    if (page->next_cursor().empty()) {
      changes->position_ = page->position();
      break;
    }
    request.set_cursor(page->next_cursor());
  }
  progress.Finish();
  for (const auto& [id, record] : std::exchange(changes->last_, {})) changes->records_.push_back(record);
  std::sort(changes->records_.begin(), changes->records_.end(),
            [](const Record& a, const Record& b) { return a.offset < b.offset; });
  for (const Record& record : changes->records_) changes->memories_ += record.ended ? 0 : 1;
  return changes;
}

Status NamespaceChanges::Keep(const v1::Memory& memory, bool ended) {
  const std::string bytes = memory.SerializeAsString();
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) return FileError();
  last_[HashBytes128(memory.id())] = {ended, size_, bytes.size()};
  size_ += static_cast<int64_t>(bytes.size());
  return {};
}

Status NamespaceChanges::ForEach(const std::function<Status(size_t number, RecordItem item)>& visit) {
  std::string bytes;
  for (size_t i = 0; i < records_.size(); ++i) {
    const Record& record = records_[i];
    bytes.resize(record.bytes);
    const bool read = fseeko(file_.get(), static_cast<off_t>(record.offset), SEEK_SET) == 0 &&
                      std::fread(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size();
    if (!read) return FileError();
    v1::Memory memory;
    if (!memory.ParseFromString(bytes)) return Corruption("what has changed came back otherwise from its file");
    if (record.ended) {
      RETURN_IF_ERROR(visit(i, Tombstone{std::move(memory)}));
    } else {
      RETURN_IF_ERROR(visit(i, std::move(memory)));
    }
  }
  return {};
}

}  // namespace engram
