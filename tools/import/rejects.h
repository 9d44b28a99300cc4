// What an import could not take: a JSON Lines file of {"place","error","field","tenant","namespace","record"}. In the
// order of the source; `tenant` and `namespace` where the source goes to several and the record's were known.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "tools/import/destination.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread.
class RejectsFile {
 public:
  // `keep`: how many entries an earlier run of the same import has committed; what stands behind them was written by
  // a run that did not come so far, and comes again.
  static Result<std::unique_ptr<RejectsFile>> Open(const std::string& path, uint64_t keep);
  // The same for a source that goes to several namespaces: how many of each are kept. Those of no namespace come again.
  static Result<std::unique_ptr<RejectsFile>> OpenRouted(const std::string& path,
                                                         const std::map<Destination, uint64_t>& keep);
  ~RejectsFile();
  RejectsFile(const RejectsFile&) = delete;
  RejectsFile& operator=(const RejectsFile&) = delete;

  Status Add(const SourceRecord& record, const Status& why, const Destination& where = {});
  // Before the batch is written whose progress counts them.
  Status Flush();
  const std::string& path() const { return path_; }

 private:
  static Result<std::unique_ptr<RejectsFile>> OpenWith(const std::string& path, const std::string& kept);
  RejectsFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}
  const std::string path_;
  std::FILE* const file_;
};

}  // namespace engram
