// Servers that are busy, away, in change, locked, or no Qdrant.
#include <atomic>
#include <filesystem>

#include <gmock/gmock.h>

#include "tests/tools/qdrant_rest_fixture.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class QdrantRestTroubleTest : public QdrantRestTest {};

Status FirstError(PointReader* reader) {
  StoredPoint point;
  while (true) {
    const auto more = reader->Next(&point);
    if (!more.ok()) return more.status();
    if (!*more) return {};
  }
}

TEST_F(QdrantRestTroubleTest, AKeyIsSentAndNeverTold) {
  QdrantStub stub("the-secret");
  PutNumbered(stub, 1);
  const Status without = OpenQdrantRestStore(Server(stub)).status();
  EXPECT_THAT(without.message(), HasSubstr("answers 401: Must provide an API key"));
  EXPECT_THAT(without.message(), HasSubstr("give a key: --api-key KEY or QDRANT_API_KEY"));
  QdrantServer server = Server(stub);
  server.api_key = "the-wrong";
  const Status wrong = OpenQdrantRestStore(server).status();
  EXPECT_THAT(wrong.message(), HasSubstr("the key was refused"));
  EXPECT_THAT(wrong.message(), Not(HasSubstr("the-wrong")));
  server.api_key = "the-secret";
  auto store = OpenQdrantRestStore(server);
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  const auto reader = (*store)->OpenCollection("notes");
  ASSERT_TRUE(reader.ok());
  EXPECT_EQ(ReadAll(reader->get()).size(), 1U);
  server.api_key = "two\r\nlines";
  EXPECT_THAT(OpenQdrantRestStore(server).status().message(), HasSubstr("line break"));
}

TEST_F(QdrantRestTroubleTest, ABusyServerIsAskedAgain) {
  QdrantStub stub;
  PutNumbered(stub, 5);
  const auto reader = Open(stub);
  auto refusals = std::make_shared<std::atomic<int>>(0);
  stub.SetHook([refusals](const StubRequest& request) -> std::optional<StubReply> {
    if (request.target.find(kScroll) == std::string::npos) return std::nullopt;
    switch (refusals->fetch_add(1)) {
      case 0: return StubReply{429, "{}", "Retry-After: 7\r\n", std::string::npos};
      case 1: return StubReply{503, "", "", std::string::npos};
      case 3: return StubReply{200, std::string(1'000, ' '), "", 10};  // the connection breaks
      default: return std::nullopt;
    }
  });
  EXPECT_EQ(ReadAll(reader.get()).size(), 5U);
  const MutexLock lock(mutex_);
  ASSERT_EQ(waits_.size(), 3U);
  EXPECT_GE(waits_[0], std::chrono::seconds(7));
  EXPECT_LT(waits_[1], std::chrono::seconds(7));
}

TEST_F(QdrantRestTroubleTest, AServerThatStaysBusyIsAnErrorWithItsWords) {
  QdrantStub stub;
  PutNumbered(stub, 5);
  const auto reader = Open(stub);
  stub.SetHook([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.target.find(kScroll) == std::string::npos) return std::nullopt;
    return StubReply{500, R"({"status":{"error":"Service internal error: disk"},"time":0.1})", "", std::string::npos};
  });
  const Status status = FirstError(reader.get());
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("answers 500: Service internal error: disk"));
  EXPECT_EQ(stub.Requests(kScroll), 3U);
}

TEST_F(QdrantRestTroubleTest, NoServerIsUnavailable) {
  QdrantServer server;
  {
    QdrantStub stub;
    server = Server(stub);
  }
  const Status status = OpenQdrantRestStore(server).status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(server.url));
}

TEST_F(QdrantRestTroubleTest, AnAnswerThatDoesNotComeIsNotWaitedForLongerThanSaid) {
  QdrantStub stub;
  PutNumbered(stub, 1);
  auto never = std::make_shared<std::atomic<bool>>(true);
  stub.SetHook([never](const StubRequest&) -> std::optional<StubReply> {
    never->wait(true);
    return std::nullopt;
  });
  QdrantServer server = Server(stub);
  server.timeout_seconds = 1;
  const Status status = OpenQdrantRestStore(server).status();
  *never = false;
  never->notify_all();
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded) << status.ToString();
}

TEST_F(QdrantRestTroubleTest, AReaderThatIsGivenUpEndsItsRequest) {
  QdrantStub stub;
  PutNumbered(stub, 9);
  auto held = std::make_shared<std::atomic<int>>(0);
  {
    const auto reader = Open(stub);
    stub.SetHook([held](const StubRequest& request) -> std::optional<StubReply> {
      if (request.body.find("offset") == std::string::npos) return std::nullopt;
      *held = 1;
      held->notify_all();
      held->wait(1);
      return std::nullopt;
    });
    StoredPoint point;
    ASSERT_TRUE(*reader->Next(&point));
    held->wait(0);  // the page ahead is being asked for
  }
  *held = 2;
  held->notify_all();
}

TEST_F(QdrantRestTroubleTest, ACollectionWrittenToMeanwhileIsTold) {
  QdrantStub stub;
  PutNumbered(stub, 9);
  const auto reader = Open(stub);
  StoredPoint point;
  ASSERT_TRUE(*reader->Next(&point));
  stub.Put("notes", "100", "[1,2,3,4]", "{}");
  stub.Put("notes", "101", "[1,2,3,4]", "{}");
  EXPECT_EQ(ReadAll(reader.get()).size(), 10U);
  EXPECT_THAT(reader->Notes(), testing::Contains(HasSubstr("9 points before, 11 afterwards, and 11 came")));

  // As many as before, but others.
  const auto second = Open(stub);
  ASSERT_TRUE(*second->Next(&point));
  stub.Remove("notes", "101");
  stub.Put("notes", "0", "[1,2,3,4]", "{}");
  EXPECT_EQ(ReadAll(second.get()).size(), 9U);
  EXPECT_THAT(second->Notes(), testing::Contains(HasSubstr("11 points before, 11 afterwards, and 10 came")));
}

TEST_F(QdrantRestTroubleTest, ACollectionInTroubleIsTold) {
  QdrantStub stub;
  PutNumbered(stub, 1);
  stub.SetState("notes", R"("status":"red","optimizer_status":{"error":"no space left"})");
  EXPECT_THAT(Open(stub)->Notes(), testing::Contains(HasSubstr("status is red, its optimizer says: no space left")));
}

TEST_F(QdrantRestTroubleTest, AKeyForOneCollectionIsEnough) {
  QdrantStub stub;
  PutNumbered(stub, 3);
  stub.SetHook([](const StubRequest& request) -> std::optional<StubReply> {
    if (request.target != "/aliases") return std::nullopt;
    return StubReply{403, R"({"status":{"error":"Forbidden: Global access is required"}})", "", std::string::npos};
  });
  EXPECT_EQ(ReadAll(Open(stub).get()).size(), 3U);
}

TEST_F(QdrantRestTroubleTest, WhatIsNoQdrantIsRefused) {
  QdrantStub stub;
  PutNumbered(stub, 5);
  const auto with = [&](const std::string& target, StubReply reply) {
    stub.SetHook([=](const StubRequest& request) -> std::optional<StubReply> {
      if (!request.target.ends_with(target)) return std::nullopt;
      return reply;
    });
    auto store = OpenQdrantRestStore(Server(stub));
    if (!store.ok()) return store.status();
    auto reader = (*store)->OpenCollection("notes");
    return reader.ok() ? FirstError(reader->get()) : reader.status();
  };
  const auto ok = [](const std::string& result) {
    return StubReply{200, R"({"result":)" + result + "}", "", std::string::npos};
  };
  EXPECT_THAT(with("/collections", {200, "<html>hello</html>", "", std::string::npos}).message(),
              HasSubstr("does not answer as Qdrant does"));
  EXPECT_THAT(with("/collections", ok("[]")).message(), HasSubstr("does not list collections"));
  EXPECT_THAT(with("/collections", {301, "", "Location: http://127.0.0.1:1/\r\n", std::string::npos}).message(),
              HasSubstr("redirects are not followed"));
  EXPECT_THAT(with("/collections/notes", ok("{}")).message(), HasSubstr("says nothing of the collection's vectors"));
  EXPECT_THAT(with("/points/count", ok("{}")).message(), HasSubstr("how many points"));
  EXPECT_THAT(with(kScroll, ok("{}")).message(), HasSubstr("no result.points"));
  EXPECT_THAT(with(kScroll, ok(R"({"points":[],"next_page_offset":5})")).message(), HasSubstr("has no point before"));
  EXPECT_THAT(with(kScroll, ok(R"({"points":[{"id":5}],"next_page_offset":5})")).message(),
              HasSubstr("has no point before"));
  EXPECT_THAT(with(kScroll, ok(R"({"points":[{"id":5}],"next_page_offset":4})")).message(),
              HasSubstr("point 5 comes after 5"));
  EXPECT_THAT(with(kScroll, ok(R"({"points":[{"id":5},{"id":3}],"next_page_offset":null})")).message(),
              HasSubstr("point 3 comes after 5"));
  EXPECT_THAT(with(kScroll, ok(R"({"points":[{"id":5}],"next_page_offset":[]})")).message(), HasSubstr("neither"));
}

// --- TLS and addresses.

TEST_F(QdrantRestTroubleTest, ACertificateIsVerified) {
  std::string folder = (fs::temp_directory_path() / "engram_tls_XXXXXX").string();
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  {
    QdrantStub stub("key", folder);
    PutNumbered(stub, 5);
    QdrantServer server = Server(stub);
    server.api_key = "key";
    const Status untrusted = OpenQdrantRestStore(server).status();
    EXPECT_EQ(untrusted.code(), StatusCode::kFailedPrecondition) << untrusted.ToString();
    EXPECT_THAT(untrusted.message(), HasSubstr("--qdrant-ca-file"));
    EXPECT_THAT(stub.Requests(), IsEmpty()) << "the key went to a server that nobody vouches for";
    server.ca_file = folder + "/ca.pem";
    auto store = OpenQdrantRestStore(server);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    EXPECT_EQ(ReadAll((*store)->OpenCollection("notes")->get()).size(), 5U);
    server.ca_file = folder + "/none.pem";
    EXPECT_FALSE(OpenQdrantRestStore(server).ok());
  }
  fs::remove_all(folder);
}

TEST_F(QdrantRestTroubleTest, AddressesAreChecked) {
  for (const char* bad : {"", "localhost", "ftp://host", "http://", "http://user:pass@host", "https://host?x=1",
                          "http://host#x", "http://ho st"}) {
    QdrantServer server;
    server.url = bad;
    const Status status = OpenQdrantRestStore(server).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << bad << ": " << status.ToString();
    EXPECT_THAT(status.message(), Not(HasSubstr("pass@")));
  }
  QdrantServer server;
  server.url = "http://localhost";
  EXPECT_EQ((*QdrantApi::Open(server))->url(), "http://localhost:6333");
  server.url = "https://Example.com:1/prefix//";
  server.api_key = "k";
  EXPECT_EQ((*QdrantApi::Open(server))->url(), "https://Example.com:1/prefix");
  EXPECT_FALSE((*QdrantApi::Open(server))->shows_key());
  server.url = "http://example.com";
  EXPECT_TRUE((*QdrantApi::Open(server))->shows_key());
  server.url = "http://127.0.0.1";
  EXPECT_FALSE((*QdrantApi::Open(server))->shows_key());
  EXPECT_TRUE(IsWebAddress("https://x"));
  EXPECT_FALSE(IsWebAddress("./http"));
}

TEST_F(QdrantRestTroubleTest, AnAnswerIsNotTakenBeyondItsLimit) {
  QdrantStub stub;
  stub.SetHook([](const StubRequest&) -> std::optional<StubReply> {
    return StubReply{200, std::string(5'000, 'x'), "", std::string::npos};
  });
  WebOptions options;
  options.url = stub.url();
  options.answer_bytes_max = 4'999;
  EXPECT_EQ((*WebClient::Open(options))->Get("/").status().code(), StatusCode::kPayloadTooLarge);
  options.answer_bytes_max = 5'000;
  EXPECT_EQ((*WebClient::Open(options))->Get("/")->body.size(), 5'000U);
}

}  // namespace
}  // namespace engram
