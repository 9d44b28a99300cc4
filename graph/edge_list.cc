#include <utility>

#include "base/coding.h"
#include "base/hash.h"
#include "graph/edge_scan.h"
#include "graph/edge_store.h"

// cursor := format:u8 = 1 query:u64 position
// query  := a hash of what the pages of one listing share, so that a cursor can't move to another question.
// position as in edge_scan.h, of the last edge of the page.

namespace engram {
namespace {

constexpr uint8_t kCursorFormat = 1;

uint64_t HashOf(const EdgeQuery& query) {
  std::string bytes;
  AppendVarint(&bytes, query.node ? uint64_t{query.node->value} + 1 : 0);
  bytes.push_back(static_cast<char>(query.direction));
  AppendVarint(&bytes, query.types.size());
  for (const std::string& type : query.types) AppendString(&bytes, type);
  bytes.push_back(query.include_retired ? 1 : 0);
  bytes.push_back(query.as_of ? 1 : 0);
  if (query.as_of) AppendSignedVarint(&bytes, query.as_of->micros);
  return HashBytes64(bytes);
}

std::string MakeCursor(const EdgeQuery& query, std::string_view position) {
  std::string cursor(1, static_cast<char>(kCursorFormat));
  AppendFixed64(&cursor, HashOf(query));
  cursor += position;
  return cursor;
}

Result<std::string> ReadCursor(const EdgeQuery& query) {
  ByteReader in(query.cursor);
  const bool ours = in.Byte() == kCursorFormat && in.Fixed64() == HashOf(query);
  if (!in.ok() || !ours || !IsEdgePosition(in.rest(), query.node.has_value())) {
    return InvalidArgument("the cursor does not belong to this listing of edges").At("cursor");
  }
  return std::string(in.rest());
}

Status Validate(const EdgeQuery& query) {
  if (query.limit == 0) return InvalidArgument("limit must be at least 1").At("limit");
  if (query.as_of && query.include_retired) {
    return InvalidArgument("as_of and include_retired exclude each other").At("include_retired");
  }
  return {};
}

bool Wanted(const EdgeQuery& query, const Edge& edge) {
  if (query.as_of && !HoldsAt(edge, *query.as_of)) return false;
  return !query.accept || query.accept(edge);
}

}  // namespace

Result<EdgePage> ListEdges(const KvReader& reader, const EdgeQuery& query) {
  RETURN_IF_ERROR(Validate(query));
  EdgeScan scan{.node = query.node,
                .direction = query.direction,
                .types = query.types,
                .retired = query.include_retired || query.as_of,
                .after_every_version = !query.include_retired};
  if (!query.cursor.empty()) {
    ASSIGN_OR_RETURN(scan.after, ReadCursor(query));
  }
  EdgePage page;
  std::string last;
  RETURN_IF_ERROR(ScanEdges(reader, scan, [&](const Edge& edge, std::string_view position) {
    if (!Wanted(query, edge)) return true;
    if (page.edges.size() == query.limit) {
      page.next_cursor = MakeCursor(query, last);
      return false;
    }
    page.edges.push_back(edge);
    last = position;
    return true;
  }));
  return page;
}

Status VisitEdges(const KvReader& reader, NodeNumber node, Direction direction, std::optional<Timestamp> as_of,
                  const std::function<bool(const Edge&)>& visit) {
  const EdgeScan scan{.node = node, .direction = direction, .retired = as_of.has_value()};
  return ScanEdges(reader, scan, [&](const Edge& edge, std::string_view) {
    return (as_of && !HoldsAt(edge, *as_of)) || visit(edge);
  });
}

Status VisitAllEdges(const KvReader& reader, const std::function<bool(const Edge&)>& visit) {
  return ScanEdges(reader, EdgeScan{}, [&](const Edge& edge, std::string_view) { return visit(edge); });
}

}  // namespace engram
