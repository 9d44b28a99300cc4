#include "graph/edge_encoding.h"

#include "base/coding.h"
#include "base/value_coding.h"
#include "graph/edge_store.h"

// edge   := format:u8 = 1
//           id:string version:varint source:varint target:varint type:string
//           flags:u8 weight:f64 user_id:string agent_id:string run_id:string app_id:string actor_id:string
//           recorded:zigzag [memory:varint] [valid_from:zigzag] [valid_to:zigzag] [retired:zigzag]
//           [metadata:object]
// string := varint length, bytes; object as in base/value_coding.cc; times in microseconds.
// A field in brackets is there when its flag is set. Empty metadata has no bytes, so that an edge has one
// encoding. Never renumber.

namespace engram {
namespace {

constexpr uint8_t kFormat = 1;

constexpr uint8_t kHasMemory = 1;
constexpr uint8_t kHasValidFrom = 2;
constexpr uint8_t kHasValidTo = 4;
constexpr uint8_t kIsRetired = 8;
constexpr uint8_t kHasMetadata = 16;
// Only in mirror rows (edge_rows.cc): there is metadata, in the row by id.
constexpr uint8_t kMetadataElsewhere = 32;
constexpr uint8_t kFlagsKnown = 63;

uint8_t FlagsOf(const Edge& edge, EdgeMetadata metadata) {
  uint8_t flags = 0;
  if (edge.memory) flags |= kHasMemory;
  if (edge.valid_from) flags |= kHasValidFrom;
  if (edge.valid_to) flags |= kHasValidTo;
  if (edge.retired) flags |= kIsRetired;
  if (!edge.metadata.empty()) flags |= metadata == EdgeMetadata::kHere ? kHasMetadata : kMetadataElsewhere;
  return flags;
}

void ReadScopes(ByteReader* in, Scopes* scopes) {
  scopes->user_id = in->String();
  scopes->agent_id = in->String();
  scopes->run_id = in->String();
  scopes->app_id = in->String();
  scopes->actor_id = in->String();
}

NodeNumber ReadNode(ByteReader* in) {
  const uint64_t v = in->Varint();
  if (v > UINT32_MAX) in->Fail();
  return NodeNumber(static_cast<uint32_t>(v));
}

std::optional<Timestamp> ReadTimeIf(bool there, ByteReader* in) {
  if (!there) return std::nullopt;
  return Timestamp{in->SignedVarint()};
}

}  // namespace

std::string EncodeEdgeRecord(const Edge& edge, EdgeMetadata metadata) {
  const uint8_t flags = FlagsOf(edge, metadata);
  std::string out(1, static_cast<char>(kFormat));
  AppendString(&out, edge.id);
  AppendVarint(&out, edge.version.value);
  AppendVarint(&out, edge.source.value);
  AppendVarint(&out, edge.target.value);
  AppendString(&out, edge.type);
  out.push_back(static_cast<char>(flags));
  AppendDouble(&out, edge.weight);
  AppendString(&out, edge.scopes.user_id);
  AppendString(&out, edge.scopes.agent_id);
  AppendString(&out, edge.scopes.run_id);
  AppendString(&out, edge.scopes.app_id);
  AppendString(&out, edge.scopes.actor_id);
  AppendSignedVarint(&out, edge.recorded.micros);
  if (edge.memory) AppendVarint(&out, edge.memory->value);
  if (edge.valid_from) AppendSignedVarint(&out, edge.valid_from->micros);
  if (edge.valid_to) AppendSignedVarint(&out, edge.valid_to->micros);
  if (edge.retired) AppendSignedVarint(&out, edge.retired->micros);
  if (flags & kHasMetadata) AppendObject(&out, edge.metadata);
  return out;
}

Result<EdgeMetadata> DecodeEdgeRecord(std::string_view bytes, Edge* edge) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) return Corruption("edge: unknown format");
  edge->id = in.String();
  edge->version = Version(in.Varint());
  edge->source = ReadNode(&in);
  edge->target = ReadNode(&in);
  edge->type = in.String();
  const uint8_t flags = in.Byte();
  if (flags & ~kFlagsKnown) return Corruption("edge: unknown flags");
  edge->weight = in.Double();
  ReadScopes(&in, &edge->scopes);
  edge->recorded = Timestamp{in.SignedVarint()};
  edge->memory.reset();
  if (flags & kHasMemory) edge->memory = ReadNode(&in);
  edge->valid_from = ReadTimeIf(flags & kHasValidFrom, &in);
  edge->valid_to = ReadTimeIf(flags & kHasValidTo, &in);
  edge->retired = ReadTimeIf(flags & kIsRetired, &in);
  edge->metadata.clear();
  if (flags & kHasMetadata) ReadObject(&in, &edge->metadata);
  RETURN_IF_ERROR(in.Finish("edge"));
  return flags & kMetadataElsewhere ? EdgeMetadata::kElsewhere : EdgeMetadata::kHere;
}

std::string EncodeEdge(const Edge& edge) { return EncodeEdgeRecord(edge, EdgeMetadata::kHere); }

Result<Edge> DecodeEdge(std::string_view bytes) {
  Edge edge;
  ASSIGN_OR_RETURN(const EdgeMetadata metadata, DecodeEdgeRecord(bytes, &edge));
  if (metadata == EdgeMetadata::kElsewhere) return Corruption("edge: a record by id without its metadata");
  return edge;
}

Hash128 EdgeDigest(const Edge& edge) { return HashBytes128(EncodeEdge(edge)); }

}  // namespace engram
