// Where what happened here goes back to: the place that a namespace was imported from, opened for writing. The one
// interface behind which each kind of source is one file, as ImportSource is for the way here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread. Nothing is written before the first Begin(Access::kWrite).
class PushTarget {
 public:
  enum class Access : uint8_t { kRead, kWrite };

  virtual ~PushTarget() = default;

  // As the importer's own source describes itself: `system` is what its memories have as source.system.
  virtual SourceDescription Describe() const = 0;
  // The import's name unless the user gave one.
  virtual std::string DefaultImportId() const = 0;
  // Its configuration: spaces with their metrics, as the importer would bring it.
  virtual const v1::NamespaceConfig& config() const = 0;
  virtual const char* unit() const = 0;  // "rows", "points"

  // A batch: what follows sees what is there now. With kWrite nobody else changes it before Commit or Abandon where the
  // target can see to that; what was written is there after Commit alone.
  virtual Status Begin(Access access) = 0;
  virtual Status Commit() = 0;
  virtual void Abandon() = 0;

  // Records by id, read as the importer reads them; those that are not there are not in the answer.
  virtual Result<std::map<std::string, SourceRecord>> Find(const std::vector<std::string>& ids) = 0;

  // The record that the importer would read if `memory` were written over `there` (null: nothing). What the target has
  // no place for is not in it. InvalidArgument at a field that can't be written at all.
  virtual Result<v1::Memory> Rehearse(const v1::Memory& memory, const SourceRecord* there) = 0;

  // FailedPrecondition when the target's own rules refuse this one; nothing of it is written then.
  virtual Status Write(const v1::Memory& memory, const SourceRecord* there) = 0;
  virtual Status Delete(const std::string& id) = 0;

  // True where a copy can be made, and must be before the first write.
  virtual bool has_backup() const = 0;
  // As it is now, before anything of this batch, in a file of this name.
  virtual Status BackUp(const std::string& path) = 0;

  // What a person should know. Sentences without a full stop.
  virtual std::vector<std::string> Notes() const = 0;
};

}  // namespace engram
