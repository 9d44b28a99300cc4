#include "tools/import/rejects.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/utf8.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

std::string FirstLines(const std::string& path, uint64_t count) {
  std::ifstream in(path, std::ios::binary);
  std::string out;
  std::string line;
  for (uint64_t i = 0; i < count && std::getline(in, line); ++i) out += line + "\n";
  return out;
}

// The first lines of each namespace, up to as many as `keep` has for it.
std::string FirstOfEach(const std::string& path, std::map<Destination, uint64_t> keep) {
  std::ifstream in(path, std::ios::binary);
  std::string out;
  std::string line;
  while (std::getline(in, line)) {
    v1::Value value;
    if (!ParseJson(line, &value).ok() || !value.has_object_value()) continue;
    const auto& members = value.object_value().members();
    const auto name = members.find("namespace");
    if (name == members.end()) continue;
    const auto tenant = members.find("tenant");
    const std::string of = tenant == members.end() ? std::string() : tenant->second.string_value();
    uint64_t& left = keep[{of, name->second.string_value()}];
    if (left == 0) continue;
    --left;
    out += line + "\n";
  }
  return out;
}

// JSON has no place for other bytes; hexadecimal keeps them all.
std::string Printable(const std::string& raw) {
  if (IsUtf8(raw)) return raw;
  std::string out = "hex:";
  for (const char c : raw) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

Result<std::unique_ptr<RejectsFile>> RejectsFile::Open(const std::string& path, uint64_t keep) {
  return OpenWith(path, FirstLines(path, keep));
}

Result<std::unique_ptr<RejectsFile>> RejectsFile::OpenRouted(const std::string& path,
                                                             const std::map<Destination, uint64_t>& keep) {
  return OpenWith(path, FirstOfEach(path, keep));
}

Result<std::unique_ptr<RejectsFile>> RejectsFile::OpenWith(const std::string& path, const std::string& kept) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Unavailable(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  auto rejects = std::unique_ptr<RejectsFile>(new RejectsFile(path, file));
  std::fwrite(kept.data(), 1, kept.size(), file);
  RETURN_IF_ERROR(rejects->Flush());
  return rejects;
}

RejectsFile::~RejectsFile() { std::fclose(file_); }

Status RejectsFile::Add(const SourceRecord& record, const Status& why, const Destination& where) {
  v1::Value line;
  auto& members = *line.mutable_object_value()->mutable_members();
  members["place"].set_string_value(record.place);
  members["error"].set_string_value(why.message());
  if (!why.field().empty()) members["field"].set_string_value(why.field());
  if (!where.tenant.empty()) members["tenant"].set_string_value(where.tenant);
  if (!where.namespace_name.empty()) members["namespace"].set_string_value(where.namespace_name);
  members["record"].set_string_value(Printable(record.raw));
  const std::string text = PrintJson(line) + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return {};
  return Unavailable(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

Status RejectsFile::Flush() {
  if (std::fflush(file_) == 0) return {};
  return Unavailable(fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace engram
