#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "base/failpoint.h"
#include "base/hash.h"
#include "index/segment_file.h"
#include "index/segment_format.h"

namespace engram {

class SegmentWriter::Rep {
 public:
  Rep(FileSystem& files, std::string path, SegmentKind kind, std::string fingerprint)
      : files_(files), path_(std::move(path)), kind_(kind), fingerprint_(std::move(fingerprint)) {}
  Rep(const Rep&) = delete;
  Rep& operator=(const Rep&) = delete;
  ~Rep() {
    if (!created_ || finished_) return;
    file_.reset();
    // An orphan is swept when the directory is opened next, so a failure here costs nothing.
    const Status ignored = files_.Remove(Temporary());
    static_cast<void>(ignored);
  }

  Status Create() {
    ASSIGN_OR_RETURN(file_, files_.OpenForWriting(Temporary()));
    created_ = true;
    std::string header(kSegmentMagic);
    AppendFixed32(&header, kSegmentVersion);
    return WriteFrame(std::move(header));
  }

  Status Begin(std::string_view name) {
    RETURN_IF_ERROR(EndSection());
    ENGRAM_CHECK(std::none_of(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; }));
    entries_.push_back({std::string(name), written_, 0, {}});
    return {};
  }

  Status Append(std::string_view bytes) {
    ENGRAM_CHECK(!entries_.empty());
    entries_.back().size += bytes.size();
    while (!bytes.empty()) {
      const size_t n = std::min(bytes.size(), kSegmentBlockBytes - block_.size());
      block_ += bytes.substr(0, n);
      bytes.remove_prefix(n);
      if (block_.size() == kSegmentBlockBytes) RETURN_IF_ERROR(WriteBlock());
    }
    return {};
  }

  Status Finish(SlotRange slots, Position position) {
    RETURN_IF_ERROR(EndSection());
    std::string directory = Directory(slots, position);
    const uint64_t offset = written_;
    const uint64_t size = directory.size();
    directory.resize(SegmentAligned(size), '\0');
    RETURN_IF_ERROR(Write(directory));
    std::string footer(kSegmentEndMagic);
    AppendFixed64(&footer, offset);
    AppendFixed64(&footer, size);
    AppendFixed64(&footer, HashBytes64(directory));
    AppendFixed64(&footer, written_ + kSegmentFrameBytes);
    RETURN_IF_ERROR(WriteFrame(std::move(footer)));
    FAILPOINT("segment.sync");
    RETURN_IF_ERROR(file_->Sync());
    RETURN_IF_ERROR(file_->Close());
    FAILPOINT("segment.rename");
    RETURN_IF_ERROR(files_.Rename(Temporary(), path_));
    finished_ = true;
    FAILPOINT("segment.renamed");
    return files_.SyncDirectory(ParentDirectory(path_));
  }

  uint64_t size() const { return written_ + block_.size(); }

 private:
  struct Entry {
    std::string name;
    uint64_t offset = 0;
    uint64_t size = 0;
    std::vector<uint64_t> checksums;
  };

  std::string Temporary() const { return path_ + ".tmp"; }

  Status Write(std::string_view bytes) {
    written_ += bytes.size();
    return file_->Append(bytes);
  }

  Status WriteFrame(std::string frame) {
    frame.resize(kSegmentFrameBytes - sizeof(uint64_t), '\0');
    AppendFixed64(&frame, HashBytes64(frame));
    return Write(frame);
  }

  Status WriteBlock() {
    block_.resize(SegmentAligned(block_.size()), '\0');
    entries_.back().checksums.push_back(HashBytes64(block_));
    Status status = Write(block_);
    block_.clear();
    return status;
  }

  Status EndSection() { return block_.empty() ? Status() : WriteBlock(); }

  std::string Directory(SlotRange slots, Position position) const {
    std::string out;
    out.push_back(static_cast<char>(kind_));
    AppendString(&out, fingerprint_);
    AppendFixed32(&out, slots.first.value);
    AppendFixed32(&out, slots.last.value);
    AppendFixed64(&out, position.value);
    AppendVarint(&out, entries_.size());
    for (const Entry& entry : entries_) {
      AppendString(&out, entry.name);
      AppendFixed64(&out, entry.offset);
      AppendFixed64(&out, entry.size);
      for (const uint64_t checksum : entry.checksums) AppendFixed64(&out, checksum);
    }
    return out;
  }

  FileSystem& files_;
  std::string path_;
  SegmentKind kind_;
  std::string fingerprint_;
  std::unique_ptr<WritableFile> file_;
  std::vector<Entry> entries_;
  std::string block_;  // of the current section, not yet written
  uint64_t written_ = 0;
  bool created_ = false;
  bool finished_ = false;
};

SegmentWriter::SegmentWriter(std::unique_ptr<Rep> rep) : rep_(std::move(rep)) {}
SegmentWriter::SegmentWriter(SegmentWriter&&) noexcept = default;
SegmentWriter& SegmentWriter::operator=(SegmentWriter&&) noexcept = default;
SegmentWriter::~SegmentWriter() = default;

Result<SegmentWriter> SegmentWriter::Create(FileSystem& files, std::string path, SegmentKind kind,
                                            std::string fingerprint) {
  auto rep = std::make_unique<Rep>(files, std::move(path), kind, std::move(fingerprint));
  RETURN_IF_ERROR(rep->Create());
  return SegmentWriter(std::move(rep));
}

Status SegmentWriter::Begin(std::string_view name) { return rep_->Begin(name); }
Status SegmentWriter::Append(std::string_view bytes) { return rep_->Append(bytes); }
Status SegmentWriter::Finish(SlotRange slots, Position position) { return rep_->Finish(slots, position); }
uint64_t SegmentWriter::size() const { return rep_->size(); }

Status SegmentWriter::Section(std::string_view name, std::string_view bytes) {
  RETURN_IF_ERROR(Begin(name));
  return Append(bytes);
}

}  // namespace engram
