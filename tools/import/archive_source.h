// Reads an archive (archive_format.h): the configuration, memories, tombstones, nodes, runs, edges that have ended and
// edges, in this order.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "tools/import/archive_format.h"
#include "tools/import/source.h"

namespace engram {

class ArchiveSource final : public ImportSource {
 public:
  // Reads every file once and refuses an archive that is not whole: Corruption names the file, and the line where one
  // is to blame; NotFound a file that is missing.
  static Result<std::unique_ptr<ArchiveSource>> Open(const std::string& folder);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "records"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;
  std::vector<std::string> Notes() const override;

  const ArchiveManifest& manifest() const { return manifest_; }

 private:
  ArchiveSource(std::string folder, ArchiveManifest manifest, std::string fingerprint)
      : folder_(std::move(folder)), manifest_(std::move(manifest)), fingerprint_(std::move(fingerprint)) {}
  Status CheckFile(size_t kind) const;
  Status OpenFile(size_t kind);
  std::string Path(size_t kind) const { return folder_ + "/" + manifest_.files[kind].name; }

  const std::string folder_;
  const ArchiveManifest manifest_;
  const std::string fingerprint_;  // of the manifest, and so of all files
  bool config_given_ = false;
  size_t kind_ = 0;  // the file at hand
  std::ifstream file_;
  uint64_t line_ = 0;  // of it, read so far
  uint64_t offset_ = 0;
  uint64_t bytes_before_ = 0;  // in earlier files
};

}  // namespace engram
