#include "server/handlers/store.h"

#include <utility>

#include <fmt/format.h>

#include "engine/backup/open_engine.h"
#include "engine/doctor/verify_jobs.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

constexpr size_t kFindingsShown = 100;
constexpr uint64_t kSampleMax = 1'000'000;
constexpr uint64_t kSampleDefault = 1'000;

const char* NameOf(VerifyJobState::Phase phase) {
  switch (phase) {
    case VerifyJobState::Phase::kIdle: return "idle";
    case VerifyJobState::Phase::kRunning: return "running";
    case VerifyJobState::Phase::kDone: return "done";
    case VerifyJobState::Phase::kFailed: return "failed";
    case VerifyJobState::Phase::kCancelled: return "cancelled";
  }
  return "";
}

const char* NameOf(DoctorDepth depth) {
  switch (depth) {
    case DoctorDepth::kQuick: return "quick";
    case DoctorDepth::kSample: return "sample";
    case DoctorDepth::kFull: return "full";
  }
  return "";
}

Result<DoctorDepth> ParseDepth(const std::string& name) {
  if (name.empty() || name == "full") return DoctorDepth::kFull;
  if (name == "sample") return DoctorDepth::kSample;
  if (name == "quick") return DoctorDepth::kQuick;
  return InvalidArgument("full, sample or quick").At("depth");
}

void FromFinding(const Finding& finding, v1::StoreFinding* out) {
  out->set_kind(std::string(FindingKindName(finding.kind)));
  out->set_tenant(finding.tenant.value);
  out->set_namespace_(finding.ns.value);
  out->set_name(finding.name);
  out->set_place(finding.place);
  out->set_expected(finding.expected);
  out->set_found(finding.found);
  out->set_advice(std::string(RepairAdvice(RepairWayOf(finding.kind))));
}

v1::VerifyJob ToVerifyJob(const VerifyJobs& jobs) {
  const VerifyJobState state = jobs.state();
  v1::VerifyJob job;
  job.set_state(NameOf(state.phase));
  if (state.phase != VerifyJobState::Phase::kIdle) {
    FromTimestamp(state.started_at, job.mutable_started_at());
    job.set_depth(NameOf(state.target.depth));
  }
  if (state.ended_at) FromTimestamp(*state.ended_at, job.mutable_ended_at());
  job.set_namespaces(state.report.namespaces);
  job.set_memories(state.report.memories);
  job.set_files(state.report.files);
  job.set_file_bytes(state.report.file_bytes);
  job.set_findings(state.report.findings.count());
  for (const Finding& finding : state.report.findings.kept()) {
    if (static_cast<size_t>(job.first_size()) == kFindingsShown) break;
    FromFinding(finding, job.add_first());
  }
  job.set_error(state.error);
  const VerifySampling sampling = jobs.sampling();
  v1::VerifySampling& out = *job.mutable_sampling();
  out.set_namespaces(sampling.namespaces);
  out.set_memories(sampling.memories);
  out.set_findings(sampling.findings);
  out.set_rounds(sampling.rounds);
  return job;
}

Result<VerifyJobs*> VerifyJobsOf(const Service& service) {
  if (service.verify == nullptr) return FailedPrecondition("a folder is verified by `engram verify --data`");
  return service.verify;
}

}  // namespace

Result<v1::StoreInfo> DescribeStore(Service& service, RequestContext& /*context*/, NoBody& /*request*/) {
  const BackupSource& source = BackupSourceOf(service.engine);
  v1::StoreInfo info;
  ASSIGN_OR_RETURN(*info.mutable_identity(), source.Identity());
  ASSIGN_OR_RETURN(const uint64_t erasures, source.CountErasures());
  info.set_erasures(erasures);
  info.set_damaged_namespaces(static_cast<uint32_t>(LiveStoreOf(service.engine).damaged()));
  return info;
}

Result<v1::VerifyJob> PostVerify(Service& service, RequestContext& context, v1::VerifyStoreRequest& request) {
  ASSIGN_OR_RETURN(VerifyJobs* const jobs, VerifyJobsOf(service));
  context.Audit("verify.start");
  VerifyTarget target;
  ASSIGN_OR_RETURN(target.depth, ParseDepth(request.depth()));
  if (request.sample() > 0 && target.depth != DoctorDepth::kSample) {
    return InvalidArgument("only with the depth \"sample\"").At("sample");
  }
  if (request.sample() > kSampleMax) return InvalidArgument(fmt::format("{} at most", kSampleMax)).At("sample");
  target.sample = request.sample() == 0 ? kSampleDefault : request.sample();
  if (request.tenant().empty() && !request.namespace_().empty()) {
    return InvalidArgument("a namespace is one of a tenant's").At("tenant");
  }
  if (!request.tenant().empty()) {
    ASSIGN_OR_RETURN(const TenantInfo tenant, service.engine.DescribeTenant(request.tenant()));
    target.tenant = tenant.record.id;
  }
  if (!request.namespace_().empty()) {
    ASSIGN_OR_RETURN(target.ns, service.engine.FindNamespace({*target.tenant, request.namespace_()}));
  }
  RETURN_IF_ERROR(jobs->Start(target));
  return ToVerifyJob(*jobs);
}

Result<v1::VerifyJob> GetVerify(Service& service, RequestContext& /*context*/, NoBody& /*request*/) {
  ASSIGN_OR_RETURN(const VerifyJobs* const jobs, VerifyJobsOf(service));
  return ToVerifyJob(*jobs);
}

Result<v1::VerifyJob> CancelVerify(Service& service, RequestContext& context, NoBody& /*request*/) {
  ASSIGN_OR_RETURN(VerifyJobs* const jobs, VerifyJobsOf(service));
  context.Audit("verify.cancel");
  jobs->Cancel();
  return ToVerifyJob(*jobs);
}

}  // namespace engram
