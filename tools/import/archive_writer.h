// Writes an archive (archive_format.h). The folder gets its name when all of it is on the disk: half an archive is
// none.
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/message_digest.h"
#include "base/status.h"
#include "tools/import/archive_format.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread.
class ArchiveWriter {
 public:
  // AlreadyExists when `folder` is there and not empty. Writes to `folder`.part meanwhile.
  static Result<std::unique_ptr<ArchiveWriter>> Create(const std::string& folder);
  // Removes what was not finished.
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  // InvalidArgument for a record without an id, AlreadyExists for a second one of an id: no archive could say which
  // counts. After another error the archive can't be finished. A memory's hash is set where it can be told.
  Status Add(RecordItem item);

  // Nothing may be called afterwards. `notes`, `positions`: see ArchiveManifest.
  Result<ArchiveManifest> Finish(const SourceDescription& source, std::vector<std::string> notes,
                                 ArchivePositions positions = {});

 private:
  struct File {
    std::unique_ptr<WritableFile> out;
    std::string buffer;
    Sha256 sha256;
  };

  explicit ArchiveWriter(std::string folder) : folder_(std::move(folder)), part_(folder_ + ".part") {}
  Status Open();
  Status Claim(const RecordItem& item);
  Status Flush(File* file);

  const std::string folder_;
  const std::string part_;
  bool finished_ = false;
  ArchiveManifest manifest_;
  std::array<File, kArchiveKinds> files_;
  std::set<Hash128> ids_;  // of what shares one space: memories and nodes; edges apart by a prefix
  Hash128 digest_;
  bool all_hashed_ = true;
};

}  // namespace engram
