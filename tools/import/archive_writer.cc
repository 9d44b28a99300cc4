#include "tools/import/archive_writer.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/timestamp.h"
#include "tools/import/record_check.h"

namespace engram {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 20;

Hash128 FromHex(const std::string& hex) {
  return {std::stoull(hex.substr(0, 16), nullptr, 16), std::stoull(hex.substr(16), nullptr, 16)};
}

// What tells a record from others of its space; nothing where several may be alike.
struct IdOf {
  std::string operator()(const v1::Memory& memory) const { return "m" + memory.id(); }
  std::string operator()(const Tombstone& tombstone) const { return "m" + tombstone.memory.id(); }
  std::string operator()(const v1::Node& node) const { return "m" + node.id(); }
  std::string operator()(const v1::Edge& edge) const {
    if (edge.has_retired_at()) return fmt::format("r{} {}", edge.version(), edge.id());
    return "e" + edge.id();
  }
  std::string operator()(const v1::Run&) const { return {}; }
  std::string operator()(const v1::NamespaceConfig&) const { return {}; }
};

uint64_t VersionsOf(const RecordItem& item) {
  if (const auto* memory = std::get_if<v1::Memory>(&item)) return static_cast<uint64_t>(memory->history_size());
  const auto* tombstone = std::get_if<Tombstone>(&item);
  return tombstone == nullptr ? 0 : static_cast<uint64_t>(tombstone->memory.history_size());
}

}  // namespace

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::Create(const std::string& folder) {
  std::filesystem::path clean = std::filesystem::path(folder).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // "out/"
  std::error_code error;
  const bool there = std::filesystem::exists(clean, error);
  if (there && !(std::filesystem::is_directory(clean, error) && std::filesystem::is_empty(clean, error))) {
    return AlreadyExists(fmt::format("{} is there already: an archive wants a folder of its own", folder));
  }
  auto writer = std::unique_ptr<ArchiveWriter>(new ArchiveWriter(clean.string()));
  RETURN_IF_ERROR(writer->Open());
  return writer;
}

ArchiveWriter::~ArchiveWriter() {
  if (finished_) return;
  std::error_code error;
  for (File& file : files_) file.out.reset();
  std::filesystem::remove_all(part_, error);
}

Status ArchiveWriter::Open() {
  std::error_code error;
  std::filesystem::remove_all(part_, error);  // of a run that was killed
  RETURN_IF_ERROR(FileSystem::Posix().CreateDirectory(part_));
  for (size_t i = 0; i < kArchiveKinds; ++i) {
    manifest_.files[i].name = NamesOf(static_cast<ArchiveKind>(i)).file;
    ASSIGN_OR_RETURN(files_[i].out, FileSystem::Posix().OpenForWriting(part_ + "/" + manifest_.files[i].name));
  }
  return {};
}

Status ArchiveWriter::Claim(const RecordItem& item) {
  const std::string id = std::visit(IdOf(), item);
  if (id.empty()) return {};
  if (id.size() == 1) return InvalidArgument("a record without an id can't be archived").At("id");
  if (ids_.insert(HashBytes128(id)).second) return {};
  return AlreadyExists(fmt::format("a record with the id \"{}\" came before", id.substr(1))).At("id");
}

Status ArchiveWriter::Add(RecordItem item) {
  if (auto* config = std::get_if<v1::NamespaceConfig>(&item)) {
    manifest_.config = std::move(*config);
    return {};
  }
  RETURN_IF_ERROR(Claim(item));
  if (auto* memory = std::get_if<v1::Memory>(&item)) {
    if (memory->hash().empty()) memory->set_hash(CanonicalHash(*memory));
    all_hashed_ = all_hashed_ && !memory->hash().empty();
    if (all_hashed_) digest_ += FromHex(memory->hash());
  }
  const auto kind = static_cast<size_t>(*KindOf(item));
  ++manifest_.counts[kind];
  manifest_.versions += VersionsOf(item);
  ++manifest_.files[kind].lines;
  files_[kind].buffer += ArchiveLine(item);
  files_[kind].buffer += '\n';
  return files_[kind].buffer.size() < kBufferBytes ? Status() : Flush(&files_[kind]);
}

Status ArchiveWriter::Flush(File* file) {
  const auto kind = static_cast<size_t>(file - files_.data());
  file->sha256.Update(file->buffer);
  manifest_.files[kind].bytes += file->buffer.size();
  RETURN_IF_ERROR(file->out->Append(file->buffer));
  file->buffer.clear();
  return {};
}

Result<ArchiveManifest> ArchiveWriter::Finish(const SourceDescription& source, std::vector<std::string> notes,
                                              ArchivePositions positions) {
  FileSystem& files = FileSystem::Posix();
  for (size_t i = 0; i < kArchiveKinds; ++i) {
    RETURN_IF_ERROR(Flush(&files_[i]));
    RETURN_IF_ERROR(files_[i].out->Sync());
    RETURN_IF_ERROR(files_[i].out->Close());
    manifest_.files[i].sha256 = files_[i].sha256.FinishHex();
  }
  manifest_.system = source.system;
  manifest_.origin = source.origin;
  manifest_.created_at = FormatRfc3339(Clock::Real().Now());
  manifest_.notes = std::move(notes);
  manifest_.positions = std::move(positions);
  if (all_hashed_) manifest_.digest = digest_.ToHex();
  RETURN_IF_ERROR(files.ReplaceFile(part_ + "/" + kManifestFile, PrintManifest(manifest_)));
  RETURN_IF_ERROR(files.SyncDirectory(part_));
  RETURN_IF_ERROR(files.Rename(part_, folder_));
  finished_ = true;
  RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(folder_)));
  return manifest_;
}

}  // namespace engram
