// Points as Qdrant's REST API gives them: the answer of POST /collections/{name}/points/scroll.
//
//   {"result": {"points": [{"id": 7, "payload": {…} | null, "vector": …}], "next_page_offset": id | null}, …}
//   vector := [f…] | [[f…]…] | {name: [f…] | [[f…]…] | {"indices": […], "values": […]}}
//
// (https://api.qdrant.tech, "Scroll points"; the unnamed vector beside named ones has the name "".)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/import/point_store.h"

namespace engram {

struct QdrantPage {
  std::vector<StoredPoint> points;
  std::optional<std::string> next;  // the id that the next page begins with, as JSON has it; nothing: the last page
};

// InvalidArgument when it is no such answer. What is wrong with one point is its problem, with its id where it has one.
// A fingerprint is over what the point says, not over how the server has spelled it.
Result<QdrantPage> ReadQdrantPage(const std::string& json);
// The same of the answer of POST /collections/{name}/points: {"result": [{"id": 7, …}]}.
Result<std::vector<StoredPoint>> ReadQdrantPoints(const std::string& json);

// Ids in their one spelling, decimal digits or a canonical UUID, as Qdrant orders them: integers first.
bool QdrantIdLess(std::string_view left, std::string_view right);
// As JSON has it: a number or a string.
std::string QdrantIdJson(std::string_view id);
// Decimal digits of 64 bits or a canonical UUID: what QdrantIdJson takes.
bool IsQdrantId(std::string_view id);

}  // namespace engram
