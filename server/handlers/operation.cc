#include "server/handlers/operation.h"

#include <algorithm>
#include <utility>

#include "api/json.h"
#include "index/attribute/attribute_index.h"
#include "index/text/text_query.h"
#include "index/vector/distance.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

void FillLimits(const ServiceOptions& options, v1::Limits* out) {
  const RequestLimits& limits = options.limits;
  out->set_body_bytes(options.server_limits.body_bytes);
  out->set_batch_items(limits.batch_items);
  out->set_text_bytes(limits.text_bytes);
  out->set_dimensions(limits.dimensions);
  out->set_top_k(limits.top_k);
  out->set_offset(limits.offset);
  out->set_filter_depth(kFilterDepthMax);
  out->set_attribute_paths(kAttributePathsMax);
  out->set_id_bytes(kIdBytesMax);
  out->set_json_depth(kJsonDepthMax);
  out->set_queue_mutations(options.engine_options.queue_mutations_max);
  out->set_index_memory_bytes(options.engine_options.index_memory_bytes);
  out->set_page_items(limits.page_items);
  out->set_legs(limits.legs);
  out->set_searches(limits.searches);
  out->set_candidates(limits.candidates);
  out->set_seeds(limits.seeds);
  out->set_label_bytes(limits.label_bytes);
  out->set_ttl_seconds(limits.ttl_seconds);
  out->set_bodies_bytes(options.server_limits.bodies_bytes);
  out->set_query_words(kTextQueryWordsMax);
  out->set_weight(kSearchWeightMax);
  out->set_feedback_weight(kFeedbackWeightMax);
  out->set_position_waits(options.engine_options.position_waits_max);
  out->set_position_wait_ms(static_cast<uint64_t>(options.server_limits.position_wait_max.count()));
  out->set_name_bytes(kNameBytesMax);
  out->set_multi_rows(limits.multi_rows);
  out->set_context_window(limits.context_window);
  out->set_group_size(limits.group_size);
  out->set_ef(limits.ef);
}

Status FillNumbers(Service& service, const Credential& credential, v1::StatusReply* reply) {
  if (!credential.May(Right::kMetrics)) {
    // How much others have, or do, is not the business of one tenant.
    ASSIGN_OR_RETURN(const TenantInfo tenant, service.engine.DescribeTenant(credential.tenant_name));
    reply->set_namespaces(tenant.usage.namespaces);
    return {};
  }
  const EngineStatus status = service.engine.Status();
  reply->set_namespaces(status.namespaces);
  reply->set_namespaces_loaded(status.namespaces_loaded);
  reply->set_index_memory_bytes(status.index_memory_bytes);
  reply->set_queued_mutations(status.queued_mutations);
  reply->set_disk_bytes(status.disk_bytes);
  if (status.out_of_space && !service.draining) reply->set_state("disk_full");
  return {};
}

}  // namespace

Result<v1::StatusReply> GetStatus(Service& service, RequestContext& context, NoBody&) {
  const Timestamp now = service.options.clock->Now();
  v1::StatusReply reply;
  reply.set_version(service.options.version);
  reply.set_state(service.draining ? "draining" : "ready");
  FromTimestamp(service.started_at, reply.mutable_started_at());
  reply.set_uptime_seconds(static_cast<uint64_t>(std::max<int64_t>(0, now.micros - service.started_at.micros)) /
                           1'000'000);
  RETURN_IF_ERROR(FillNumbers(service, context.credential(), &reply));
  reply.set_cpu_kernels(std::string(DistanceKernel()));
  FillLimits(service.options, reply.mutable_limits());
  return reply;
}

}  // namespace engram
