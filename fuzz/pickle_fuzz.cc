// Any bytes as a pickle: a value within its bounds, or an error. Nothing is ever called.
#include <string>

#include "api/json.h"
#include "base/check.h"
#include "fuzz/input.h"
#include "tools/import/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  const PickleLimits limits = {.bytes = size_t{1} << 20, .values = 10'000};
  const auto pickle = Pickle::Parse(FuzzInput(data, size).rest(), PickledPayloadClasses(), limits);
  if (!pickle.ok()) {
    ENGRAM_CHECK(pickle.status().code() == StatusCode::kInvalidArgument);
    return 0;
  }
  if (pickle->root().kind == PickleItem::Kind::kDict) (void)pickle->Find(pickle->root(), "id");
  if (pickle->root().kind == PickleItem::Kind::kObject) (void)pickle->AttributesOf(pickle->root());
  v1::Value value;
  const Status status = ToWireValue(*pickle, pickle->root(), &value);
  ENGRAM_CHECK(status.ok() || status.code() == StatusCode::kInvalidArgument);
  if (status.ok()) (void)PrintJson(value);
  return 0;
}
