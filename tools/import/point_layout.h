// What payloads mean, both ways: a point as the memory that its importer reads, and a memory as the payload that is
// read so. A layout is one class behind this interface.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "engram/v1/memory.pb.h"
#include "tools/import/mem0_source.h"
#include "tools/import/point_source.h"
#include "tools/import/point_store.h"

namespace engram {

using PointPayload = std::map<std::string, v1::Value>;

class PointLayout {
 public:
  virtual ~PointLayout() = default;

  virtual Result<v1::Memory> Read(StoredPoint point) const = 0;

  // A point of the collection, so that new ones look alike: how it writes times, and which names it uses.
  virtual void Learn(const PointPayload& payload) = 0;
  // What the layout has no field for is not in it. `there`: the payload that is replaced, or null. InvalidArgument at
  // metadata that has the name of another field.
  virtual Result<PointPayload> Write(const v1::Memory& memory, const PointPayload* there) const = 0;
};

// As PointSource reads points of the source `system`.
std::unique_ptr<PointLayout> NewPlainLayout(PayloadMapping mapping, const char* system);
// As Mem0Source reads mem0's own.
std::unique_ptr<PointLayout> NewMem0Layout();

}  // namespace engram
