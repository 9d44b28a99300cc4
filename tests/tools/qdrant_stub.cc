#include "tests/tools/qdrant_stub.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/json.h"

namespace engram {
namespace {

std::string KeyOf(const std::string& id) { return id.starts_with('"') ? "1" + id : fmt::format("0{:0>20}", id); }

StubReply Ok(const std::string& result) {
  return {200, fmt::format(R"({{"result":{},"status":"ok","time":0.000012}})", result), "", std::string::npos};
}

StubReply Error(int status, const std::string& error) {
  return {status, fmt::format(R"({{"status":{{"error":"{}"}},"time":0.000012}})", error), "", std::string::npos};
}

double NumberOf(const v1::Value& value) {
  return value.has_int_value() ? static_cast<double>(value.int_value()) : value.double_value();
}

void Normalise(v1::Value* vector) {
  double sum = 0;
  for (const v1::Value& x : vector->list_value().values()) sum += NumberOf(x) * NumberOf(x);
  if (sum == 0) return;
  for (v1::Value& x : *vector->mutable_list_value()->mutable_values()) {
    x.set_double_value(static_cast<double>(static_cast<float>(NumberOf(x) / std::sqrt(sum))));
  }
}

}  // namespace

QdrantStub::QdrantStub(std::string api_key, const std::string& tls_folder)
    : api_key_(std::move(api_key)),
      server_([this](const StubRequest& request) { return Answer(request); }, tls_folder) {}

std::vector<std::string> QdrantStub::Requests() {
  std::vector<std::string> out;
  for (const StubRequest& request : server_.requests()) out.push_back(request.What());
  return out;
}

size_t QdrantStub::Requests(const std::string& containing) {
  const auto all = Requests();
  return static_cast<size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& request) {
    return request.find(containing) != std::string::npos;
  }));
}

void QdrantStub::AddCollection(const std::string& name, const std::string& params) {
  const MutexLock lock(mutex_);
  collections_[name].params = params;
}

void QdrantStub::AddAlias(const std::string& alias, const std::string& collection) {
  const MutexLock lock(mutex_);
  aliases_[alias] = collection;
}

void QdrantStub::SetState(const std::string& name, const std::string& members) {
  const MutexLock lock(mutex_);
  collections_[name].state = members;
}

void QdrantStub::Put(const std::string& collection, const std::string& id, const std::string& vector,
                     const std::string& payload) {
  const MutexLock lock(mutex_);
  collections_[collection].points[KeyOf(id)] = {id, vector, payload};
}

void QdrantStub::Remove(const std::string& collection, const std::string& id) {
  const MutexLock lock(mutex_);
  collections_[collection].points.erase(KeyOf(id));
}

std::string QdrantStub::VectorOf(const std::string& collection, const std::string& id) {
  const MutexLock lock(mutex_);
  const auto& points = collections_[collection].points;
  const auto found = points.find(KeyOf(id));
  return found == points.end() ? "" : found->second.vector;
}

std::string QdrantStub::PayloadOf(const std::string& collection, const std::string& id) {
  const MutexLock lock(mutex_);
  const auto& points = collections_[collection].points;
  const auto found = points.find(KeyOf(id));
  return found == points.end() ? "" : found->second.payload;
}

void QdrantStub::NormaliseUnnamed() {
  const MutexLock lock(mutex_);
  normalise_ = true;
}

void QdrantStub::SetHook(Hook hook) {
  const MutexLock lock(mutex_);
  hook_ = std::move(hook);
}

void QdrantStub::Copy(const std::string& collection, const std::string& params, PointReader* reader) {
  AddCollection(collection, params);
  StoredPoint point;
  while (true) {
    const auto more = reader->Next(&point);
    ASSERT_TRUE(more.ok()) << more.status().ToString();
    if (!*more) return;
    std::string vectors;
    for (const auto& [space, vector] : point.vectors) {
      vectors +=
          fmt::format("{}\"{}\":{}", vectors.empty() ? "" : ",", space == "default" ? "" : space, PrintJson(vector));
    }
    const bool single = point.vectors.size() == 1 && point.vectors.count("default") == 1;
    v1::Value payload;
    for (const auto& [key, value] : point.payload) (*payload.mutable_object_value()->mutable_members())[key] = value;
    const bool number = point.id.find('-') == std::string::npos;
    Put(collection, number ? point.id : "\"" + point.id + "\"",
        single ? PrintJson(point.vectors.at("default")) : "{" + vectors + "}",
        point.payload.empty() ? "null" : PrintJson(payload));
    point = StoredPoint();
  }
}

StubReply QdrantStub::Answer(const StubRequest& request) {
  Hook hook;
  {
    const MutexLock lock(mutex_);
    hook = hook_;
  }
  if (hook) {
    if (auto reply = hook(request)) return *std::move(reply);
  }
  const MutexLock lock(mutex_);
  return AnswerLocked(request);
}

StubReply QdrantStub::AnswerLocked(const StubRequest& request) {
  if (!api_key_.empty() && request.head.find("api-key: " + api_key_) == std::string::npos) {
    return {401, "Must provide an API key or an Authorization bearer token", "", std::string::npos};
  }
  if (request.What() == "GET /") {
    return {200, R"({"title":"qdrant - vector search engine","version":"1.15.1","commit":"0123"})", "",
            std::string::npos};
  }
  if (request.What() == "GET /collections") {
    std::string names;
    for (const auto& [name, collection] : collections_) {
      names += fmt::format(R"({}{{"name":"{}"}})", names.empty() ? "" : ",", name);
    }
    return Ok(fmt::format(R"({{"collections":[{}]}})", names));
  }
  if (request.What() == "GET /aliases") {
    std::string pairs;
    for (const auto& [alias, name] : aliases_) {
      pairs += fmt::format(R"({}{{"alias_name":"{}","collection_name":"{}"}})", pairs.empty() ? "" : ",", alias, name);
    }
    return Ok(fmt::format(R"({{"aliases":[{}]}})", pairs));
  }
  constexpr std::string_view kPrefix = "/collections/";
  if (!request.target.starts_with(kPrefix)) return {404, "", "", std::string::npos};
  const size_t end = std::min(request.target.find('/', kPrefix.size()), request.target.size());
  const std::string name = request.target.substr(kPrefix.size(), end - kPrefix.size());
  const std::string rest = request.target.substr(end);
  const auto found = collections_.find(name);
  if (found == collections_.end()) return Error(404, "Not found: Collection `" + name + "` doesn't exist!");
  Collection& collection = found->second;
  if (request.method == "GET" && rest.empty()) {
    return Ok(
        fmt::format(R"({{{},"points_count":{},"segments_count":2,"config":{{"params":{},"hnsw_config":{{"m":16}}}},)"
                    R"("payload_schema":{{"topic":{{"data_type":"keyword","points":2}}}}}})",
                    collection.state, collection.points.size(), collection.params));
  }
  if (rest == "/points/count") return Ok(fmt::format(R"({{"count":{}}})", collection.points.size()));
  if (rest == "/points/scroll") return Scroll(collection, request.body);
  if (request.method == "PUT" && rest == "/points?wait=true") return Upsert(&collection, request.body);
  if (request.method == "POST" && rest == "/points/delete?wait=true") return Delete(&collection, request.body);
  if (rest == "/points") return Retrieve(collection, request.body);
  return {404, "", "", std::string::npos};
}

StubReply QdrantStub::Retrieve(const Collection& collection, const std::string& json) const {
  v1::Value body;
  EXPECT_TRUE(ParseJson(json, &body).ok()) << json;
  const auto& members = body.object_value().members();
  const auto wants = [&](const char* name) { return members.contains(name) && members.at(name).bool_value(); };
  std::string records;
  for (const v1::Value& id : members.at("ids").list_value().values()) {
    const auto point = collection.points.find(KeyOf(PrintJson(id)));
    if (point == collection.points.end()) continue;
    records += fmt::format(R"({}{{"id":{}{}{}}})", records.empty() ? "" : ",", PrintJson(id),
                           wants("with_payload") ? ",\"payload\":" + point->second.payload : "",
                           wants("with_vector") ? ",\"vector\":" + point->second.vector : "");
  }
  return Ok("[" + records + "]");
}

StubReply QdrantStub::Upsert(Collection* collection, const std::string& json) {
  v1::Value body;
  EXPECT_TRUE(ParseJson(json, &body).ok()) << json;
  for (const v1::Value& point : body.object_value().members().at("points").list_value().values()) {
    const auto& members = point.object_value().members();
    v1::Value vector = members.at("vector");
    if (normalise_ && vector.has_list_value()) Normalise(&vector);
    const std::string id = PrintJson(members.at("id"));
    collection->points[KeyOf(id)] = {id, PrintJson(vector), PrintJson(members.at("payload"))};
  }
  return Ok(R"({"operation_id":7,"status":"completed"})");
}

StubReply QdrantStub::Delete(Collection* collection, const std::string& json) {
  v1::Value body;
  EXPECT_TRUE(ParseJson(json, &body).ok()) << json;
  for (const v1::Value& id : body.object_value().members().at("points").list_value().values()) {
    collection->points.erase(KeyOf(PrintJson(id)));
  }
  return Ok(R"({"operation_id":8,"status":"completed"})");
}

StubReply QdrantStub::Scroll(const Collection& collection, const std::string& json) const {
  v1::Value body;
  EXPECT_TRUE(ParseJson(json, &body).ok()) << json;
  const auto& members = body.object_value().members();
  const auto limit = static_cast<size_t>(members.contains("limit") ? members.at("limit").int_value() : 10);
  // As Qdrant has it: without being asked there are payloads and no vectors.
  const bool with_vector = members.contains("with_vector") && members.at("with_vector").bool_value();
  const bool with_payload = !members.contains("with_payload") || members.at("with_payload").bool_value();
  auto at = members.contains("offset") ? collection.points.lower_bound(KeyOf(PrintJson(members.at("offset"))))
                                       : collection.points.begin();
  std::string points;
  for (size_t i = 0; i < limit && at != collection.points.end(); ++i, ++at) {
    const Point& point = at->second;
    points += fmt::format(R"({}{{"id":{}{}{}}})", i == 0 ? "" : ",", point.id,
                          with_payload ? ",\"payload\":" + point.payload : "",
                          with_vector ? ",\"vector\":" + point.vector : "");
  }
  return Ok(fmt::format(R"({{"points":[{}],"next_page_offset":{}}})", points,
                        at == collection.points.end() ? "null" : at->second.id));
}

}  // namespace engram
