// mem0 over Qdrant's local mode and SQLite, behind the HTTP server of peers/mem0_server.py: what an agent's memory is
// made of before it moves. It searches by a text and its vector together, and has one collection.
#include <filesystem>

#include <fmt/format.h>
#include <simdjson.h>

#include "bench/compare/http_connection.h"
#include "bench/compare/json_text.h"
#include "bench/compare/server_peer.h"

namespace engram::compare {
namespace {

constexpr const char* kJson = "Content-Type: application/json\r\n";
constexpr const char* kCollection = "memories";
constexpr size_t kLoadBatch = 100;

// {"rows":[7,…]}
Status ReadHits(std::string_view body, std::vector<uint32_t>* rows) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element reply;
  simdjson::dom::array found;
  if (parser.parse(body.data(), body.size(), false).get(reply) != simdjson::SUCCESS ||
      reply["rows"].get(found) != simdjson::SUCCESS) {
    return Internal("no rows came");
  }
  for (const simdjson::dom::element row : found) {
    uint64_t number = 0;
    if (row.get(number) != simdjson::SUCCESS) return Internal("a row that is no number");
    rows->push_back(static_cast<uint32_t>(number));
  }
  return {};
}

class Mem0Peer final : public ServerPeer {
 public:
  explicit Mem0Peer(const PeerPlace& place)
      : ServerPeer(place.folder + "/mem0", FreePort()),
        script_(place.peers_scripts + "/mem0_server.py"),
        dimensions_(place.dimensions) {}

  std::string name() const override { return "mem0"; }

  Result<std::string> Version() override {
    ASSIGN_OR_RETURN(const std::string reply, HttpCall(port(), HttpRequest("GET", "/version", "", "")));
    simdjson::dom::parser parser;
    std::string_view version;
    if (parser.parse(reply)["version"].get(version) != simdjson::SUCCESS) return Internal("no version came: " + reply);
    return std::string(version);
  }

  std::vector<Setting> settings() const override {
    return {
        {"stores", "Qdrant's local mode with a path, SQLite", "its defaults"},
        {"front", "a small HTTP server in the same process, one request at a time",
         "its stores are not safe from threads"},
        {"embedder", "replaced by the vector of each request", "a model costs every system the same"},
        {"add", "infer=False", "the same memories as the others, not a language model's extract"},
        {"search", "its own, by vectors alone", "its word and entity legs fetch a model's files at run time"},
        {"Redis", "none", "a cache before it would answer repeated questions alone"},
    };
  }

  Status Create(const std::string& collection, const CollectionOptions&) override {
    return collection == kCollection ? Status() : FailedPrecondition("it is given one collection only");
  }

  // One at a time is what it does anyway.
  Status Load(const std::string& collection, const Records& records, size_t) override {
    return LoadByWrites(*this, collection, records, 1, kLoadBatch);
  }
  Result<double> Finish(const std::string&) override { return 0; }

  Prepared PrepareSearch(const std::string& collection, const Query& query) const override {
    std::string body = R"({"text":)" + Quoted(query.text);
    body += R"(,"vector":)";
    AppendFloats(query.vector, &body);
    if (query.u_below) body += fmt::format(R"(,"u_below":{})", *query.u_below);
    return {HttpRequest("POST", "/" + collection + "/search", kJson, body + "}")};
  }

  Prepared PrepareWrite(const std::string& collection, std::span<const Record> records, Durability) const override {
    std::string body = R"({"memories":[)";
    for (const Record& record : records) {
      if (&record != records.data()) body += ',';
      body += fmt::format(R"({{"row":{},"u":{},"text":{},"vector":)", record.row, record.u, Quoted(record.text));
      AppendFloats(record.vector, &body);
      body += '}';
    }
    return {HttpRequest("POST", "/" + collection + "/add", kJson, body + "]}")};
  }

  Result<std::unique_ptr<Session>> NewSession(const SessionOptions&) const override {
    ASSIGN_OR_RETURN(std::unique_ptr<HttpConnection> connection, HttpConnection::Connect(port()));
    return MakeHttpSession(std::move(connection), {&ReadHits});
  }

 protected:
  std::vector<std::string> Arguments() const override {
    return {script_, "run", data_folder(), std::to_string(port()), std::to_string(dimensions_)};
  }
  Status Probe() override { return HttpCall(port(), HttpRequest("GET", "/version", "", "")).status(); }

 private:
  const std::string script_;
  const size_t dimensions_;
};

}  // namespace

Result<std::unique_ptr<Peer>> MakeMem0Peer(const PeerPlace& place) {
  RETURN_IF_ERROR(Fetch(place.peers_scripts + "/mem0_server.py", place.folder));
  return std::unique_ptr<Peer>(new Mem0Peer(place));
}

}  // namespace engram::compare
