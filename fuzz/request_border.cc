#include "fuzz/request_border.h"

#include <string>

#include "base/check.h"
#include "base/clock.h"
#include "base/coding.h"
#include "engine/canonical.h"
#include "engram/v1/admin.pb.h"
#include "engram/v1/graph.pb.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"
#include "server/handlers/convert_admin.h"
#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_import.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_namespace.h"
#include "server/handlers/convert_run.h"
#include "server/handlers/convert_search.h"
#include "server/handlers/convert_update.h"
#include "server/position_token.h"
#include "server/uuid.h"

namespace engram {
namespace {

constexpr Timestamp kNow{1'700'000'000'000'000};

const RequestLimits& Limits() {
  static const RequestLimits limits;
  return limits;
}

MemoryBorder Border(bool may_import) { return {.limits = Limits(), .may_import = may_import}; }

UuidSource& Uuids() {
  static UuidSource uuids(Clock::Real());
  return uuids;
}

void CheckStorable(const WriteMemory& write) {
  std::string bytes;
  AppendContent(&bytes, write.content);
  ByteReader in(bytes);
  Content content;
  ENGRAM_CHECK(ReadContent(&in, true, &content) && in.empty());
  std::string again;
  AppendContent(&again, content);
  ENGRAM_CHECK(again == bytes);
  std::string attributes;
  AppendAttributes(&attributes, write.attributes);
  ByteReader reader(attributes);
  Attributes read;
  ENGRAM_CHECK(ReadAttributes(&reader, &read) && reader.empty() && read.scopes == write.attributes.scopes);
}

Status Convert(const v1::WriteRequest& request) {
  for (const bool may_import : {false, true}) {
    for (const v1::Memory& memory : request.memories()) {
      ASSIGN_OR_RETURN(const WriteMemory write, ToWriteMemory(memory, Border(may_import), Uuids()));
      CheckStorable(write);
    }
    for (const v1::Node& node : request.nodes()) RETURN_IF_ERROR(ToWriteNode(node, Limits(), may_import).status());
    for (const v1::Edge& edge : request.edges()) RETURN_IF_ERROR(ToWriteEdge(edge, Limits(), may_import).status());
    for (const v1::Run& run : request.runs()) {
      RETURN_IF_ERROR(ToWriteRun(run.run_id(), run, Border(may_import)).status());
    }
  }
  for (const v1::Memory& memory : request.tombstones()) {
    RETURN_IF_ERROR(ToWriteTombstone(memory, Border(true), Uuids()).status());
  }
  return request.has_import() ? ToImportProgress(request.import()).status() : Status();
}

Status Convert(const v1::MemoryPatch& request) { return ToPatchMemory("id", request, Limits()).status(); }
Status Convert(const v1::UpdateRequest& request) {
  RETURN_IF_ERROR(
      ToSelection(request.ids(), request.has_filter() ? &request.filter() : nullptr, ParseFilter, Limits()).status());
  return ToUpdateMemory(request, Limits()).status();
}
Status Convert(const v1::ListRequest& request) {
  RETURN_IF_ERROR(ToFilter(request.filter()).status());
  RETURN_IF_ERROR(DecodeCursor(request.cursor()).status());
  return ToInclude(request.include()).status();
}
Status Convert(const v1::CountRequest& request) { return ToFilter(request.filter()).status(); }
Status Convert(const v1::FacetRequest& request) { return ToFilter(request.filter()).status(); }
Status Convert(const v1::GetRequest& request) { return ToDistinctIds(request.ids(), Limits()).status(); }
Status Convert(const v1::Run& request) { return ToWriteRun("run", request, Border(false)).status(); }
Status Convert(const v1::NamespaceConfig& request) {
  ASSIGN_OR_RETURN(const NamespaceConfig config, ToNamespaceConfig(request));
  return CheckConfig(config);
}
Status Convert(const v1::NamespacePatch& request) { return ToNamespacePatch(request).status(); }
Status Convert(const v1::SearchRequest& request) { return ToSearchRequest(request, Limits()).status(); }
Status Convert(const v1::SearchBatchRequest& request) {
  for (const v1::SearchRequest& search : request.searches()) RETURN_IF_ERROR(Convert(search));
  return {};
}
Status Convert(const v1::ListEdgesRequest& request) { return ToEdgeListQuery(request, Limits()).status(); }
Status Convert(const v1::ExpandRequest& request) { return ToWalk(request, Limits()).status(); }
Status Convert(const v1::PathRequest& request) { return ToWalk(request, Limits()).status(); }
Status Convert(const v1::RankRequest& request) { return ToWalk(request, Limits()).status(); }
Status Convert(const v1::CreateTenantRequest& request) { return ToTenantLimits(request.limits()).status(); }
Status Convert(const v1::PatchTenantRequest& request) { return ToTenantLimitsPatch(request).status(); }
Status Convert(const v1::CreateKeyRequest& request) { return ToApiKey(request, kNow, Limits()).status(); }

// True when it was one of these types.
template <class... Types>
bool ConvertOneOf(const google::protobuf::Message& request, Status* status) {
  const auto convert = [&](const auto* typed) {
    if (typed == nullptr) return false;
    *status = Convert(*typed);
    return true;
  };
  return (convert(dynamic_cast<const Types*>(&request)) || ...);
}

}  // namespace

bool IsCallersMistake(StatusCode code) {
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kUnprocessable:
    case StatusCode::kPayloadTooLarge:
    case StatusCode::kPermissionDenied: return true;
    default: return false;
  }
}

Status ConvertRequest(const google::protobuf::Message& request) {
  Status status;
  ConvertOneOf<v1::WriteRequest, v1::MemoryPatch, v1::UpdateRequest, v1::ListRequest, v1::CountRequest,
               v1::FacetRequest, v1::GetRequest, v1::Run, v1::NamespaceConfig, v1::NamespacePatch, v1::SearchRequest,
               v1::SearchBatchRequest, v1::ListEdgesRequest, v1::ExpandRequest, v1::PathRequest, v1::RankRequest,
               v1::CreateTenantRequest, v1::PatchTenantRequest, v1::CreateKeyRequest>(request, &status);
  ENGRAM_CHECK(status.ok() || IsCallersMistake(status.code()));
  return status;
}

}  // namespace engram
