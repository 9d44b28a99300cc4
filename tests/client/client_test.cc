// The client against a real server in this process.
#include "client/cpp/client.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "server/server.h"
#include "tools/opened_store.h"

namespace engram {
namespace {

class ClientTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_client_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    StartServer(0);
    auto connected = Client::Connect(ClientOptionsFor(server_->port()));
    ASSERT_TRUE(connected.ok()) << connected.status().ToString();
    client_ = std::move(*connected);
  }
  void TearDown() override {
    client_.reset();
    StopServer();
    std::filesystem::remove_all(folder_);
  }

  void StartServer(uint16_t port) {
    ServerOptions options;
    options.port = port;
    options.access_log = false;
    options.io_threads = 2;
    auto started = Server::Start(options);
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = std::move(*started);
    ServiceOptions service;
    service.version = "test";
    service.engine_options.data_dir = folder_ + "/data";
    auto opened = OpenStore(service);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = std::move(*opened);
    server_->Open(store_->router, std::make_shared<OpenAuthenticator>(*store_->tenant, kDefaultTenant));
  }
  void StopServer() {
    if (server_) server_->Stop();
    store_.reset();
    server_.reset();
  }
  static ClientOptions ClientOptionsFor(uint16_t port) {
    ClientOptions options;
    options.port = port;
    return options;
  }
  Status WriteText(const std::string& id, const std::string& text) {
    v1::WriteRequest request;
    v1::Memory& memory = *request.add_memories();
    memory.set_id(id);
    memory.set_text(text);
    return client_->Write("notes", request).status();
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<OpenedStore> store_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, WhatIsWrittenIsFoundAtOnce) {
  ASSERT_TRUE(WriteText("a", "Ann drinks green tea").ok());
  ASSERT_TRUE(WriteText("b", "Bob repairs bicycles").ok());
  v1::SearchRequest search;
  search.set_text("tea");
  const auto found = client_->Search("notes", search);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  ASSERT_EQ(found->hits_size(), 1);
  EXPECT_EQ(found->hits(0).id(), "a");
}

TEST_F(ClientTest, IdsOfAnyShapeReachTheirMemory) {
  for (const std::string id : {"a/b", "x:feedback", "50%", "é ?#", ".."}) {
    ASSERT_TRUE(WriteText(id, "text of " + id).ok()) << id;
    const auto memory = client_->GetMemory("notes", id);
    ASSERT_TRUE(memory.ok()) << id << ": " << memory.status().ToString();
    EXPECT_EQ(memory->text(), "text of " + id);
    v1::FeedbackRequest feedback;
    feedback.set_signal("helpful");
    EXPECT_TRUE(client_->GiveFeedback("notes", id, feedback).ok()) << id;
    EXPECT_TRUE(client_->GetHistory("notes", id).ok()) << id;
    const auto deleted = client_->DeleteMemory("notes", id);
    ASSERT_TRUE(deleted.ok()) << deleted.status().ToString();
    EXPECT_EQ(deleted->deleted(), 1u);
  }
}

TEST_F(ClientTest, EveryEndpointAnswers) {
  v1::NamespaceConfig config;
  (*config.mutable_metadata())["owner"].set_string_value("ann");
  EXPECT_TRUE(client_->PutNamespace("notes", config).ok());
  EXPECT_TRUE(client_->DescribeNamespace("notes").ok());
  const auto listed = client_->ListNamespaces("no");
  ASSERT_TRUE(listed.ok()) << listed.status().ToString();
  EXPECT_EQ(listed->namespaces_size(), 1);
  v1::NamespacePatch patch;
  (*patch.mutable_metadata())["owner"].set_string_value("bob");
  EXPECT_TRUE(client_->PatchNamespace("notes", patch).ok());

  ASSERT_TRUE(WriteText("a", "tea").ok());
  v1::GetRequest get;
  get.add_ids("a");
  get.add_ids("z");
  const auto got = client_->GetMemories("notes", get);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->missing(0), "z");
  v1::MemoryPatch memory_patch;
  memory_patch.set_text("coffee");
  EXPECT_EQ(client_->PatchMemory("notes", "a", memory_patch)->memory().text(), "coffee");
  v1::UpdateRequest update;
  update.add_ids("a");
  (*update.mutable_set())["metadata.topic"].set_string_value("drinks");
  EXPECT_EQ(client_->UpdateMemories("notes", update)->updated(), 1u);
  EXPECT_EQ(client_->ListMemories("notes", {})->total(), 1u);
  EXPECT_EQ(client_->CountMemories("notes", {})->count(), 1u);
  v1::FacetRequest facet;
  facet.set_field("metadata.topic");
  EXPECT_EQ(client_->FacetMemories("notes", facet)->values_size(), 1);

  v1::Run run;
  run.set_run_id("r");
  run.set_user_id("ann");
  EXPECT_TRUE(client_->PutRun("notes", run).ok());
  EXPECT_TRUE(client_->GetRun("notes", "r", {"ann", {}, {}}).ok());
  EXPECT_EQ(client_->ListRuns("notes", {})->runs_size(), 1);
  EXPECT_TRUE(client_->DeleteRun("notes", "r", {"ann", {}, {}}).ok());

  v1::Node node;
  node.set_id("person:ann");
  node.set_name("Ann");
  EXPECT_TRUE(client_->PutNode("notes", node).ok());
  v1::PutEdgesRequest edges;
  v1::Edge& edge = *edges.add_edges();
  edge.set_source("person:ann");
  edge.set_type("likes");
  edge.set_target("a");
  EXPECT_TRUE(client_->PutEdges("notes", edges).ok());
  EXPECT_EQ(client_->GetNode("notes", "person:ann")->out_degree(), 1u);
  EXPECT_EQ(client_->ListEdges("notes", {})->edges_size(), 1);
  v1::ExpandRequest expand;
  expand.add_seeds("person:ann");
  EXPECT_TRUE(client_->Expand("notes", expand).ok());
  v1::PathRequest path;
  path.set_source("person:ann");
  path.set_target("a");
  EXPECT_TRUE(client_->FindPath("notes", path)->found());
  v1::RankRequest rank;
  rank.add_seeds("person:ann");
  EXPECT_TRUE(client_->Rank("notes", rank).ok());
  v1::DeleteEdgesRequest delete_edges;
  delete_edges.add_ids(client_->ListEdges("notes", {})->edges(0).id());
  EXPECT_EQ(client_->DeleteEdges("notes", delete_edges)->deleted(), 1u);

  v1::SearchBatchRequest batch;
  batch.add_searches()->set_text("coffee");
  EXPECT_EQ(client_->SearchBatch("notes", batch)->replies_size(), 1);
  EXPECT_EQ(client_->GetStatus()->version(), "test");
  EXPECT_TRUE(client_->ListImports().ok());
  EXPECT_NE(client_->GetMetrics()->find("engram_"), std::string::npos);
  v1::DeleteRequest all;
  all.add_ids("a");
  EXPECT_EQ(client_->DeleteMemories("notes", all)->deleted(), 1u);
  EXPECT_TRUE(client_->DeleteNamespace("notes")->deleted());
}

TEST_F(ClientTest, ErrorsSayWhatAndWhere) {
  v1::WriteRequest request;
  request.add_memories()->set_text("fine");
  v1::Memory& bad = *request.add_memories();
  bad.set_importance(2);
  const Status status = client_->Write("notes", request).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.field(), "memories[1].importance");
  EXPECT_EQ(status.applied(), Applied::kNo);
  EXPECT_EQ(client_->GetMemory("nowhere", "a").status().code(), StatusCode::kNotFound);
}

TEST_F(ClientTest, AWriteWithTheSameKeyIsDoneOnce) {
  v1::WriteRequest request;
  request.add_memories()->set_text("once");
  const CallOptions options{.timeout = {}, .idempotency_key = "k1"};
  const auto first = client_->Write("notes", request, options);
  const auto second = client_->Write("notes", request, options);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(first->results(0).id(), second->results(0).id());
  EXPECT_EQ(client_->CountMemories("notes", {})->count(), 1u);
}

TEST_F(ClientTest, ThreadsShareOneClient) {
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        if (!WriteText(std::to_string(t) + "-" + std::to_string(i), "text").ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(client_->CountMemories("notes", {})->count(), 200u);
}

TEST_F(ClientTest, PooledConnectionsSurviveARestartOfTheServer) {
  ASSERT_TRUE(WriteText("a", "before").ok());
  const uint16_t port = server_->port();
  StopServer();
  StartServer(port);
  EXPECT_TRUE(WriteText("b", "after").ok());
  EXPECT_EQ(client_->CountMemories("notes", {})->count(), 2u);
}

TEST_F(ClientTest, NobodyThereIsSaidWithTheAddress) {
  const uint16_t port = server_->port();
  StopServer();
  ClientOptions options = ClientOptionsFor(port);
  options.retry.attempts_max = 1;
  const auto connected = Client::Connect(options);
  ASSERT_FALSE(connected.ok());
  EXPECT_EQ(connected.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(connected.status().applied(), Applied::kNo);
  EXPECT_NE(connected.status().message().find(std::to_string(port)), std::string::npos);
}

TEST_F(ClientTest, LargeBodiesGoCompressed) {
  ASSERT_TRUE(WriteText("large", std::string(500'000, 'x')).ok());
  EXPECT_EQ(client_->GetMemory("notes", "large")->text().size(), 500'000u);
}

}  // namespace
}  // namespace engram
