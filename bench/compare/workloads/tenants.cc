// Many tenants with few memories each, in the form that each system recommends; searches go to tenants at random.
#include <random>

#include <fmt/format.h>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

constexpr size_t kRowsOfEach = 20;

std::string TenantOf(size_t number) { return fmt::format("t{}", number); }

// kRowsOfEach rows for each tenant, in one request a tenant.
Status Fill(const Bench& bench, const Peer& peer, const std::string& collection, size_t tenants) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, peer.NewSession({}));
  for (size_t tenant = 0; tenant < tenants; ++tenant) {
    const std::string name = TenantOf(tenant);
    std::vector<Record> records;
    for (size_t i = 0; i < kRowsOfEach; ++i) {
      records.push_back(CopyOf(bench.data, static_cast<uint32_t>(tenant * kRowsOfEach + i)));
      records.back().tenant = name;
    }
    const Status status = session->Exchange(peer.PrepareWrite(collection, records, Durability::kFsync));
    if (!status.ok()) return Internal(fmt::format("tenant {}: {}", name, status.message()));
  }
  return {};
}

void CompareTenants(Bench& bench, size_t tenants) {
  const size_t connections = bench.options.connections.back();
  const Parameters parameters = {{"tenants", static_cast<double>(tenants)},
                                 {"connections", static_cast<double>(connections)}};
  const std::string collection = fmt::format("of{}tenants", tenants);
  std::mt19937_64 random(tenants);
  std::vector<std::string> names;
  SearchLoad load{.collection = collection, .connections = connections};
  for (size_t i = 0; i < 2000; ++i) names.push_back(TenantOf(random() % tenants));
  for (size_t i = 0; i < names.size(); ++i) {
    load.queries.push_back({.vector = bench.data.QueryVector(i), .tenant = names[i]});
  }
  for (const std::unique_ptr<Peer>& peer : bench.peers) {
    const Point point{"tenants", peer->name(), bench.data.name(), parameters};
    const auto begin = std::chrono::steady_clock::now();
    Status status = peer->Create(collection, {.dimensions = bench.data.dimensions(), .tenants = true});
    if (status.ok()) status = Fill(bench, *peer, collection, tenants);
    if (!status.ok()) {
      bench.results.AddMissing(peer->name(), "tenants", status);
      continue;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    bench.results.Add(point, "rows_per_s", "1/s", static_cast<double>(tenants * kRowsOfEach) / seconds);
  }
  const Apart apart(bench);
  InTurn(bench, "tenants", [&](Peer& peer) -> Status {
    const Point point{"tenants", peer.name(), bench.data.name(), parameters};
    RETURN_IF_ERROR(MeasureSearches(bench, peer, point, load, &bench.results));
    bench.results.Add(point, "resident_bytes", "B", static_cast<double>(peer.process().figures().resident_bytes()));
    return {};
  });
  SayMedians(bench, "tenants", parameters);
}

}  // namespace

void RunTenants(Bench& bench) {
  for (const size_t tenants : bench.options.tenants) CompareTenants(bench, tenants);
}

}  // namespace engram::compare
