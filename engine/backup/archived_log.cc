#include "engine/backup/archived_log.h"

#include <charconv>

#include <fmt/format.h>

#include "base/coding.h"
#include "base/hash.h"
#include "base/message_digest.h"

namespace engram {
namespace {

constexpr std::string_view kMagic = "ENGRLOG\n";
constexpr uint32_t kVersion = 1;
constexpr size_t kSha256Digits = 64;
constexpr size_t kNumberDigits = 20;
constexpr std::string_view kSuffix = ".log";

std::optional<uint64_t> ParseDigits(std::string_view digits) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || stop != digits.data() + digits.size()) return std::nullopt;
  return number;
}

void AppendRecord(const ArchivedCommit& archived, std::string* out) {
  const size_t start = out->size();
  AppendFixed64(out, archived.commit.first);
  AppendFixed64(out, archived.commit.last);
  AppendFixed64(out, static_cast<uint64_t>(archived.time.micros));
  AppendString(out, archived.commit.bytes);
  AppendFixed64(out, HashBytes64(std::string_view(*out).substr(start)));
}

}  // namespace

std::string ArchivedFileName(const ArchivedRange& range) {
  return fmt::format("{:020}-{:020}{}", range.first, range.last, kSuffix);
}

std::optional<ArchivedRange> ParseArchivedFileName(std::string_view name) {
  if (name.size() != 2 * kNumberDigits + 1 + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  if (name[kNumberDigits] != '-') return std::nullopt;
  const auto first = ParseDigits(name.substr(0, kNumberDigits));
  const auto last = ParseDigits(name.substr(kNumberDigits + 1, kNumberDigits));
  if (!first || !last || *first > *last) return std::nullopt;
  return ArchivedRange{*first, *last};
}

std::string FormatArchivedLog(const std::string& identity, const std::vector<ArchivedCommit>& commits) {
  std::string out(kMagic);
  AppendFixed32(&out, kVersion);
  AppendString(&out, identity);
  for (const ArchivedCommit& commit : commits) AppendRecord(commit, &out);
  AppendFixed64(&out, 0);
  Sha256 sha256;
  sha256.Update(out);
  return out + sha256.FinishHex();
}

Result<ArchivedLog> ParseArchivedLog(std::string_view bytes) {
  Status damaged = Corruption("the file is damaged");
  if (bytes.size() < kMagic.size() + kSha256Digits || !bytes.starts_with(kMagic)) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - kSha256Digits);
  Sha256 sha256;
  sha256.Update(body);
  if (sha256.FinishHex() != bytes.substr(body.size())) return damaged;
  ByteReader in(body.substr(kMagic.size()));
  if (in.Fixed32() != kVersion) return FailedPrecondition("it was written by another version of the program");
  ArchivedLog log;
  log.identity = in.String();
  while (in.ok()) {
    const std::string_view before = in.rest();
    ArchivedCommit archived;
    archived.commit.first = in.Fixed64();
    if (archived.commit.first == 0) break;
    archived.commit.last = in.Fixed64();
    archived.time = Timestamp{static_cast<int64_t>(in.Fixed64())};
    archived.commit.bytes = in.String();
    const std::string_view record = before.substr(0, before.size() - in.rest().size());
    if (in.Fixed64() != HashBytes64(record) || !in.ok()) return damaged;
    if (!log.commits.empty() && archived.commit.first != log.commits.back().commit.last + 1) return damaged;
    log.commits.push_back(std::move(archived));
  }
  if (!in.ok() || !in.empty() || log.commits.empty()) return damaged;
  return log;
}

}  // namespace engram
