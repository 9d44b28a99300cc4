// Memories between wire and engine.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/engine.h"
#include "engram/v1/memory.pb.h"
#include "server/request_limits.h"
#include "server/uuid.h"

namespace engram {

// What the border checks a memory against.
struct MemoryBorder {
  const RequestLimits& limits;
  bool may_import = false;  // times, versions, history and counts are stored as given
};

// A memory to be written, with everything checked that needs no store. An id is made when there is none.
// `field()` of an error is the path inside the memory.
Result<WriteMemory> ToWriteMemory(const v1::Memory& memory, const MemoryBorder& border, UuidSource& uuids);
// A memory that was deleted: its id, where it came from and its history, whose last event is its end.
Result<WriteTombstone> ToWriteTombstone(const v1::Memory& memory, const MemoryBorder& border, UuidSource& uuids);

Result<PatchMemory> ToPatchMemory(std::string id, const v1::MemoryPatch& patch, const RequestLimits& limits);

// What the memory's reply holds: the parts `include` names.
void FromMemory(const Memory& memory, const Include& include, v1::Memory* out);
void FromHistoryEvent(const HistoryEvent& event, v1::HistoryEvent* out);

// "active", "archived", "paused"; empty is active.
Result<MemoryState> ToMemoryState(const std::string& name);

// Shared with memories:update. InvalidArgument without a field.
Status CheckImportance(double importance);

// --- Parts that memories and patches have in common (convert_content.cc).

Result<Content> ToContent(const v1::Memory& memory, const RequestLimits& limits);
Result<Source> ToSource(const v1::Source& source, const RequestLimits& limits);
Result<StateChange> ToStateChange(const v1::Memory& memory, const MemoryBorder& border);
Result<StateChange> ToStateChange(const v1::MemoryPatch& patch, const RequestLimits& limits);

}  // namespace engram
