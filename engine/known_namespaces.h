// What reads keep decoded of the namespaces that were read lately: the number behind a name, and the head. A read then
// begins without looking at a row.
//
// What is found here holds for a snapshot when no change came between:
//
//   version = known.version();
//   found = known.Find(...);
//   snapshot = store.Snapshot();
//   if (found && known.version() == version) ...   // `found` is what the snapshot's rows say, or the reply to the
//                                                  // change that will differ has not been given yet
//
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/mutex.h"
#include "engine/publication.h"
#include "engine/rows.h"

namespace engram {

struct KnownNamespace {
  NamespaceId number;
  NamespaceHead head;
};

class KnownNamespaces {
 public:
  using Found = std::shared_ptr<const KnownNamespace>;

  // Rises with every change of a namespace's head or name.
  uint64_t version() const { return version_; }

  // By its name or an alias; null when that is not known here, which says nothing about the rows.
  Found Find(TenantId tenant, std::string_view name) const EXCLUDES(mutex_);
  // Takes what rows say that were read after `version` was current; lets it go if that is over.
  void Keep(TenantId tenant, std::string_view name, uint64_t version, Found found) EXCLUDES(mutex_);

  // Forgets what a committed mutation changed; to be called before its reply is given.
  void Apply(const Publication& publication) EXCLUDES(mutex_);

 private:
  // A full table starts anew: whoever reads from more namespaces than this reads their rows again now and then.
  static constexpr size_t kEntriesMax = 1024;

  std::atomic<uint64_t> version_ = 0;
  mutable SharedMutex mutex_;
  std::unordered_map<std::string, Found> by_name_ GUARDED_BY(mutex_);  // by tenant and name
};

}  // namespace engram
