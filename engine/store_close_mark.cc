#include "engine/store_close_mark.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/metadata.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

namespace engram {
namespace {

constexpr std::string_view kHeader = "engram-closed 1\n";

std::string MarkPath(const std::string& path) { return path + "/CLOSED"; }

std::string Body(rocksdb::DB* db) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.name);
  std::sort(names.begin(), names.end());
  std::string body(kHeader);
  body += fmt::format("sequence {}\n", db->GetLatestSequenceNumber());
  for (const std::string& name : names) body += fmt::format("file {}\n", name);
  return body;
}

std::string End(std::string_view body) { return fmt::format("end {:016x}\n", HashBytes64(body)); }

// The lines that only one of the two has, a few of them.
std::string Difference(const std::string& marked, const std::string& found) {
  const auto lines = [](const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    std::sort(all.begin(), all.end());
    return all;
  };
  const auto a = lines(marked);
  const auto b = lines(found);
  std::vector<std::string> lost;
  std::vector<std::string> extra;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(lost));
  std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(extra));
  lost.resize(std::min<size_t>(lost.size(), 3));
  extra.resize(std::min<size_t>(extra.size(), 3));
  return fmt::format("it was closed with {}, it opens with {}",
                     lost.empty() ? "less" : fmt::format("{}", fmt::join(lost, ", ")),
                     extra.empty() ? "less" : fmt::format("{}", fmt::join(extra, ", ")));
}

}  // namespace

std::string MakeCloseMark(rocksdb::DB* db) {
  std::string mark = Body(db);
  mark += End(mark);
  return mark;
}

Status WriteCloseMark(FileSystem& files, const std::string& path, std::string_view mark) {
  return files.ReplaceFile(MarkPath(path), mark);
}

Result<bool> HasCloseMark(const FileSystem& files, const std::string& path) { return files.Exists(MarkPath(path)); }

Status CheckCloseMark(rocksdb::DB* db, const FileSystem& files, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string mark, files.ReadFile(MarkPath(path)));
  const size_t end = mark.rfind("end ");
  const bool whole =
      mark.starts_with(kHeader) && end != std::string::npos && mark.substr(end) == End(mark.substr(0, end));
  if (!whole) {
    // It says nothing of the rows.
    Log(LogLevel::kWarning, "close_mark_damaged", {{"file", MarkPath(path)}});
    return {};
  }
  const std::string found = Body(db);
  const std::string marked = mark.substr(0, end);
  if (marked == found) return {};
  return Corruption(
      fmt::format("{} has lost the end of its log or of its manifest: {}. Restore it; to go on with what "
                  "is left, remove {}",
                  path, Difference(marked, found), MarkPath(path)));
}

Status RemoveCloseMark(FileSystem& files, const std::string& path) {
  const Status removed = files.Remove(MarkPath(path));
  if (removed.code() == StatusCode::kNotFound) return {};
  RETURN_IF_ERROR(removed);
  return files.SyncDirectory(path);
}

}  // namespace engram
