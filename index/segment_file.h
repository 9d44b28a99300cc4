// The file of an immutable segment: named sections of bytes with a checksum for every 64 KiB of them, and a
// directory that says what built them. The bytes are in docs/formats.md, "Segment files".
//
//   ASSIGN_OR_RETURN(SegmentWriter writer, SegmentWriter::Create(files, path, SegmentKind::kText, fingerprint));
//   RETURN_IF_ERROR(writer.Section("terms", bytes));
//   RETURN_IF_ERROR(writer.Finish({first, last}, position));
//
//   ASSIGN_OR_RETURN(auto file, SegmentFile::Open(files, path, SegmentKind::kText, fingerprint));
//   ASSIGN_OR_RETURN(const SegmentSection* terms, file->Section("terms"));
//   ASSIGN_OR_RETURN(std::span<const uint32_t> numbers, terms->Array<uint32_t>());
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "base/status.h"
#include "index/huge_memory.h"

namespace engram {

// Files are little-endian and read in place.
static_assert(std::endian::native == std::endian::little);

// Never renumber: files store them.
enum class SegmentKind : uint8_t { kText = 1, kVector = 2, kAttribute = 3 };

// The slots that a segment may hold, both ends included.
struct SlotRange {
  Slot first;
  Slot last;
  auto operator<=>(const SlotRange&) const = default;
};

// Writes one file, front to back, in memory of one block. Confined to one thread; movable.
//
// The file stands under `path`.tmp until Finish, durable and complete, gives it its name; a writer that goes
// away before that removes it. After an error the writer can only be destroyed.
class SegmentWriter {
 public:
  // `fingerprint` names everything that the sections' meaning depends on (analyzer and its version, metric,
  // quantizer): a file that another one built is not opened.
  static Result<SegmentWriter> Create(FileSystem& files, std::string path, SegmentKind kind, std::string fingerprint);
  SegmentWriter(SegmentWriter&&) noexcept;
  SegmentWriter& operator=(SegmentWriter&&) noexcept;
  ~SegmentWriter();

  // Starts a section. REQUIRES: a name not used before.
  Status Begin(std::string_view name);
  // To the section begun last, in pieces of any size.
  Status Append(std::string_view bytes);
  template <class T>
  Status AppendArray(std::span<const T> values) {
    return Append({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  // A whole section at once.
  Status Section(std::string_view name, std::string_view bytes);

  // Complete up to `position`: all there is to index before it stands in this segment or in others.
  Status Finish(SlotRange slots, Position position);

  uint64_t size() const;  // bytes of the file so far

 private:
  class Rep;
  explicit SegmentWriter(std::unique_ptr<Rep> rep);
  std::unique_ptr<Rep> rep_;
};

// One section of an open file. Thread-safe. All errors are Corruption and name file and section.
class SegmentSection {
 public:
  const std::string& name() const { return name_; }
  uint64_t size() const { return bytes_.size(); }

  // All bytes, mapped; they start at a multiple of 64 and live as long as the file. Every block is checked
  // once, whoever asks first.
  Result<std::string_view> Bytes() const { return Range(0, size()); }
  // The bytes [offset, offset + n); checks the blocks they touch and no others.
  // REQUIRES: they are inside the section.
  Result<std::string_view> Range(uint64_t offset, uint64_t n) const;
  // Bytes() as numbers; Corruption, too, when they don't divide evenly.
  template <class T>
  Result<std::span<const T>> Array() const {
    ASSIGN_OR_RETURN(const std::string_view bytes, Bytes());
    if (bytes.size() % sizeof(T) != 0) return Misfit(sizeof(T));
    return std::span<const T>(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
  }
  // A copy in memory of our own, checked on the way; the mapping's pages are given back.
  Result<HugeMemory> Load() const;

 private:
  friend class SegmentFile;
  SegmentSection(std::string path, std::string name, const MappedFile& file, uint64_t offset, uint64_t size,
                 std::vector<uint64_t> checksums);
  Status Misfit(size_t element_bytes) const;
  Status CheckBlock(uint64_t block, std::string_view block_bytes) const;
  // With the padding after the last byte, which its checksum covers.
  std::string_view Block(uint64_t block) const;

  std::string path_;
  std::string name_;
  const MappedFile& file_;
  uint64_t offset_;
  std::string_view bytes_;
  std::vector<uint64_t> checksums_;                          // by block
  std::unique_ptr<std::atomic<uint64_t>[]> checked_blocks_;  // a bit for each
};

// An open file. Thread-safe. Sections are valid as long as it lives.
class SegmentFile {
 public:
  // Reads and checks header and directory, no section. NotFound when there is no file; Corruption when it is
  // damaged or no whole segment file; FailedPrecondition when it is sound but of no use here: of another format
  // version, kind or fingerprint ("expected" and "got" as details). Either way a segment is rebuilt.
  static Result<std::shared_ptr<const SegmentFile>> Open(const FileSystem& files, const std::string& path,
                                                         SegmentKind kind, std::string_view fingerprint);

  const std::string& path() const { return path_; }
  SlotRange slots() const { return slots_; }
  Position position() const { return position_; }
  uint64_t size() const { return file_->bytes().size(); }
  const std::vector<std::unique_ptr<SegmentSection>>& sections() const { return sections_; }

  // Corruption when there is none: the writer of this fingerprint writes it always.
  Result<const SegmentSection*> Section(std::string_view name) const;
  // The same for a section that some files lack: null.
  const SegmentSection* FindSection(std::string_view name) const;
  // Checks every byte that was not checked yet.
  Status CheckAll() const;

 private:
  SegmentFile(std::string path, std::unique_ptr<MappedFile> file) : path_(std::move(path)), file_(std::move(file)) {}
  Status ReadDirectory(std::string_view directory, SegmentKind kind, std::string_view fingerprint);
  Status Damaged(std::string_view what) const;

  std::string path_;
  std::unique_ptr<MappedFile> file_;
  SlotRange slots_;
  Position position_;
  std::vector<std::unique_ptr<SegmentSection>> sections_;
};

}  // namespace engram
