// PostgreSQL with pgvector over libpq's binary protocol: HNSW for vectors, tsvector with GIN for text, both joined by
// reciprocal ranks as in pgvector's own example.
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "bench/compare/pg_session.h"
#include "bench/compare/server_peer.h"

namespace engram::compare {
namespace {

// Any of the words, as the others understand a query.
constexpr const char* kAnyWord = "replace(plainto_tsquery('english', $1::text)::text, '&', '|')::tsquery";

// What is compared: the vectors, or halves of them made where they are needed.
std::string Compared(std::string_view what, bool half, size_t dimensions) {
  return half ? fmt::format("({}::halfvec({}))", what, dimensions) : std::string(what);
}

void BuildIndexes(const std::string& table, bool half, size_t dimensions, std::vector<std::string>* sql) {
  sql->push_back(fmt::format("CREATE INDEX ON {} USING hnsw ({} {}) WITH (m = 16, ef_construction = 200)", table,
                             Compared("v", half, dimensions), half ? "halfvec_ip_ops" : "vector_ip_ops"));
  sql->push_back(fmt::format("CREATE INDEX ON {} USING gin (tsv)", table));
  sql->push_back(fmt::format("CREATE INDEX ON {} (u)", table));
}

class PgvectorPeer final : public ServerPeer {
 public:
  PgvectorPeer(const PeerPlace& place, bool half)
      : ServerPeer(place.folder + (half ? "/pgvector-half" : "/pgvector"), FreePort()),
        script_(place.peers_scripts + "/postgres.sh"),
        memory_mib_(place.memory_mib),
        half_(half) {}

  std::string name() const override { return half_ ? "pgvector-half" : "pgvector"; }

  Result<std::string> Version() override {
    ASSIGN_OR_RETURN(const PgConnection connection, ConnectPg(port()));
    RETURN_IF_ERROR(RunPg(connection, "CREATE EXTENSION IF NOT EXISTS vector").status());
    return RunPg(connection,
                 "SELECT extversion || ', PostgreSQL ' || current_setting('server_version') FROM pg_extension "
                 "WHERE extname = 'vector'");
  }

  std::vector<Setting> settings() const override {
    return {
        {"protocol", "libpq, prepared statements, binary parameters and results", "the quickest it has"},
        {"shared_buffers", fmt::format("{} MiB", memory_mib_ / 4), "a quarter of what each system may use, its advice"},
        {"maintenance_work_mem", fmt::format("{} MiB", memory_mib_ / 2),
         "the graph is built in memory, pgvector's advice"},
        {"effective_cache_size", fmt::format("{} MiB", memory_mib_ * 3 / 4), "what the planner may hope for"},
        {"random_page_cost", "1.1", "data on a solid-state disk"},
        {"max_parallel_workers_per_gather", "0", "searches come side by side; one is not spread over processes"},
        {"v", half_ ? "vector, HNSW over v::halfvec (halfvec_ip_ops)" : "vector, HNSW (vector_ip_ops)",
         half_ ? "pgvector's advice for smaller graphs" : "fp32; inner products over unit vectors, pgvector's advice"},
        {"hnsw", "m 16, ef_construction 200", "as the others'"},
        {"hnsw.ef_search", "swept; 100 for hybrid", "as the others' ef"},
        {"hnsw.iterative_scan", "relaxed_order", "pgvector's advice for filters: a walk goes on until enough pass"},
        {"plan_cache_mode", "auto for vectors alone; else force_custom_plan",
         "what a filter or a text leaves decides between indexes"},
        {"jit", "off", "short queries are done before they would be compiled"},
        {"text", "tsvector (english), stored, GIN, ts_rank", "its own full text; it has no BM25"},
        {"hybrid", fmt::format("reciprocal ranks (k 60) over {} of each", kHybridCandidates), "pgvector's own example"},
        {"synchronous_commit", "on, or off where relaxed is said", "on is the default: fsync before the reply"},
        {"load", "COPY in binary form, then indexes", "pgvector's advice"},
        {"tenants", "one table, a column with an index", "pgvector's advice for many small tenants"},
        {"after the load", "VACUUM ANALYZE, CHECKPOINT", "its advice after bulk loads"},
    };
  }

  Status Create(const std::string& collection, const CollectionOptions& options) override {
    std::vector<std::string> sql = {
        "CREATE EXTENSION IF NOT EXISTS vector",
        fmt::format(
            "CREATE TABLE {} (id int PRIMARY KEY, u int NOT NULL, tenant text, text text NOT NULL, v vector({}) NOT "
            "NULL, tsv tsvector GENERATED ALWAYS AS (to_tsvector('english', text)) STORED)",
            collection, options.dimensions)};
    if (options.tenants) sql.push_back(fmt::format("CREATE INDEX ON {} (tenant)", collection));
    dimensions_ = options.dimensions;
    if (!options.bulk) BuildIndexes(collection, half_, dimensions_, &sql);
    return RunAll(sql);
  }

  Status Load(const std::string& collection, const Records& records, size_t connections) override {
    std::vector<Status> outcomes(connections);
    std::vector<std::thread> threads;
    for (size_t worker = 0; worker < connections; ++worker) {
      threads.emplace_back([&, worker] {
        const auto copy = [&]() -> Status {
          ASSIGN_OR_RETURN(const PgConnection connection, ConnectPg(port()));
          return CopyRecords(connection, collection, records, records.size() * worker / connections,
                             records.size() * (worker + 1) / connections);
        };
        outcomes[worker] = copy();
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (Status& outcome : outcomes) RETURN_IF_ERROR(std::move(outcome));
    return {};
  }

  Result<double> Finish(const std::string& collection) override {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::string> sql;
    BuildIndexes(collection, half_, dimensions_, &sql);
    sql.push_back("VACUUM ANALYZE " + collection);
    sql.emplace_back("CHECKPOINT");
    RETURN_IF_ERROR(RunAll(sql));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  Prepared PrepareSearch(const std::string& collection, const Query& query) const override {
    if (query.vector.empty()) return PrepareText(collection, query);
    if (!query.text.empty()) return PrepareHybrid(collection, query);
    Prepared request{"", {PgVector(query.vector)}};
    std::string where;
    if (query.u_below) {
      where = " WHERE u < $2::int";
      request.parameters.push_back(PgInt(static_cast<int32_t>(*query.u_below)));
    }
    if (!query.tenant.empty()) {
      where += fmt::format("{} tenant = ${}::text", where.empty() ? " WHERE" : " AND", request.parameters.size() + 1);
      request.parameters.emplace_back(query.tenant);
    }
    request.bytes = fmt::format("SELECT id FROM {}{} ORDER BY {} <#> {} LIMIT {}", collection, where,
                                Compared("v", half_, query.vector.size()),
                                Compared("$1::vector", half_, query.vector.size()), kTopK);
    return request;
  }

  Prepared PrepareWrite(const std::string& collection, std::span<const Record> records, Durability) const override {
    Prepared request{fmt::format("INSERT INTO {} (id, u, text, v, tenant) VALUES ", collection)};
    for (const Record& record : records) {
      const size_t at = request.parameters.size();
      request.bytes += fmt::format("{}(${}::int, ${}::int, ${}::text, ${}::vector, ${}::text)", at == 0 ? "" : ", ",
                                   at + 1, at + 2, at + 3, at + 4, at + 5);
      request.parameters.push_back(PgInt(static_cast<int32_t>(record.row)));
      request.parameters.push_back(PgInt(static_cast<int32_t>(record.u)));
      request.parameters.emplace_back(record.text);
      request.parameters.push_back(PgVector(record.vector));
      request.parameters.emplace_back(record.tenant);
    }
    return request;
  }

  Result<std::unique_ptr<Session>> NewSession(const SessionOptions& options) const override {
    std::string set =
        fmt::format("SET hnsw.ef_search = {}; SET hnsw.iterative_scan = relaxed_order; SET synchronous_commit = {}",
                    options.ef, options.durability == Durability::kFsync ? "on" : "off");
    if (options.selective) set += "; SET plan_cache_mode = force_custom_plan";
    return MakePgSession(port(), set);
  }

 protected:
  std::vector<std::string> Arguments() const override {
    return {script_, "run", data_folder(), std::to_string(port()), std::to_string(memory_mib_)};
  }

  Status Probe() override {
    ASSIGN_OR_RETURN(const PgConnection connection, ConnectPg(port()));
    return RunPg(connection, "SELECT 1").status();
  }

 private:
  Status RunAll(const std::vector<std::string>& sql) const {
    ASSIGN_OR_RETURN(const PgConnection connection, ConnectPg(port()));
    for (const std::string& statement : sql) RETURN_IF_ERROR(RunPg(connection, statement).status());
    return {};
  }

  static Prepared PrepareText(const std::string& collection, const Query& query) {
    return {fmt::format(
                "SELECT id FROM {}, (SELECT {} AS q) AS asked WHERE tsv @@ q ORDER BY ts_rank(tsv, q) DESC LIMIT {}",
                collection, kAnyWord, kTopK),
            {std::string(query.text)}};
  }

  Prepared PrepareHybrid(const std::string& collection, const Query& query) const {
    Prepared request{"", {std::string(query.text), PgVector(query.vector)}};
    if (query.u_below) request.parameters.push_back(PgInt(static_cast<int32_t>(*query.u_below)));
    request.bytes = fmt::format(
        "WITH near AS (SELECT id, RANK() OVER (ORDER BY {0} <#> {1}) AS rank FROM {2} {3} ORDER BY {0} <#> {1} LIMIT "
        "{4}), "
        "said AS (SELECT id, RANK() OVER (ORDER BY ts_rank(tsv, q) DESC) AS rank "
        "FROM {2}, (SELECT {5} AS q) AS asked WHERE tsv @@ q {6} ORDER BY ts_rank(tsv, q) DESC LIMIT {4}) "
        "SELECT COALESCE(near.id, said.id) FROM near FULL OUTER JOIN said ON near.id = said.id "
        "ORDER BY COALESCE(1.0 / (60 + near.rank), 0.0) + COALESCE(1.0 / (60 + said.rank), 0.0) DESC LIMIT {7}",
        Compared("v", half_, query.vector.size()), Compared("$2::vector", half_, query.vector.size()), collection,
        query.u_below ? "WHERE u < $3::int" : "", kHybridCandidates, kAnyWord, query.u_below ? "AND u < $3::int" : "",
        kTopK);
    return request;
  }

  const std::string script_;
  const size_t memory_mib_;
  const bool half_;
  size_t dimensions_ = 0;  // of all collections
};

Result<std::unique_ptr<Peer>> Make(const PeerPlace& place, bool half) {
  RETURN_IF_ERROR(Fetch(place.peers_scripts + "/postgres.sh", place.folder));
  return std::unique_ptr<Peer>(new PgvectorPeer(place, half));
}

}  // namespace

Result<std::unique_ptr<Peer>> MakePgvectorPeer(const PeerPlace& place) { return Make(place, false); }
Result<std::unique_ptr<Peer>> MakePgvectorHalfPeer(const PeerPlace& place) { return Make(place, true); }

}  // namespace engram::compare
