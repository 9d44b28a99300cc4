// What tests of collections over Qdrant's REST API share.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/mutex.h"
#include "tests/tools/qdrant_stub.h"
#include "tools/import/qdrant_rest_store.h"

namespace engram {

inline constexpr const char* kCosine4 = R"({"vectors":{"size":4,"distance":"Cosine"}})";
inline constexpr const char* kScroll = "/points/scroll";

// To the end, without an error.
inline std::vector<StoredPoint> ReadAll(PointReader* reader) {
  std::vector<StoredPoint> points;
  while (true) {
    StoredPoint point;
    auto more = reader->Next(&point);
    EXPECT_TRUE(more.ok()) << more.status().ToString();
    if (!more.ok() || !*more) return points;
    points.push_back(std::move(point));
  }
}

// Small pages, and waits that pass at once and are kept.
class QdrantRestTest : public testing::Test {
 protected:
  QdrantServer Server(QdrantStub& stub) {
    QdrantServer server;
    server.url = stub.url();
    server.page_points = 4;
    server.retry.attempts_max = 3;
    server.retry.jitter = [] { return 0.5; };
    server.retry.sleep = [this](std::chrono::milliseconds wait) {
      const MutexLock lock(mutex_);
      waits_.push_back(wait);
    };
    return server;
  }
  std::unique_ptr<PointReader> Open(QdrantStub& stub, const std::string& collection = "notes") {
    auto store = OpenQdrantRestStore(Server(stub));
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    auto reader = (*store)->OpenCollection(collection);
    EXPECT_TRUE(reader.ok()) << reader.status().ToString();
    return *std::move(reader);
  }
  static void PutNumbered(QdrantStub& stub, int points) {
    stub.AddCollection("notes", kCosine4);
    for (int i = 1; i <= points; ++i) {
      stub.Put("notes", std::to_string(i), "[0.5,0.5,0.5,0.5]", fmt::format(R"({{"text":"note {}"}})", i));
    }
  }

  Mutex mutex_;
  std::vector<std::chrono::milliseconds> waits_;
};

}  // namespace engram
