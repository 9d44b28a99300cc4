#include "tools/import/archive_source.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/message_digest.h"
#include "tools/import/import_id.h"
#include "tools/import/record_check.h"

namespace engram {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

// cursor := manifest's hash " file " number " line " number " byte " number
struct ArchiveCursor {
  uint64_t file = 0;
  uint64_t line = 0;
  uint64_t byte = 0;
};

bool TakeNumber(std::string_view* text, std::string_view word, uint64_t* number) {
  if (!text->starts_with(word)) return false;
  text->remove_prefix(word.size());
  const auto end = std::from_chars(text->data(), text->data() + text->size(), *number);
  if (end.ec != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end.ptr - text->data()));
  return true;
}

std::optional<ArchiveCursor> ParseCursor(std::string_view text, std::string_view fingerprint) {
  if (!text.starts_with(fingerprint)) return std::nullopt;
  text.remove_prefix(fingerprint.size());
  ArchiveCursor cursor;
  const bool whole = TakeNumber(&text, " file ", &cursor.file) && TakeNumber(&text, " line ", &cursor.line) &&
                     TakeNumber(&text, " byte ", &cursor.byte) && text.empty() && cursor.file < kArchiveKinds;
  return whole ? std::optional<ArchiveCursor>(cursor) : std::nullopt;
}

// Versions of edges that have ended come before the current ones, whose numbers go on from theirs.
constexpr ArchiveKind kReadOrder[kArchiveKinds] = {ArchiveKind::kMemory, ArchiveKind::kTombstone,   ArchiveKind::kNode,
                                                   ArchiveKind::kRun,    ArchiveKind::kRetiredEdge, ArchiveKind::kEdge};

size_t PlaceOf(size_t kind) {
  const auto* at = std::find(std::begin(kReadOrder), std::end(kReadOrder), static_cast<ArchiveKind>(kind));
  return static_cast<size_t>(at - std::begin(kReadOrder));
}

std::optional<size_t> NextKind(size_t kind) {
  const size_t next = PlaceOf(kind) + 1;
  return next == kArchiveKinds ? std::nullopt : std::optional<size_t>(static_cast<size_t>(kReadOrder[next]));
}

}  // namespace

Result<std::unique_ptr<ArchiveSource>> ArchiveSource::Open(const std::string& folder) {
  const std::string path = folder + "/" + kManifestFile;
  auto text = FileSystem::Posix().ReadFile(path);
  if (!text.ok() && text.status().code() == StatusCode::kNotFound) {
    return NotFound(fmt::format("{} is no archive: it has no {}", folder, kManifestFile));
  }
  if (!text.ok()) return text.status();
  auto manifest = ParseManifest(*text);
  if (!manifest.ok()) return Status(manifest.status().code(), fmt::format("{}: {}", path, manifest.status().message()));
  auto source =
      std::unique_ptr<ArchiveSource>(new ArchiveSource(folder, *std::move(manifest), HashBytes128(*text).ToHex()));
  for (size_t kind = 0; kind < kArchiveKinds; ++kind) RETURN_IF_ERROR(source->CheckFile(kind));
  RETURN_IF_ERROR(source->OpenFile(0));
  return source;
}

Status ArchiveSource::CheckFile(size_t kind) const {
  const ArchiveManifest::File& wanted = manifest_.files[kind];
  std::ifstream in(Path(kind), std::ios::binary);
  if (!in) return NotFound(fmt::format("the archive lacks {}", Path(kind)));
  Sha256 sha256;
  uint64_t bytes = 0;
  std::string chunk(kChunkBytes, '\0');
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    const std::string_view read(chunk.data(), static_cast<size_t>(in.gcount()));
    sha256.Update(read);
    bytes += read.size();
  }
  if (in.bad()) return Unavailable(fmt::format("reading {} failed", Path(kind)));
  if (bytes == wanted.bytes && sha256.FinishHex() == wanted.sha256) return {};

  // Which line is to blame?
  in.clear();
  in.seekg(0);
  std::string line;
  for (uint64_t number = 1; std::getline(in, line); ++number) {
    RecordItem item;
    const Status status = ParseArchiveLine(line, static_cast<ArchiveKind>(kind), &item);
    if (!status.ok()) return Corruption(fmt::format("{} line {}: {}", Path(kind), number, status.message()));
    if (in.eof()) return Corruption(fmt::format("{} line {} has no end: the file was cut", Path(kind), number));
    if (number > wanted.lines) {
      return Corruption(
          fmt::format("{} line {}: the archive was made with {} lines", Path(kind), number, wanted.lines));
    }
  }
  if (bytes < wanted.bytes) {
    return Corruption(fmt::format("{} was cut: {} bytes of {}", Path(kind), bytes, wanted.bytes));
  }
  return Corruption(fmt::format("{} was changed: its SHA-256 is another than the manifest's", Path(kind)));
}

Status ArchiveSource::OpenFile(size_t kind) {
  file_.close();
  file_.clear();
  kind_ = kind;
  line_ = offset_ = bytes_before_ = 0;
  for (size_t i = 0; i < kArchiveKinds; ++i) {
    if (PlaceOf(i) < PlaceOf(kind)) bytes_before_ += manifest_.files[i].bytes;
  }
  file_.open(Path(kind), std::ios::binary);
  return file_ ? Status() : Unavailable(fmt::format("cannot open {}", Path(kind)));
}

SourceDescription ArchiveSource::Describe() const {
  return {manifest_.system, fmt::format("{} of {}", folder_, manifest_.origin), manifest_.count(ArchiveKind::kMemory)};
}

std::string ArchiveSource::DefaultImportId() const { return MakeImportId("archive", folder_); }

Result<bool> ArchiveSource::Resume(const std::string& text) {
  const auto cursor = ParseCursor(text, fingerprint_);
  if (!cursor || (cursor->file == 0 && cursor->line == 0)) return false;
  RETURN_IF_ERROR(OpenFile(cursor->file));
  config_given_ = true;
  line_ = cursor->line;
  offset_ = cursor->byte;
  file_.seekg(static_cast<std::streamoff>(offset_));
  return true;
}

Result<bool> ArchiveSource::Next(SourceRecord* record) {
  if (!std::exchange(config_given_, true) && manifest_.config) {
    record->place = kManifestFile;
    record->item = *manifest_.config;
    return true;
  }
  std::string line;
  while (!std::getline(file_, line)) {
    if (file_.bad()) return Unavailable(fmt::format("reading {} failed after line {}", Path(kind_), line_));
    const auto next = NextKind(kind_);
    if (!next) return false;
    RETURN_IF_ERROR(OpenFile(*next));
  }
  ++line_;
  offset_ += line.size() + 1;
  record->place = fmt::format("{} line {}", manifest_.files[kind_].name, line_);
  record->problem = ParseArchiveLine(line, static_cast<ArchiveKind>(kind_), &record->item);
  const auto* memory = std::get_if<v1::Memory>(&record->item);
  if (record->problem.ok() && memory != nullptr && !memory->hash().empty() && CheckRecord(*memory).ok()) {
    const std::string hash = CanonicalHash(*memory);
    if (hash != memory->hash()) {
      record->problem = Corruption(fmt::format("the memory's hash is {}, its content's {}", memory->hash(), hash));
    }
  }
  record->raw = std::move(line);
  return true;
}

std::string ArchiveSource::Cursor(bool) const {
  return fmt::format("{} file {} line {} byte {}", fingerprint_, kind_, line_, offset_);
}

std::optional<double> ArchiveSource::Fraction() const {
  uint64_t all = 0;
  for (const ArchiveManifest::File& file : manifest_.files) all += file.bytes;
  return all == 0 ? 1.0 : static_cast<double>(bytes_before_ + offset_) / static_cast<double>(all);
}

std::vector<std::string> ArchiveSource::Notes() const {
  std::vector<std::string> notes;
  for (const std::string& note : manifest_.notes) {
    notes.push_back(fmt::format("noted when the archive was made: {}", note));
  }
  return notes;
}

}  // namespace engram
