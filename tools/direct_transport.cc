#include "tools/direct_transport.h"

#include <future>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "server/audit_log.h"
#include "server/credential.h"
#include "server/request_context.h"

namespace engram {
namespace {

// Shared with the handler, which may still be returning when its reply is already here.
struct Call {
  Call(HttpRequest request, std::chrono::nanoseconds deadline) : context(Clock::Real(), std::move(request), deadline) {}
  RequestContext context;
  std::promise<Answer> reply;
};

Result<HttpRequest> ToHttp(const WireRequest& wire) {
  ENGRAM_CHECK(!wire.snappy);
  HttpRequest request;
  request.method = wire.method;
  request.target = wire.target;
  request.accept = kProtobufType;
  request.idempotency_key = wire.idempotency_key;
  request.body = wire.body;
  if (!wire.body.empty()) request.content_type = kProtobufType;
  RETURN_IF_ERROR(SplitTarget(&request));
  return request;
}

WireReply ToWire(HttpResponse response) {
  WireReply reply;
  reply.status = response.status;
  reply.content_type = std::move(response.content_type);
  reply.body = std::move(response.body);
  return reply;
}

// Who has the folder may do everything.
Credential OwnerOf(std::optional<TenantId> tenant, const std::string& name) {
  Credential owner;
  if (tenant) owner.tenant = *tenant;
  owner.tenant_name = name;
  owner.rights = UINT8_MAX;
  return owner;
}

class DirectTransport final : public Transport {
 public:
  // Without a tenant only what needs none is done.
  DirectTransport(const OpenedStore& store, std::optional<TenantId> tenant, const std::string& name)
      : store_(store), has_tenant_(tenant.has_value()), owner_(OwnerOf(tenant, name)) {}

  Result<WireReply> Send(const WireRequest& wire, Deadline deadline) override {
    ASSIGN_OR_RETURN(HttpRequest request, ToHttp(wire));
    RouteMatch match;
    RETURN_IF_ERROR(store_.router.Find(request, &match));
    if (!has_tenant_ && match.route->right != Right::kOperate) {
      return NotFound(
          "the tenant \"default\" of this store was dropped: `engram keys tenant add default --data DIR` makes a new "
          "one");
    }
    if (match.route->right == Right::kOperate) RETURN_IF_ERROR(store_.audit->CheckWritable());
    const auto left = deadline - std::chrono::steady_clock::now();
    const auto call = std::make_shared<Call>(std::move(request), Clock::Real().Monotonic() + left);
    call->context.SetCredential(owner_);
    call->context.SetRoute(match.route->pattern, std::move(match.path_parameters));
    RETURN_IF_ERROR(call->context.ReadParameters(match.route->query));
    auto reply = call->reply.get_future();
    match.route->handler(call->context, [call](Answer answer) { call->reply.set_value(std::move(answer)); });
    HttpResponse response = ResponseOf(reply.get());
    if (call->context.audit_note()) {
      // As a server does: what could not be written is in the log, and the next change of access is refused.
      (void)store_.audit->Append(AuditEntryOf(call->context, "local", response.status));
    }
    return ToWire(std::move(response));
  }

 private:
  const OpenedStore& store_;
  const bool has_tenant_;
  const Credential owner_;
};

}  // namespace

std::unique_ptr<Transport> NewDirectTransport(const OpenedStore& store) {
  return std::make_unique<DirectTransport>(store, store.tenant, kDefaultTenant);
}

Result<std::unique_ptr<Transport>> NewDirectTransport(const OpenedStore& store, const std::string& tenant) {
  ASSIGN_OR_RETURN(const TenantId id, store.engine->FindTenant(tenant, /*create=*/false));
  return std::unique_ptr<Transport>(std::make_unique<DirectTransport>(store, id, tenant));
}

}  // namespace engram
