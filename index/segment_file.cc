#include "index/segment_file.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/hash.h"
#include "index/segment_format.h"

namespace engram {
namespace {

bool FrameIsSound(std::string_view frame, std::string_view magic) {
  ByteReader checksum(frame.substr(kSegmentFrameBytes - sizeof(uint64_t)));
  return frame.starts_with(magic) &&
         checksum.Fixed64() == HashBytes64(frame.substr(0, kSegmentFrameBytes - sizeof(uint64_t)));
}

Status OfNoUse(const std::string& path, std::string_view what, std::string expected, std::string got) {
  return FailedPrecondition(fmt::format("{} has the {} \"{}\", not \"{}\"", path, what, got, expected))
      .With("expected", std::move(expected))
      .With("got", std::move(got));
}

uint64_t Blocks(uint64_t size) { return (size + kSegmentBlockBytes - 1) / kSegmentBlockBytes; }

}  // namespace

SegmentSection::SegmentSection(std::string path, std::string name, const MappedFile& file, uint64_t offset,
                               uint64_t size, std::vector<uint64_t> checksums)
    : path_(std::move(path)),
      name_(std::move(name)),
      file_(file),
      offset_(offset),
      bytes_(file.bytes().substr(offset, size)),
      checksums_(std::move(checksums)),
      checked_blocks_(std::make_unique<std::atomic<uint64_t>[]>(checksums_.size() / 64 + 1)) {}

std::string_view SegmentSection::Block(uint64_t block) const {
  const uint64_t begin = block * kSegmentBlockBytes;
  const uint64_t n = std::min<uint64_t>(SegmentAligned(size()) - begin, kSegmentBlockBytes);
  return file_.bytes().substr(offset_ + begin, n);
}

Status SegmentSection::CheckBlock(uint64_t block, std::string_view block_bytes) const {
  if (HashBytes64(block_bytes) == checksums_[block]) return {};
  return Corruption(fmt::format("{}: section \"{}\" is damaged at byte {}: its checksum differs", path_, name_,
                                block * kSegmentBlockBytes));
}

// Two readers may check a block twice; both find the same.
Result<std::string_view> SegmentSection::Range(uint64_t offset, uint64_t n) const {
  ENGRAM_CHECK(offset <= size() && n <= size() - offset);
  for (uint64_t block = offset / kSegmentBlockBytes; block < Blocks(offset + n); ++block) {
    std::atomic<uint64_t>& word = checked_blocks_[block / 64];
    const uint64_t bit = uint64_t{1} << (block % 64);
    if ((word.load(std::memory_order_relaxed) & bit) != 0) continue;
    RETURN_IF_ERROR(CheckBlock(block, Block(block)));
    word.fetch_or(bit, std::memory_order_relaxed);
  }
  return bytes_.substr(offset, n);
}

Result<HugeMemory> SegmentSection::Load() const {
  HugeMemory memory(SegmentAligned(size()));
  for (uint64_t block = 0; block < checksums_.size(); ++block) {
    const std::string_view from = Block(block);
    char* to = memory.data() + block * kSegmentBlockBytes;
    std::memcpy(to, from.data(), from.size());
    // The copy, not the mapping, which may be read from the disk a second time.
    RETURN_IF_ERROR(CheckBlock(block, {to, from.size()}));
  }
  file_.Release(offset_, size());
  return memory;
}

Status SegmentSection::Misfit(size_t element_bytes) const {
  return Corruption(
      fmt::format("{}: section \"{}\" has {} bytes, no multiple of {}", path_, name_, size(), element_bytes));
}

Status SegmentFile::Damaged(std::string_view what) const { return Corruption(fmt::format("{}: {}", path_, what)); }

Result<std::shared_ptr<const SegmentFile>> SegmentFile::Open(const FileSystem& files, const std::string& path,
                                                             SegmentKind kind, std::string_view fingerprint) {
  ASSIGN_OR_RETURN(std::unique_ptr<MappedFile> mapped, files.Map(path));
  const std::shared_ptr<SegmentFile> file(new SegmentFile(path, std::move(mapped)));
  const std::string_view bytes = file->file_->bytes();
  if (bytes.size() < 2 * kSegmentFrameBytes || bytes.size() % kSegmentAlignment != 0) {
    return file->Damaged(fmt::format("{} bytes are no whole segment file", bytes.size()));
  }
  const std::string_view header = bytes.substr(0, kSegmentFrameBytes);
  if (!FrameIsSound(header, kSegmentMagic)) return file->Damaged("the header is damaged");
  ByteReader version(header.substr(kSegmentMagic.size()));
  if (const uint32_t got = version.Fixed32(); got != kSegmentVersion) {
    return OfNoUse(path, "format version", std::to_string(kSegmentVersion), std::to_string(got));
  }
  const std::string_view footer = bytes.substr(bytes.size() - kSegmentFrameBytes);
  if (!FrameIsSound(footer, kSegmentEndMagic)) return file->Damaged("the footer is damaged");
  ByteReader fields(footer.substr(kSegmentEndMagic.size()));
  const uint64_t offset = fields.Fixed64();
  const uint64_t size = fields.Fixed64();
  const uint64_t checksum = fields.Fixed64();
  const uint64_t end = bytes.size() - kSegmentFrameBytes;
  if (fields.Fixed64() != bytes.size()) return file->Damaged("the file's size is not the one it was written with");
  if (offset > end || size > end - offset || SegmentAligned(size) != end - offset ||
      HashBytes64(bytes.substr(offset, end - offset)) != checksum) {
    return file->Damaged("the directory is damaged");
  }
  RETURN_IF_ERROR(file->ReadDirectory(bytes.substr(offset, size), kind, fingerprint));
  return std::shared_ptr<const SegmentFile>(file);
}

Status SegmentFile::ReadDirectory(std::string_view directory, SegmentKind kind, std::string_view fingerprint) {
  ByteReader in(directory);
  const uint8_t got_kind = in.Byte();
  const std::string_view got_fingerprint = in.String();
  slots_.first = Slot(in.Fixed32());
  slots_.last = Slot(in.Fixed32());
  position_ = Position(in.Fixed64());
  const size_t count = in.Count(1 + 2 * sizeof(uint64_t));
  uint64_t place = kSegmentFrameBytes;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    std::string name(in.String());
    const uint64_t offset = in.Fixed64();
    const uint64_t size = in.Fixed64();
    // Sections stand one after the other, so that no byte of the file is nobody's.
    if (offset != place || size > file_->bytes().size() - place) return Damaged("the directory contradicts itself");
    place += SegmentAligned(size);
    std::vector<uint64_t> checksums;
    for (uint64_t block = 0; block < Blocks(size) && in.ok(); ++block) checksums.push_back(in.Fixed64());
    sections_.emplace_back(new SegmentSection(path_, std::move(name), *file_, offset, size, std::move(checksums)));
  }
  const auto directory_offset = static_cast<uint64_t>(directory.data() - file_->bytes().data());
  if (!in.Finish("a segment's directory").ok() || place != directory_offset) {
    return Damaged("the directory contradicts itself");
  }
  const auto wanted_kind = static_cast<uint8_t>(kind);
  if (got_kind != wanted_kind) return OfNoUse(path_, "kind", std::to_string(wanted_kind), std::to_string(got_kind));
  if (got_fingerprint != fingerprint) {
    return OfNoUse(path_, "fingerprint", std::string(fingerprint), std::string(got_fingerprint));
  }
  return {};
}

const SegmentSection* SegmentFile::FindSection(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const auto& s) { return s->name() == name; });
  return found == sections_.end() ? nullptr : found->get();
}

Result<const SegmentSection*> SegmentFile::Section(std::string_view name) const {
  const SegmentSection* section = FindSection(name);
  if (section == nullptr) return Damaged(fmt::format("there is no section \"{}\"", name));
  return section;
}

Status SegmentFile::CheckAll() const {
  for (const auto& section : sections_) RETURN_IF_ERROR(section->Bytes().status());
  return {};
}

}  // namespace engram
