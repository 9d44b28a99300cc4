// reply  := 3 request_hash:u64 time:signed open:u8 refusal? namespace:varint position:varint changed:varint
//           #results (id:string version:varint outcome:u8)* memory? run? node? info?
// refusal := code:u8 applied:u8 message:string field:string #details (key:string value:string)* #quoted_ids string*
// memory := id:string version:varint content:string attributes:string state:string hash:16?
// run    := string, a run row         node := id:string, entity:string         info := head:string counters:string
// refusal? and the like: u8 0, or 1 and it
#include "engine/write/reply_row.h"

#include "base/coding.h"
#include "engine/engine.h"
#include "engine/rows.h"

namespace engram {
namespace {

constexpr char kFormat = 3;

void AppendFlag(std::string* out, bool flag) { out->push_back(flag ? 1 : 0); }

void AppendRefusal(std::string* out, const Status& status, const std::vector<std::string>& quoted_ids) {
  AppendFlag(out, !status.ok());
  if (status.ok()) return;
  out->push_back(static_cast<char>(status.code()));
  out->push_back(static_cast<char>(status.applied()));
  AppendString(out, status.message());
  AppendString(out, status.field());
  AppendVarint(out, status.details().size());
  for (const auto& [key, value] : status.details()) {
    AppendString(out, key);
    AppendString(out, value);
  }
  AppendVarint(out, quoted_ids.size());
  for (const std::string& id : quoted_ids) AppendString(out, id);
}

void ReadRefusal(ByteReader* in, StoredReply* reply) {
  if (in->Byte() == 0) return;
  const auto code = static_cast<StatusCode>(in->Byte());
  const auto applied = static_cast<Applied>(in->Byte());
  std::string message(in->String());
  std::string field(in->String());
  if (code == StatusCode::kOk) return in->Fail();
  Status status = Status(code, std::move(message)).At(std::move(field)).MarkApplied(applied);
  for (size_t n = in->Count(2); n > 0; --n) {
    std::string key(in->String());
    status = std::move(status).With(std::move(key), std::string(in->String()));
  }
  reply->result.status = std::move(status);
  for (size_t n = in->Count(1); n > 0; --n) reply->quoted_ids.emplace_back(in->String());
}

void AppendMemory(std::string* out, const Memory* memory) {
  AppendFlag(out, memory != nullptr);
  if (memory == nullptr) return;
  AppendString(out, memory->id);
  AppendVarint(out, memory->version.value);
  AppendString(out, EncodeContent(NodeNumber(), memory->content));
  AttributeRow attributes;
  attributes.attributes = memory->attributes;
  AppendString(out, EncodeAttributes(attributes));
  AppendString(out, EncodeState(memory->state));
  AppendFlag(out, memory->hash.has_value());
  if (!memory->hash) return;
  AppendFixed64(out, memory->hash->low);
  AppendFixed64(out, memory->hash->high);
}

Result<std::shared_ptr<const Memory>> ReadMemory(ByteReader* in) {
  if (in->Byte() == 0) return std::shared_ptr<const Memory>();
  auto memory = std::make_shared<Memory>();
  memory->id = in->String();
  memory->version = Version(in->Varint());
  Include everything;
  everything.vectors = true;
  NodeNumber node;
  RETURN_IF_ERROR(DecodeContent(in->String(), everything, &node, &memory->content));
  ASSIGN_OR_RETURN(AttributeRow attributes, DecodeAttributes(in->String()));
  memory->attributes = std::move(attributes.attributes);
  ASSIGN_OR_RETURN(memory->state, DecodeState(in->String()));
  if (in->Byte() != 0) {
    Hash128 hash;
    hash.low = in->Fixed64();
    hash.high = in->Fixed64();
    memory->hash = hash;
  }
  return std::shared_ptr<const Memory>(std::move(memory));
}

void AppendRun(std::string* out, const Run* run) {
  AppendFlag(out, run != nullptr);
  if (run == nullptr) return;
  RunRow row;
  row.scopes = run->scopes;
  row.metadata = run->metadata;
  row.ttl_seconds = run->ttl_seconds;
  row.created_at = run->created_at;
  row.last_activity = run->last_activity;
  row.expires_at = run->expires_at;
  row.memories = run->memories;
  AppendString(out, EncodeRun(row));
}

void AppendNode(std::string* out, const Node* node) {
  AppendFlag(out, node != nullptr);
  if (node == nullptr) return;
  AppendString(out, node->id);
  AppendString(out, EncodeNode(*node));
}

void AppendInfo(std::string* out, const NamespaceInfo* info) {
  AppendFlag(out, info != nullptr);
  if (info == nullptr) return;
  NamespaceCounters counters;
  counters.position = info->position;
  counters.memories = info->memories;
  counters.edges = info->edges;
  counters.nodes = info->nodes;
  counters.runs = info->runs;
  counters.former_versions = info->former_versions;
  counters.bytes = info->bytes;
  counters.memories_digest = info->memories_digest;
  counters.edges_digest = info->edges_digest;
  counters.nodes_digest = info->nodes_digest;
  AppendString(out, EncodeHead({info->name, info->created_at, info->config}));
  AppendString(out, EncodeCounters(counters));
}

Status ReadShown(ByteReader* in, MutationResult* result) {
  ASSIGN_OR_RETURN(result->memory, ReadMemory(in));
  if (in->Byte() != 0) {
    ASSIGN_OR_RETURN(RunRow row, DecodeRun(in->String()));
    result->run = std::make_shared<const Run>(AsRun(std::move(row)));
  }
  if (in->Byte() != 0) {
    std::string id(in->String());
    ASSIGN_OR_RETURN(Node node, DecodeNode(in->String()));
    node.id = std::move(id);
    result->node = std::make_shared<const Node>(std::move(node));
  }
  if (in->Byte() != 0) {
    ASSIGN_OR_RETURN(NamespaceHead head, DecodeHead(in->String()));
    ASSIGN_OR_RETURN(const NamespaceCounters counters, DecodeCounters(in->String()));
    result->namespace_info = std::make_shared<const NamespaceInfo>(AsNamespaceInfo(std::move(head), counters));
  }
  return {};
}

}  // namespace

std::string EncodeReply(const StoredReply& reply) {
  const MutationResult& result = reply.result;
  std::string out(1, kFormat);
  AppendFixed64(&out, reply.request_hash);
  AppendSignedVarint(&out, reply.time.micros);
  AppendFlag(&out, reply.open);
  AppendRefusal(&out, result.status, reply.quoted_ids);
  AppendVarint(&out, result.namespace_id.value);
  AppendVarint(&out, result.position.value);
  AppendVarint(&out, result.changed);
  AppendVarint(&out, result.results.size());
  for (const OperationResult& one : result.results) {
    AppendString(&out, one.id);
    AppendVarint(&out, one.version.value);
    out.push_back(static_cast<char>(one.outcome));
  }
  AppendMemory(&out, result.memory.get());
  AppendRun(&out, result.run.get());
  AppendNode(&out, result.node.get());
  AppendInfo(&out, result.namespace_info.get());
  return out;
}

Result<StoredReply> DecodeReply(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  StoredReply reply;
  MutationResult& result = reply.result;
  reply.request_hash = in.Fixed64();
  reply.time = {in.SignedVarint()};
  reply.open = in.Byte() != 0;
  ReadRefusal(&in, &reply);
  result.namespace_id = NamespaceId(static_cast<uint32_t>(in.Varint()));
  result.position = Position(in.Varint());
  result.changed = in.Varint();
  result.results.resize(in.Count(3));
  for (OperationResult& one : result.results) {
    one.id = in.String();
    one.version = Version(in.Varint());
    one.outcome = static_cast<Outcome>(in.Byte());
  }
  if (in.ok()) RETURN_IF_ERROR(ReadShown(&in, &result));
  RETURN_IF_ERROR(in.Finish("stored reply"));
  return reply;
}

}  // namespace engram
