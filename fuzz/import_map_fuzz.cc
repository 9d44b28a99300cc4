// Any bytes as a mapping file: refused with its reason, or a mapping and a route that lead to names.
#include <string>

#include "base/check.h"
#include "engine/config.h"
#include "fuzz/input.h"
#include "tools/import/route.h"
#include "tools/import/sqlite_mapping.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  using namespace engram;                                                  // NOLINT: a file of one function
  const std::string_view text = FuzzInput(data, size).rest();
  const auto mapping = ParseSqliteMapping(text);
  ENGRAM_CHECK(mapping.ok() || mapping.status().code() == StatusCode::kInvalidArgument);
  if (mapping.ok()) ENGRAM_CHECK(!mapping->table.empty());
  const auto route = ParseRoute(text);
  ENGRAM_CHECK(route.ok() || route.status().code() == StatusCode::kInvalidArgument);
  (void)IsRouteAlone(text);
  if (!route.ok() || !*route) return 0;
  for (const auto& by : {(*route)->tenant, (*route)->space}) {
    for (const char* value : {"red", "", "a/b", "\x01"}) {
      if (!by) continue;
      const auto name = NameFor(*by, value);
      if (name.ok() && *name) ENGRAM_CHECK(CheckName("the name", **name).ok());
    }
  }
  return 0;
}
