#include "graph/edge_scan.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/coding.h"
#include "graph/edge_rows.h"

namespace engram {
namespace {

constexpr size_t kVersionBytes = 8;

// One range of rows, read one edge ahead.
class EdgeStream {
 public:
  // Rows under prefix + narrower; positions start behind `prefix`.
  EdgeStream(const KvReader& reader, std::string prefix, EdgeState state, std::string_view narrower,
             const EdgeScan& scan)
      : reader_(reader), state_(state), prefix_bytes_(prefix.size()) {
    const std::string all = prefix + std::string(narrower);
    const std::string begin = std::max(all, prefix + FirstKey(scan));
    const std::string end = PrefixEnd(all);
    if (begin < end) rows_ = reader.Scan(begin, end);
  }

  // Reads the next edge behind `after`.
  Status Advance(std::string_view after) {
    do {
      RETURN_IF_ERROR(Read());
    } while (valid_ && position_ <= after);
    return {};
  }

  bool valid() const { return valid_; }
  const Edge& edge() const { return edge_; }
  const std::string& position() const { return position_; }

 private:
  std::string FirstKey(const EdgeScan& scan) const {
    if (scan.after.empty()) return {};
    const std::string identity = scan.after.substr(0, scan.after.size() - kVersionBytes);
    if (scan.after_every_version) return PrefixEnd(identity);
    return state_ == EdgeState::kCurrent ? identity : scan.after;
  }

  Status Read() {
    valid_ = rows_ && rows_->Valid();
    if (!valid_) return rows_ ? rows_->status() : Status();
    RETURN_IF_ERROR(ReadEdgeRow(reader_, rows_->value(), &edge_));
    position_ = rows_->key().substr(prefix_bytes_);
    if (state_ == EdgeState::kCurrent) AppendKey64(&position_, edge_.version.value);
    rows_->Next();
    return {};
  }

  const KvReader& reader_;
  const EdgeState state_;
  const size_t prefix_bytes_;
  std::unique_ptr<KvIterator> rows_;
  bool valid_ = false;
  Edge edge_;
  std::string position_;
};

std::vector<EdgeStream> OpenStreams(const KvReader& reader, const EdgeScan& scan, std::string_view narrower) {
  std::vector<EdgeStream> streams;
  constexpr size_t kStatesTimesEnds = 4;
  streams.reserve(kStatesTimesEnds);
  for (const EdgeState state : {EdgeState::kCurrent, EdgeState::kRetired}) {
    if (state == EdgeState::kRetired && !scan.retired) continue;
    if (!scan.node) {
      streams.emplace_back(reader, EdgesByIdPrefix(state), state, narrower, scan);
      continue;
    }
    if (scan.direction != Direction::kIn) {
      streams.emplace_back(reader, EdgesFromPrefix(*scan.node, state), state, narrower, scan);
    }
    if (scan.direction != Direction::kOut) {
      streams.emplace_back(reader, EdgesToPrefix(*scan.node, state), state, narrower, scan);
    }
  }
  return streams;
}

EdgeStream* FirstOf(std::vector<EdgeStream>& streams) {
  EdgeStream* first = nullptr;
  for (EdgeStream& stream : streams) {
    if (stream.valid() && (!first || stream.position() < first->position())) first = &stream;
  }
  return first;
}

using Visitor = std::function<bool(const Edge&, std::string_view)>;

// False when `visit` had enough.
Result<bool> Merge(const KvReader& reader, const EdgeScan& scan, std::string_view narrower, const Visitor& visit) {
  std::vector<EdgeStream> streams = OpenStreams(reader, scan, narrower);
  for (EdgeStream& stream : streams) RETURN_IF_ERROR(stream.Advance(scan.after));
  while (EdgeStream* first = FirstOf(streams)) {
    if (!visit(first->edge(), first->position())) return false;
    // A self-loop stands at both ends under one position.
    const std::string done = first->position();
    for (EdgeStream& stream : streams) {
      if (stream.valid() && stream.position() == done) RETURN_IF_ERROR(stream.Advance(done));
    }
  }
  return true;
}

}  // namespace

Status ScanEdges(const KvReader& reader, const EdgeScan& scan, const Visitor& visit) {
  if (scan.types.empty()) return Merge(reader, scan, "", visit).status();

  std::vector<std::string> types = scan.types;
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  if (!scan.node) {
    const Visitor filtered = [&](const Edge& edge, std::string_view position) {
      return !std::binary_search(types.begin(), types.end(), edge.type) || visit(edge, position);
    };
    return Merge(reader, scan, "", filtered).status();
  }
  for (const std::string& type : types) {
    std::string narrower;
    AppendKeyString(&narrower, type);
    ASSIGN_OR_RETURN(const bool more, Merge(reader, scan, narrower, visit));
    if (!more) return {};
  }
  return {};
}

bool IsEdgePosition(std::string_view position, bool at_node) {
  ByteReader in(position);
  if (at_node) {
    in.KeyString();
    in.Key32();
  }
  in.KeyString();
  in.Key64();
  return in.ok() && in.empty();
}

}  // namespace engram
