// A stand-in for a Qdrant server, of which no package registry has a binary: it answers what an import asks, and takes
// what a push-back writes, with the JSON that Qdrant's documentation shows (https://api.qdrant.tech), out of points
// held in memory.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/tools/stub_server.h"
#include "tools/import/point_store.h"

namespace engram {

class QdrantStub {
 public:
  // Before each answer, from the server's thread; a reply takes the place of the stub's own. May change the points.
  using Hook = std::function<std::optional<StubReply>(const StubRequest& request)>;

  // `api_key` empty: none is asked for. `tls_folder`: see StubServer.
  explicit QdrantStub(std::string api_key = "", const std::string& tls_folder = "");

  std::string url() const { return server_.url(); }
  // "POST /collections/notes/points/scroll" and so on, as they came.
  std::vector<std::string> Requests();
  std::vector<StubRequest> WholeRequests() { return server_.requests(); }
  size_t Requests(const std::string& containing);

  // `params`: what GET /collections/{name} has as config.params.
  void AddCollection(const std::string& name, const std::string& params) EXCLUDES(mutex_);
  void AddAlias(const std::string& alias, const std::string& collection) EXCLUDES(mutex_);
  // Members of GET /collections/{name} beside config: "\"status\":\"green\"".
  void SetState(const std::string& name, const std::string& members) EXCLUDES(mutex_);
  // JSON each; `id` a number or a string in quotes.
  void Put(const std::string& collection, const std::string& id, const std::string& vector, const std::string& payload)
      EXCLUDES(mutex_);
  void Remove(const std::string& collection, const std::string& id) EXCLUDES(mutex_);
  // Vector and payload as they stand there; "" when there is no such point.
  std::string VectorOf(const std::string& collection, const std::string& id) EXCLUDES(mutex_);
  std::string PayloadOf(const std::string& collection, const std::string& id) EXCLUDES(mutex_);
  // As Qdrant does for cosine: a dense vector that is written comes back with length 1.
  void NormaliseUnnamed() EXCLUDES(mutex_);
  // All of a reader's points, with the collection.
  void Copy(const std::string& collection, const std::string& params, PointReader* reader);
  void SetHook(Hook hook) EXCLUDES(mutex_);

 private:
  struct Point {
    std::string id;
    std::string vector;
    std::string payload;
  };
  struct Collection {
    std::string params;
    std::string state = R"("status":"green","optimizer_status":"ok")";
    std::map<std::string, Point> points;  // by a key in Qdrant's order: integers, then UUIDs
  };

  StubReply Answer(const StubRequest& request) EXCLUDES(mutex_);
  StubReply AnswerLocked(const StubRequest& request) REQUIRES(mutex_);
  StubReply Scroll(const Collection& collection, const std::string& body) const;
  StubReply Retrieve(const Collection& collection, const std::string& body) const;
  StubReply Upsert(Collection* collection, const std::string& body) REQUIRES(mutex_);
  StubReply Delete(Collection* collection, const std::string& body) REQUIRES(mutex_);

  const std::string api_key_;
  Mutex mutex_;
  std::map<std::string, Collection> collections_ GUARDED_BY(mutex_);
  std::map<std::string, std::string> aliases_ GUARDED_BY(mutex_);
  Hook hook_ GUARDED_BY(mutex_);
  bool normalise_ GUARDED_BY(mutex_) = false;
  StubServer server_;  // last: its thread uses the others
};

}  // namespace engram
