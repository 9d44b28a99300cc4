#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/server.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using testing::HasSubstr;

TEST(MetricsTest, LatenciesAreCountedByRouteAndStatusClass) {
  ServerOptions options = TestOptions();
  options.gauges = [] {
    return std::vector<Gauge>{{"engram_namespaces", "Namespaces", 3, {}},
                              {"engram_rocksdb", "RocksDB", 5, {{"property", "a"}}},
                              {"engram_rocksdb", "RocksDB", 7, {{"property", "b"}}}};
  };
  HttpServer server(options);
  RawClient client(server.port());
  client.Call(HttpText("GET", "/v1/echo/a"));
  client.Call(HttpText("GET", "/v1/echo/b"));
  client.Call(HttpText("GET", "/v1/echo/b?bad=1"));
  client.Call(HttpText("GET", "/v1/nothing"));
  RawClient(server.port()).Call("nonsense\r\n\r\n");
  const auto reply = client.Call(HttpText("GET", "/metrics"));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->Field("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::vector<std::string> lines = {
      R"x(engram_http_request_seconds_count{method="GET",route="/v1/echo/{id}",status="2xx"} 2)x",
      R"x(engram_http_request_seconds_count{method="GET",route="/v1/echo/{id}",status="4xx"} 1)x",
      R"x(engram_http_request_seconds_count{method="(any)",route="(none)",status="4xx"} 1)x",
      R"x(engram_http_rejected_total{reason="guard"} 1)x",
      "engram_http_requests_in_flight 1\n",
      "engram_http_queued_requests 0\n",
      "engram_namespaces 3\n",
      R"x(engram_rocksdb{property="a"} 5)x",
      R"x(engram_rocksdb{property="b"} 7)x",
      "process_resident_memory_bytes ",
      "# TYPE process_open_fds gauge"};
  for (const std::string& line : lines) EXPECT_THAT(reply->body, HasSubstr(line));
}

TEST(MetricsTest, TheProcessKnowsItself) {
  double resident = 0;
  double threads = 0;
  double files = 0;
  for (const Gauge& gauge : ProcessGauges()) {
    if (gauge.name == "process_resident_memory_bytes") resident = gauge.value;
    if (gauge.name == "process_threads") threads = gauge.value;
    if (gauge.name == "process_open_fds") files = gauge.value;
  }
  EXPECT_GT(resident, 1e6);
  EXPECT_GE(threads, 1);
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace engram
