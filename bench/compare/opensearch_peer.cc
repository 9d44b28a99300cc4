// OpenSearch over HTTP with JSON bodies: k-NN by Lucene, text by BM25, both by the hybrid query of neural-search.
#include <fmt/format.h>
#include <simdjson.h>

#include "bench/compare/http_connection.h"
#include "bench/compare/json_text.h"
#include "bench/compare/server_peer.h"

namespace engram::compare {
namespace {

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kLines = "Content-Type: application/x-ndjson\r\n";
constexpr size_t kLoadBatch = 1000;  // 5 MB and more: its documentation's 5 to 15 MB
constexpr const char* kPipeline = "compare";

// {"hits":{"hits":[{"fields":{"row":[7]}},…]}}, or {} without hits.
Status ReadHits(std::string_view body, std::vector<uint32_t>* rows) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::array hits;
  simdjson::dom::element reply;
  if (parser.parse(body.data(), body.size(), false).get(reply) != simdjson::SUCCESS) return Internal("no JSON came");
  if (reply["hits"]["hits"].get(hits) != simdjson::SUCCESS) return {};
  for (const simdjson::dom::element hit : hits) {
    uint64_t row = 0;
    if (hit["fields"]["row"].at(0).get(row) != simdjson::SUCCESS) return Internal("a hit without its row");
    rows->push_back(static_cast<uint32_t>(row));
  }
  return {};
}

// A bulk request whose items fail comes with a good status.
Status CheckBulk(std::string_view body) {
  if (body.find("\"errors\":true") == std::string_view::npos) return {};
  return Internal("items failed: " + std::string(body.substr(0, 1000)));
}

// "{…}" of all conditions that are no question; empty without one.
std::string FilterOf(const Query& query) {
  std::string conditions;
  if (query.u_below) conditions = fmt::format(R"({{"range":{{"u":{{"lt":{}}}}}}})", *query.u_below);
  if (!query.tenant.empty()) {
    if (!conditions.empty()) conditions += ',';
    conditions += fmt::format(R"({{"term":{{"tenant":{}}}}})", Quoted(query.tenant));
  }
  return conditions.empty() ? std::string() : fmt::format(R"({{"bool":{{"filter":[{}]}}}})", conditions);
}

std::string KnnOf(const Query& query, size_t k) {
  std::string knn = R"({"knn":{"vector":{"vector":)";
  AppendFloats(query.vector, &knn);
  knn += fmt::format(R"(,"k":{},"method_parameters":{{"ef_search":{}}})", k, std::max<size_t>(query.ef, k));
  if (const std::string filter = FilterOf(query); !filter.empty()) knn += R"(,"filter":)" + filter;
  return knn + "}}}";
}

std::string MatchOf(const Query& query) {
  const std::string match = fmt::format(R"({{"match":{{"text":{}}}}})", Quoted(query.text));
  const std::string filter = FilterOf(query);
  return filter.empty() ? match : fmt::format(R"({{"bool":{{"must":[{}],"filter":[{}]}}}})", match, filter);
}

class OpenSearchPeer final : public ServerPeer {
 public:
  explicit OpenSearchPeer(const PeerPlace& place)
      : ServerPeer(place.folder + "/opensearch", FreePort()),
        script_(place.peers_scripts + "/opensearch.sh"),
        memory_mib_(place.memory_mib) {}

  std::string name() const override { return "opensearch"; }

  Result<std::string> Version() override {
    ASSIGN_OR_RETURN(const std::string info, Call("GET", "/?filter_path=version.number", ""));
    simdjson::dom::parser parser;
    std::string_view number;
    if (parser.parse(info)["version"]["number"].get(number) != simdjson::SUCCESS) {
      return Internal("it tells no version: " + info);
    }
    return std::string(number) + ", k-NN by Lucene";
  }

  std::vector<Setting> settings() const override {
    return {
        {"protocol", "HTTP/1.1, JSON", "the one it has"},
        {"heap", fmt::format("{} MiB", memory_mib_ / 2),
         "half of what each system may use; the rest is the file cache's"},
        {"shards, replicas", "1, 0", "one machine; the quickest for sets of this size"},
        {"k-NN", "engine lucene, HNSW m 16, ef_construction 200, innerproduct over unit vectors",
         "fp32; inner products spare the norms. The zip has no native libraries for faiss"},
        {"text", "analyzer english, BM25", "sentences in English; the others stem, too"},
        {"searches", "stored_fields _none_, docvalue_fields row, track_total_hits false, filter_path",
         "ids alone are asked for, by its advice for k-NN: no stored field is read, nothing is counted"},
        {"_source", "without the vector", "its advice: it need not be stored twice"},
        {"hybrid",
         fmt::format("normalization-processor min_max, weights .4 and .6, pagination_depth {0}, k {0}",
                     kHybridCandidates),
         "as deep as the others'"},
        {"index.translog.durability", "request, or async where relaxed is said",
         "request is the default: fsync before the reply"},
        {"load", fmt::format("_bulk of {}, refresh_interval -1", kLoadBatch), "its advice for bulk loads"},
        {"refresh_interval", "1s otherwise", "its default"},
        {"tenants", "one index, a keyword field and a filter", "its advice for many small tenants"},
        {"after the load", "_refresh, _forcemerge to one segment", "the quickest to search"},
    };
  }

  // The heap is touched as a whole at the start. Of it, what has grown old counts: the rest is garbage or on its way.
  Result<uint64_t> InUseBytes() override {
    ASSIGN_OR_RETURN(const std::string stats, Call("GET", "/_nodes/stats/jvm", ""));
    simdjson::dom::parser parser;
    simdjson::dom::element all;
    simdjson::dom::object nodes;
    if (parser.parse(stats).get(all) != simdjson::SUCCESS || all["nodes"].get(nodes) != simdjson::SUCCESS) {
      return Internal("no statistics of the JVM: " + stats.substr(0, 300));
    }
    uint64_t committed = 0;
    uint64_t old = 0;
    for (const auto node : nodes) {
      if (node.value["jvm"]["mem"]["heap_committed_in_bytes"].get(committed) != simdjson::SUCCESS ||
          node.value["jvm"]["mem"]["pools"]["old"]["used_in_bytes"].get(old) != simdjson::SUCCESS) {
        return Internal("statistics of the JVM without its heap: " + stats.substr(0, 300));
      }
    }
    const uint64_t resident = process().figures().resident_bytes();
    return resident > committed ? resident - committed + old : old;
  }

  Status Create(const std::string& collection, const CollectionOptions& options) override {
    const std::string body = fmt::format(
        R"({{"settings":{{"index":{{"knn":true,"number_of_shards":1,"number_of_replicas":0,"refresh_interval":"{}",)"
        R"("translog.durability":"{}"}}}},"mappings":{{"dynamic":false,"_source":{{"excludes":["vector"]}},"properties":{{)"
        R"("row":{{"type":"integer"}},"u":{{"type":"integer"}},"tenant":{{"type":"keyword"}},)"
        R"("text":{{"type":"text","analyzer":"english"}},"vector":{{"type":"knn_vector","dimension":{},)"
        R"("space_type":"innerproduct","method":{{"name":"hnsw","engine":"lucene",)"
        R"("parameters":{{"m":16,"ef_construction":200}}}}}}}}}}}})",
        options.bulk ? "-1" : "1s", options.durability == Durability::kFsync ? "request" : "async", options.dimensions);
    RETURN_IF_ERROR(Call("PUT", "/" + collection, body).status());
    const std::string pipeline =
        R"({"phase_results_processors":[{"normalization-processor":{"normalization":{"technique":"min_max"},)"
        R"("combination":{"technique":"arithmetic_mean","parameters":{"weights":[0.4,0.6]}}}}]})";
    return Call("PUT", fmt::format("/_search/pipeline/{}", kPipeline), pipeline).status();
  }

  Status Load(const std::string& collection, const Records& records, size_t connections) override {
    return LoadByWrites(*this, collection, records, connections, kLoadBatch);
  }

  Result<double> Finish(const std::string& collection) override {
    const auto begin = std::chrono::steady_clock::now();
    RETURN_IF_ERROR(Call("POST", "/" + collection + "/_refresh", "").status());
    RETURN_IF_ERROR(Call("POST", "/" + collection + "/_forcemerge?max_num_segments=1", "").status());
    RETURN_IF_ERROR(Call("PUT", "/" + collection + "/_settings", R"({"index":{"refresh_interval":"1s"}})").status());
    RETURN_IF_ERROR(Call("POST", "/" + collection + "/_flush", "").status());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  Prepared PrepareSearch(const std::string& collection, const Query& query) const override {
    const bool hybrid = !query.text.empty() && !query.vector.empty();
    std::string question;
    if (hybrid) {
      question = fmt::format(R"({{"hybrid":{{"pagination_depth":{},"queries":[{},{}]}}}})", kHybridCandidates,
                             MatchOf(query), KnnOf(query, kHybridCandidates));
    } else {
      question = query.text.empty() ? KnnOf(query, kTopK) : MatchOf(query);
    }
    const std::string body = fmt::format(
        R"({{"size":{},"stored_fields":"_none_","docvalue_fields":["row"],"track_total_hits":false,"query":{}}})",
        kTopK, question);
    return {HttpRequest("POST",
                        fmt::format("/{}/_search?filter_path=hits.hits.fields{}", collection,
                                    hybrid ? fmt::format("&search_pipeline={}", kPipeline) : std::string()),
                        kJson, body)};
  }

  Prepared PrepareWrite(const std::string& collection, std::span<const Record> records, Durability) const override {
    std::string lines;
    for (const Record& record : records) {
      if (records.size() > 1) lines += fmt::format("{{\"index\":{{\"_id\":\"{}\"}}}}\n", record.row);
      lines += fmt::format(R"({{"row":{},"u":{},)", record.row, record.u);
      if (!record.tenant.empty()) lines += fmt::format(R"("tenant":{},)", Quoted(record.tenant));
      lines += R"("text":)";
      lines += Quoted(record.text);
      lines += R"(,"vector":)";
      AppendFloats(record.vector, &lines);
      lines += records.size() > 1 ? "}\n" : "}";
    }
    if (records.size() == 1) {
      return {
          HttpRequest("PUT", fmt::format("/{}/_doc/{}?filter_path=result", collection, records[0].row), kJson, lines)};
    }
    return {HttpRequest("POST", "/" + collection + "/_bulk?filter_path=errors,items.*.error.reason", kLines, lines)};
  }

  Result<std::unique_ptr<Session>> NewSession(const SessionOptions&) const override {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpConnection> connection, HttpConnection::Connect(port()));
    return MakeHttpSession(std::move(connection), {&ReadHits, &CheckBulk});
  }

 protected:
  std::vector<std::string> Arguments() const override {
    return {script_, "run", data_folder(), std::to_string(port()), std::to_string(memory_mib_)};
  }

  Status Probe() override { return Call("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s", "").status(); }

 private:
  Result<std::string> Call(std::string_view method, const std::string& path, std::string_view body) const {
    return HttpCall(port(), HttpRequest(method, path, body.empty() ? "" : kJson, body));
  }

  const std::string script_;
  const size_t memory_mib_;
};

}  // namespace

Result<std::unique_ptr<Peer>> MakeOpenSearchPeer(const PeerPlace& place) {
  RETURN_IF_ERROR(Fetch(place.peers_scripts + "/opensearch.sh", place.folder));
  return std::unique_ptr<Peer>(new OpenSearchPeer(place));
}

}  // namespace engram::compare
