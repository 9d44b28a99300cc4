// Engram over HTTP with protobuf bodies.
#include <chrono>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "bench/compare/http_connection.h"
#include "bench/compare/server_peer.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/namespace.pb.h"
#include "engram/v1/search.pb.h"

namespace engram::compare {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kProtobuf = "Content-Type: application/x-protobuf\r\nAccept: application/x-protobuf\r\n";
constexpr size_t kLoadBatch = 500;
// What is left unsealed is sealed after 5 s without a write, and nobody tells when that is decided.
constexpr std::chrono::seconds kQuiet{8};
constexpr std::chrono::hours kRestMax{2};
constexpr double kIdleCores = 0.05;

Status ReadHits(std::string_view body, std::vector<uint32_t>* rows) {
  v1::SearchReply reply;
  if (!reply.ParseFromArray(body.data(), static_cast<int>(body.size()))) return Internal("no SearchReply came");
  for (const v1::Hit& hit : reply.hits()) rows->push_back(static_cast<uint32_t>(std::stoul(hit.id())));
  return {};
}

void SetVector(std::span<const float> values, v1::Vector* vector) {
  vector->set_dense_f32(std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
}

// The value of a counter or gauge without labels; 0 when it isn't there.
double GaugeIn(const std::string& metrics, const std::string& name) {
  const size_t at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::strtod(metrics.c_str() + at + name.size() + 2, nullptr);
}

// A tenant is a namespace.
std::string PathOf(const std::string& collection, std::string_view tenant) {
  return tenant.empty() ? "/v1/namespaces/" + collection : fmt::format("/v1/namespaces/{}-{}", collection, tenant);
}

class EngramPeer final : public ServerPeer {
 public:
  explicit EngramPeer(const PeerPlace& place)
      : ServerPeer(place.folder + "/engram", FreePort()),
        binary_(place.engram_binary),
        index_memory_mib_(place.memory_mib / 2) {}

  std::string name() const override { return "engram"; }

  Result<std::string> Version() override {
    ASSIGN_OR_RETURN(const std::string status, HttpCall(port(), HttpRequest("GET", "/v1/status", "", "")));
    const size_t at = status.find("\"version\":\"");
    if (at == std::string::npos) return Internal("/v1/status tells no version: " + status);
    return status.substr(at + 11, status.find('"', at + 11) - at - 11);
  }

  std::vector<Setting> settings() const override {
    return {
        {"protocol", "HTTP/1.1, protobuf", "its binary form; JSON is offered, too"},
        {"--index-memory", fmt::format("{} MiB", index_memory_mib_), "half of what each system may use"},
        {"include", "none", "searches return ids and scores, as the others'"},
        {"history.keep", "none", "the others keep no former versions"},
        {"fusion", fmt::format("relative, {} candidates", kHybridCandidates), "its default"},
        {"fusion.candidates", fmt::format("{} for text or vector alone", kTopK),
         "nothing is fused; by default a leg looks for 100, and no ef below that makes a difference"},
        {"durability", "sync, or buffered where relaxed is said", "sync is the default: fsync before the reply"},
        {"load", fmt::format("batches of {}, each durable", kLoadBatch), "within its limit of 1,000"},
        {"tenants", "a namespace for each", "as its documentation says"},
        {"after the load", "waited until segments are sealed and merged",
         "its steady state; there is no command for it"},
    };
  }

  Status Create(const std::string& collection, const CollectionOptions& options) override {
    if (options.tenants) return {};  // the first write makes a namespace
    v1::NamespaceConfig config;
    (*config.mutable_vectors())["default"].set_dimensions(static_cast<uint32_t>(options.dimensions));
    config.mutable_history()->set_keep("none");
    return HttpCall(port(), HttpRequest("PUT", PathOf(collection, {}), kProtobuf, config.SerializeAsString())).status();
  }

  Status Load(const std::string& collection, const Records& records, size_t connections) override {
    return LoadByWrites(*this, collection, records, connections, kLoadBatch);
  }

  Result<double> Finish(const std::string& collection) override {
    // What nobody has read gets no graph.
    const std::string count =
        HttpRequest("POST", PathOf(collection, {}) + "/memories:count", "Content-Type: application/json\r\n", "{}");
    RETURN_IF_ERROR(HttpCall(port(), count).status());
    const auto begin = Clock::now();
    auto busy_until = begin;
    std::string work;
    for (double cpu = process().cpu_seconds(); Clock::now() < begin + kRestMax;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
      ASSIGN_OR_RETURN(const std::string metrics, HttpCall(port(), HttpRequest("GET", "/metrics", "", "")));
      const std::string now = fmt::format("{} {}", GaugeIn(metrics, "engram_segments_sealed_total"),
                                          GaugeIn(metrics, "engram_segments_merged_total"));
      const double cpu_now = process().cpu_seconds();
      const bool idle =
          cpu_now - cpu < 0.5 * kIdleCores + 0.02 && GaugeIn(metrics, "engram_sealing_jobs") == 0 && now == work;
      if (!idle) busy_until = Clock::now();
      work = now;
      cpu = cpu_now;
      if (Clock::now() > busy_until + kQuiet) return std::chrono::duration<double>(busy_until - begin).count();
    }
    return DeadlineExceeded("engram does not come to rest");
  }

  Prepared PrepareSearch(const std::string& collection, const Query& query) const override {
    v1::SearchRequest request;
    request.set_text(std::string(query.text));
    if (!query.text.empty()) request.set_text_mode("plain");
    if (!query.vector.empty()) SetVector(query.vector, request.mutable_vector());
    if (!query.vector.empty()) request.set_ef(query.ef);
    request.set_top_k(kTopK);
    if (query.text.empty() || query.vector.empty()) request.mutable_fusion()->set_candidates(kTopK);
    request.add_include("none");
    if (query.u_below) {
      v1::Value& field = (*request.mutable_filter()->mutable_object_value()->mutable_members())["metadata.u"];
      (*field.mutable_object_value()->mutable_members())["lt"].set_int_value(*query.u_below);
    }
    return {HttpRequest("POST", PathOf(collection, query.tenant) + "/search", kProtobuf, request.SerializeAsString())};
  }

  Prepared PrepareWrite(const std::string& collection, std::span<const Record> records,
                        Durability durability) const override {
    v1::WriteRequest request;
    for (const Record& record : records) {
      v1::Memory& memory = *request.add_memories();
      memory.set_id(std::to_string(record.row));
      memory.set_text(std::string(record.text));
      SetVector(record.vector, memory.mutable_vector());
      (*memory.mutable_metadata())["u"].set_int_value(record.u);
    }
    const char* asked =
        durability == Durability::kFsync ? "/memories?durability=sync" : "/memories?durability=buffered";
    const std::string_view tenant = records.empty() ? std::string_view() : records.front().tenant;
    return {HttpRequest("POST", PathOf(collection, tenant) + asked, kProtobuf, request.SerializeAsString())};
  }

  Result<std::unique_ptr<Session>> NewSession(const SessionOptions&) const override {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpConnection> connection, HttpConnection::Connect(port()));
    return MakeHttpSession(std::move(connection), {&ReadHits});
  }

 protected:
  std::vector<std::string> Arguments() const override {
    return {binary_,          "serve",
            "--data",         data_folder(),
            "--listen",       fmt::format("127.0.0.1:{}", port()),
            "--index-memory", fmt::format("{}MiB", index_memory_mib_),
            "--no-access-log"};
  }

  Status Probe() override { return HttpCall(port(), HttpRequest("GET", "/readyz", "", "")).status(); }

 private:
  const std::string binary_;
  const size_t index_memory_mib_;
};

}  // namespace

Result<std::unique_ptr<Peer>> MakeEngramPeer(const PeerPlace& place) {
  if (!std::filesystem::exists(place.engram_binary)) return Unavailable("there is no program " + place.engram_binary);
  return std::unique_ptr<Peer>(new EngramPeer(place));
}

}  // namespace engram::compare
