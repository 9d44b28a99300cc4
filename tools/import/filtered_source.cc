#include "tools/import/filtered_source.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "tools/progress.h"

namespace engram {
namespace {

int64_t Micros(const google::protobuf::Timestamp& time) { return time.seconds() * 1'000'000 + time.nanos() / 1'000; }

}  // namespace

Result<std::set<std::string>> ReadUsersFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string contents, FileSystem::Posix().ReadFile(path));
  std::set<std::string> users;
  std::istringstream in(contents);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) users.insert(line);
  }
  if (users.empty()) return InvalidArgument(fmt::format("{} names no user: one user_id a line", path));
  return users;
}

SourceDescription FilteredSource::Describe() const {
  SourceDescription described = inner_->Describe();
  described.records.reset();
  return described;
}

Result<bool> FilteredSource::Next(SourceRecord* record) {
  while (true) {
    *record = SourceRecord();
    ASSIGN_OR_RETURN(const bool more, inner_->Next(record));
    if (!more) return false;
    if (!record->problem.ok() || Takes(record->item)) return true;
  }
}

bool FilteredSource::Takes(const RecordItem& item) {
  if (const auto* memory = std::get_if<v1::Memory>(&item)) {
    if (TakesMemory(*memory)) return true;
    left_out_.insert(HashBytes64(memory->id()));
    return false;
  }
  if (const auto* node = std::get_if<v1::Node>(&item)) return TakesUser(node->user_id());
  if (const auto* run = std::get_if<v1::Run>(&item)) return TakesUser(run->user_id());
  const auto* edge = std::get_if<v1::Edge>(&item);
  if (edge == nullptr) return true;
  const auto is_out = [&](const std::string& id) { return left_out_.count(HashBytes64(id)) != 0; };
  return TakesUser(edge->user_id()) && !is_out(edge->source()) && !is_out(edge->target()) && !is_out(edge->memory_id());
}

bool FilteredSource::TakesMemory(const v1::Memory& memory) {
  if (!filter_.users.empty() && filter_.users.count(memory.user_id()) == 0) {
    ++others_;
    return false;
  }
  if (!filter_.since) return true;
  if (!memory.has_created_at() && !memory.has_updated_at()) {
    ++timeless_;
    return true;
  }
  const int64_t last = std::max(memory.has_created_at() ? Micros(memory.created_at()) : INT64_MIN,
                                memory.has_updated_at() ? Micros(memory.updated_at()) : INT64_MIN);
  if (last >= filter_.since->micros) return true;
  ++older_;
  return false;
}

bool FilteredSource::TakesUser(const std::string& user_id) const {
  return filter_.users.empty() || user_id.empty() || filter_.users.count(user_id) != 0;
}

std::vector<std::string> FilteredSource::Notes() const {
  std::vector<std::string> notes = inner_->Notes();
  if (others_ > 0) notes.push_back(fmt::format("{} memories of other users were left out", WithThousands(others_)));
  if (older_ > 0) notes.push_back(fmt::format("{} memories from before --since were left out", WithThousands(older_)));
  if (timeless_ > 0) {
    notes.push_back(
        fmt::format("{} memories tell no time, so that --since could not leave them out", WithThousands(timeless_)));
  }
  return notes;
}

}  // namespace engram
