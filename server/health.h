// /healthz and /readyz, which need no credential, and /metrics, which needs one that may see the whole server.
#pragma once

namespace engram {

class Router;
struct ServerState;

// `state` outlives the routes.
void AddHealthRoutes(ServerState& state, Router* router);
void AddMetricsRoute(ServerState& state, Router* router);

}  // namespace engram
