// Reads many live memories, best in the order of their slots: their rows, mostly, stand one behind the other.
#pragma once

#include "base/kv.h"
#include "base/status.h"
#include "engine/publication.h"
#include "engine/row_walk.h"
#include "engine/rows.h"

namespace engram {

// Confined to one thread; the reader must outlive it.
class LiveRows {
 public:
  explicit LiveRows(const KvReader& ns);

  // As the event that an empty index must see; `ref` needs no id. Without its content (null) where segments have it.
  // Corruption when a row is missing.
  Result<ContentAdded> Read(const MemoryRef& ref, bool with_content);
  // The default one where there is none.
  Result<StateRecord> ReadState(NodeNumber node);

 private:
  RowWalk attributes_;
  RowWalk states_;
  RowWalk ids_;
  RowWalk contents_;
};

}  // namespace engram
