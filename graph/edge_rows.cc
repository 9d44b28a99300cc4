#include "graph/edge_rows.h"

#include "base/coding.h"
#include "base/value_coding.h"
#include "graph/edge_encoding.h"
#include "graph/edge_store.h"

// Keys inside a namespace (integers big-endian, strings as AppendKeyString writes them):
//
//   by id      := 'E' state:u8 id:string [version:u64]                                -> edge
//   by source  := 'e' source:u32 state:u8 type:string target:u32 id:string [version:u64] -> mirror
//   by target  := 'f' target:u32 state:u8 type:string source:u32 id:string [version:u64] -> mirror
//   by memory  := 'm' memory:u32 state:u8 id:string [version:u64]                      -> nothing
//   state      := 0 current, without a version, as an id has one current version
//               | 1 retired, with its version
//   edge       := EncodeEdge (edge_encoding.cc)
//   mirror     := edge, its metadata left in the row by id when that takes more than 512 bytes
//
// The state stands before everything that orders, so listing what is current at a node never steps over what
// was; a rewrite between the same ends overwrites its rows in place and leaves no tombstones.
//
// Mirrors carry the record because a walk reads a node with one scan: about 16 us for 20 edges, against 70 us more
// for 20 lookups by reference. That writes small records three times; large metadata, which few walks look at, once.
// Never renumber.

namespace engram {
namespace {

constexpr char kById = 'E';
constexpr char kBySource = 'e';
constexpr char kByTarget = 'f';
constexpr char kByMemory = 'm';
constexpr size_t kMirroredMetadataBytesMax = 512;

std::string NodePrefix(char kind, NodeNumber node, EdgeState state) {
  std::string key(1, kind);
  AppendKey32(&key, node.value);
  key.push_back(static_cast<char>(state));
  return key;
}

EdgeState StateOf(const Edge& edge) { return edge.retired ? EdgeState::kRetired : EdgeState::kCurrent; }

void AppendIdentity(std::string* key, const Edge& edge) {
  AppendKeyString(key, edge.id);
  if (edge.retired) AppendKey64(key, edge.version.value);
}

std::string MirrorKey(std::string prefix, NodeNumber other, const Edge& edge) {
  AppendKeyString(&prefix, edge.type);
  AppendKey32(&prefix, other.value);
  AppendIdentity(&prefix, edge);
  return prefix;
}

std::string KeyById(const Edge& edge) {
  std::string key = EdgesByIdPrefix(StateOf(edge));
  AppendIdentity(&key, edge);
  return key;
}

std::string KeyBySource(const Edge& edge) {
  return MirrorKey(EdgesFromPrefix(edge.source, StateOf(edge)), edge.target, edge);
}

std::string KeyByTarget(const Edge& edge) {
  return MirrorKey(EdgesToPrefix(edge.target, StateOf(edge)), edge.source, edge);
}

std::string KeyByMemory(const Edge& edge) {
  std::string key = EdgesBroughtPrefix(*edge.memory, StateOf(edge));
  AppendIdentity(&key, edge);
  return key;
}

std::string EncodeMirror(const Edge& edge, const std::string& record) {
  if (record.size() <= kMirroredMetadataBytesMax || edge.metadata.empty()) return record;
  std::string metadata;
  AppendObject(&metadata, edge.metadata);
  if (metadata.size() <= kMirroredMetadataBytesMax) return record;
  return EncodeEdgeRecord(edge, EdgeMetadata::kElsewhere);
}

}  // namespace

std::string EdgesByIdPrefix(EdgeState state) { return {kById, static_cast<char>(state)}; }
std::string EdgesFromPrefix(NodeNumber source, EdgeState state) { return NodePrefix(kBySource, source, state); }
std::string EdgesToPrefix(NodeNumber target, EdgeState state) { return NodePrefix(kByTarget, target, state); }
std::string EdgesBroughtPrefix(NodeNumber memory, EdgeState state) { return NodePrefix(kByMemory, memory, state); }

std::string CurrentEdgeKey(std::string_view id) {
  std::string key = EdgesByIdPrefix(EdgeState::kCurrent);
  AppendKeyString(&key, id);
  return key;
}

std::string RetiredEdgesPrefix(std::string_view id) {
  std::string key = EdgesByIdPrefix(EdgeState::kRetired);
  AppendKeyString(&key, id);
  return key;
}

void PutEdgeRows(const Edge& edge, KvBatch& batch) {
  const std::string record = EncodeEdge(edge);
  const std::string mirror = EncodeMirror(edge, record);
  batch.Put(KeyById(edge), record);
  batch.Put(KeyBySource(edge), mirror);
  batch.Put(KeyByTarget(edge), mirror);
  if (edge.memory) batch.Put(KeyByMemory(edge), "");
}

void DeleteEdgeRows(const Edge& edge, KvBatch& batch) {
  batch.Delete(KeyById(edge));
  batch.Delete(KeyBySource(edge));
  batch.Delete(KeyByTarget(edge));
  if (edge.memory) batch.Delete(KeyByMemory(edge));
}

Status ReadEdgeRow(const KvReader& reader, std::string_view value, Edge* edge) {
  ASSIGN_OR_RETURN(const EdgeMetadata metadata, DecodeEdgeRecord(value, edge));
  if (metadata == EdgeMetadata::kHere) return {};
  ASSIGN_OR_RETURN(const std::optional<std::string> whole, reader.Get(KeyById(*edge)));
  if (!whole) return Corruption("edge: no row by id for a row by its end");
  ASSIGN_OR_RETURN(*edge, DecodeEdge(*whole));
  return {};
}

}  // namespace engram
