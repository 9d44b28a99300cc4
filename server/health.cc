#include "server/health.h"

#include <utility>

#include "server/server_state.h"

namespace engram {
namespace {

HttpResponse Text(int status, std::string body) { return {status, std::string(kTextType), std::move(body), {}}; }

HttpResponse Readiness(const ServerState& state) {
  if (state.draining) return Text(503, "draining\n");
  if (state.open == nullptr) return Text(503, "opening\n");
  return Text(200, "ready\n");
}

Gauge QueueDepth(const ServerState& state) {
  return {
      "engram_http_queued_requests", "Requests waiting for a worker", static_cast<double>(state.workers.queued()), {}};
}

}  // namespace

void AddHealthRoutes(ServerState& state, Router* router) {
  router->Add({.method = "GET",
               .pattern = "/healthz",
               .right = Right::kNone,
               .cost = Cost::kCheap,
               .query = {},
               .handler = [](RequestContext&, const Respond& respond) { respond(Text(200, "ok\n")); }});
  router->Add({.method = "GET",
               .pattern = "/readyz",
               .right = Right::kNone,
               .cost = Cost::kCheap,
               .query = {},
               .handler = [&state](RequestContext&, const Respond& respond) { respond(Readiness(state)); }});
}

void AddMetricsRoute(ServerState& state, Router* router) {
  router->Add({.method = "GET",
               .pattern = "/metrics",
               .right = Right::kMetrics,
               .cost = Cost::kHeavy,
               .query = {},
               .handler = [&state](RequestContext&, const Respond& respond) {
                 std::vector<Gauge> gauges;
                 if (state.options.gauges) gauges = state.options.gauges();
                 gauges.push_back(QueueDepth(state));
                 if (state.tls != nullptr) {
                   for (Gauge& gauge : state.tls->Gauges()) gauges.push_back(std::move(gauge));
                 }
                 HttpResponse response = Text(200, state.metrics.Render(gauges));
                 response.content_type = "text/plain; version=0.0.4; charset=utf-8";
                 respond(std::move(response));
               }});
}

}  // namespace engram
