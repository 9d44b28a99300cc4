// One tenant out of a store and into one: exports, imports and restores, as an operator types them; and a server that
// verifies itself.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "client/cpp/client.h"
#include "engine/keys.h"
#include "engine/store.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TenantCliTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    ASSERT_EQ(Run("keys admin admin.key").code, 0);
    Start("--backup-dir backups --archive-dir archive --archive-seconds 1 --verify-interval 0");
    ASSERT_EQ(Run("keys tenant add acme --max-memories 1000 " + at_).code, 0);
    ASSERT_EQ(Run("keys tenant add other " + at_).code, 0);
    acme_ = Connect("acme");
    other_ = Connect("other");
    Fill(*acme_, 60);
    Fill(*other_, 20);
  }
  void TearDown() override {
    Stop();
    CliTest::TearDown();
  }

  void Start(const std::string& options) {
    fs::remove(Path("port"));
    server_ = std::make_unique<CliProcess>(
        folder_, "serve --data store --admin-key-file admin.key --listen 127.0.0.1:0 --port-file port " + options,
        Path("log"));
    while (server_->Running() && ReadFile("port").empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_FALSE(ReadFile("port").empty()) << ReadFile("log");
    port_ = static_cast<uint16_t>(std::stoi(ReadFile("port")));
    at_ = "--admin-key-file admin.key --server http://127.0.0.1:" + std::to_string(port_) + " ";
  }
  void Stop() {
    acme_.reset();
    other_.reset();
    if (!server_) return;
    server_->Signal(SIGTERM);
    EXPECT_EQ(server_->Wait(), 0) << ReadFile("log");
    server_.reset();
  }

  std::unique_ptr<Client> Connect(const std::string& tenant) const {
    const std::string file = tenant + ".key";
    if (ReadFile(file).empty()) {
      const CliResult made =
          Run("keys create --verb read --verb write --verb admin --tenant " + tenant + " --out " + file + " " + at_);
      EXPECT_EQ(made.code, 0) << made.output;
    }
    ClientOptions options;
    options.port = port_;
    const std::string key = ReadFile(file);
    options.key = key.substr(0, key.find('\n'));
    auto client = Client::Connect(options);
    EXPECT_TRUE(client.ok()) << client.status().ToString();
    return client.ok() ? *std::move(client) : nullptr;
  }

  static v1::Memory MemoryOf(int number, const std::string& text) {
    v1::Memory memory;
    memory.set_id("m" + std::to_string(number));
    memory.set_text(text);
    memory.set_user_id("ann");
    if (number % 4 == 0) memory.set_run_id("run");
    (*memory.mutable_metadata())["n"].set_int_value(number);
    for (int i = 0; i < 3; ++i)
      memory.mutable_vector()->mutable_dense()->add_values(0.5F + static_cast<float>(number % (i + 2)));
    return memory;
  }

  // Two namespaces with something of everything: vectors, history, deleted memories, runs, nodes, edges, ended ones; an
  // alias, a configuration, one that is read-only.
  static void Fill(Client& client, int memories) {
    v1::NamespaceConfig config;
    config.mutable_text()->set_analyzer("simple");
    config.add_aliases("my-notes");
    ASSERT_TRUE(client.PutNamespace("notes", config).ok());
    v1::WriteRequest request;
    for (int i = 0; i < memories; ++i) *request.add_memories() = MemoryOf(i, fmt::format("tea of day {}", i));
    ASSERT_TRUE(client.Write("notes", request).ok());
    request.Clear();
    for (int i = 0; i < memories; i += 3) *request.add_memories() = MemoryOf(i, fmt::format("coffee of day {}", i));
    ASSERT_TRUE(client.Write("notes", request).ok());
    ASSERT_TRUE(client.DeleteMemory("notes", "m1").ok());
    v1::Node node;
    node.set_id("topic");
    node.set_name("A topic");
    ASSERT_TRUE(client.PutNode("notes", node).ok());
    v1::PutEdgesRequest edges;
    for (const char* id : {"first", "second"}) {
      v1::Edge& edge = *edges.add_edges();
      edge.set_id(id);
      edge.set_source("m2");
      edge.set_type("about");
      edge.set_target("topic");
    }
    ASSERT_TRUE(client.PutEdges("notes", edges).ok());
    v1::DeleteEdgesRequest ended;
    ended.add_ids("second");
    ASSERT_TRUE(client.DeleteEdges("notes", ended).ok());
    request.Clear();
    *request.add_memories() = MemoryOf(1, "milk");
    ASSERT_TRUE(client.Write("sealed", request).ok());
    v1::NamespacePatch patch;
    patch.set_read_only(true);
    ASSERT_TRUE(client.PatchNamespace("sealed", patch).ok());
  }

  // Everything that an archive of the tenant holds, by file; without what tells when and whence it was made.
  std::map<std::string, std::string> Exported(const std::string& tenant) {
    const std::string folder = fmt::format("exported-{}", ++exports_);
    const CliResult made = Run("export --tenant " + tenant + " --archive " + folder + " " + at_);
    EXPECT_EQ(made.code, 0) << made.output;
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(Path(folder))) {
      if (!entry.is_regular_file() || entry.path().filename() == "tenant.jsonl") continue;
      const std::string name = fs::relative(entry.path(), Path(folder)).string();
      std::string text = ReadFile(folder + "/" + name);
      if (name.ends_with("manifest.json")) {
        const size_t at = text.find("\"namespace\":");
        text = text.substr(at, text.find(",\"notes\"", at) - at);
      }
      files[name] = text;
    }
    return files;
  }

  // Every row of the tenant's namespaces and of its directory, with no server at work.
  std::map<std::string, std::string> RowsOf(TenantId tenant) const {
    StoreOptions options;
    options.path = Path("store/rows");
    auto store = Store::Open(options);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    std::map<std::string, std::string> rows;
    const auto snapshot = (*store)->Snapshot();
    const std::string prefix = keys::Scope(tenant, keys::kDirectory).substr(0, 6);
    const auto it = snapshot->ScanPrefix(prefix);
    for (; it->Valid(); it->Next()) rows[std::string(it->key())] = std::string(it->value());
    return rows;
  }

  std::string Restore(const std::string& options) const {
    return "restore --from backups --scratch scratch --tenant acme " + options + " ";
  }

  std::unique_ptr<CliProcess> server_;
  uint16_t port_ = 0;
  std::string at_;
  std::unique_ptr<Client> acme_;
  std::unique_ptr<Client> other_;
  int exports_ = 0;
};

TEST_F(TenantCliTest, ATenantGoesOutAndComesInEqual) {
  const auto before = Exported("acme");
  EXPECT_EQ(before.size(), 14U) << "two namespaces with a manifest and six files each";
  CliResult result = Run("import tenant exported-1 --as copy " + at_);
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("tenant copy made of exported-1: 60 memories in 2 namespaces"));
  EXPECT_EQ(Exported("copy"), before);
  EXPECT_THAT(Run("keys tenant list --json " + at_).output, HasSubstr("\"name\":\"copy\""));
  EXPECT_THAT(Run("keys tenant list " + at_).output, HasSubstr("copy: 2 namespaces, 60 of 1,000 memories"));

  result = Run("import tenant exported-1 --as copy " + at_);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("0 memories in 0 namespaces")) << "the same again has nothing to do";
  EXPECT_THAT(result.output, HasSubstr("2 more were brought by an earlier run"));
  EXPECT_TRUE(Exported("copy") == before);

  // Into a folder that no server has open, which is made.
  result = Run("import tenant exported-1 --data another");
  ASSERT_EQ(result.code, 0) << result.output;
  result = Run("export --tenant acme --archive again --data another");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(ReadFile("again/namespaces/000001/memories.jsonl"), before.at("namespaces/000001/memories.jsonl"));
}

TEST_F(TenantCliTest, NothingIsWrittenOverAndDamagedArchivesAreRefused) {
  Exported("acme");
  CliResult result = Run("import tenant exported-1 --as other " + at_);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("\"notes\" that is not empty"));
  ASSERT_TRUE(other_->DeleteNamespace("notes").ok());
  ASSERT_TRUE(other_->DeleteNamespace("sealed").ok());
  v1::WriteRequest request;
  *request.add_memories() = MemoryOf(1, "milk");
  ASSERT_TRUE(other_->Write("mine", request).ok());
  result = Run("import tenant exported-1 --as other " + at_);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("--into-existing"));
  EXPECT_EQ(other_->DescribeNamespace("notes").status().code(), StatusCode::kNotFound);
  // An alias is a name.
  v1::NamespacePatch patch;
  patch.mutable_aliases()->add_names("my-notes");
  ASSERT_TRUE(other_->PatchNamespace("mine", patch).ok());
  result = Run("import tenant exported-1 --as other --into-existing " + at_);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("\"my-notes\""));
  patch.Clear();
  patch.mutable_aliases();
  ASSERT_TRUE(other_->PatchNamespace("mine", patch).ok());
  result = Run("import tenant exported-1 --as other --into-existing " + at_);
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(other_->GetMemory("mine", "m1").ok());

  std::ofstream(Path("exported-1/namespaces/000001/memories.jsonl"), std::ios::app) << "{}\n";
  result = Run("import tenant exported-1 --as third " + at_);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("memories.jsonl"));
  EXPECT_EQ(Run("export --tenant acme " + at_).code, 2);
  EXPECT_EQ(Run("export --tenant nobody --archive none " + at_).code, 1);
  EXPECT_FALSE(fs::exists(Path("none")));
}

TEST_F(TenantCliTest, OneTenantComesBackAndNoOtherIsTouched) {
  const auto before = Exported("acme");
  ASSERT_EQ(Run("backup create " + at_).code, 0);
  ASSERT_TRUE(acme_->DeleteNamespace("sealed").ok());
  ASSERT_TRUE(acme_->DeleteMemory("notes", "m5").ok());
  ASSERT_TRUE(acme_->DeleteMemory("notes", "m7", {}, /*erase=*/true).ok());
  Stop();
  const auto rows = RowsOf(TenantId(3));
  ASSERT_FALSE(rows.empty());
  CliResult result = Run(Restore("--data store"));
  EXPECT_EQ(result.code, 1) << "it is there";
  EXPECT_THAT(result.output, HasSubstr("--as"));
  result = Run(Restore("--as acme-old --data store"));
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("later erasures done again"));
  EXPECT_THAT(result.output, HasSubstr("equal to the archive's"));
  EXPECT_TRUE(RowsOf(TenantId(3)) == rows) << "byte by byte";
  EXPECT_TRUE(fs::is_empty(Path("scratch"))) << "nothing is left of it";

  Start("");
  const auto after = Exported("acme-old");
  ASSERT_TRUE(after.contains("namespaces/000001/memories.jsonl"));
  const std::string& memories = after.at("namespaces/000001/memories.jsonl");
  EXPECT_THAT(memories, HasSubstr("\"m5\""));
  EXPECT_THAT(memories, Not(HasSubstr("\"m7\""))) << "what was erased since does not come back";
  for (const auto& [name, text] : after) EXPECT_THAT(text, Not(HasSubstr("tea of day 7"))) << name;
  EXPECT_EQ(after.at("namespaces/000001/edges.jsonl"), before.at("namespaces/000001/edges.jsonl"));
  EXPECT_FALSE(after.contains("namespaces/000002/memories.jsonl")) << "a namespace that was dropped stays dropped";
}

TEST_F(TenantCliTest, AServerGetsItBackAndWhatItErasedAMomentAgoStaysGone) {
  ASSERT_EQ(Run("backup create " + at_).code, 0);
  ASSERT_TRUE(acme_->DeleteMemory("notes", "m7", {}, /*erase=*/true).ok());
  CliResult result = Run(Restore("--as acme-old " + at_));
  ASSERT_EQ(result.code, 0) << result.output;
  const auto old = Connect("acme-old");
  EXPECT_TRUE(old->GetMemory("notes", "m8").ok());
  EXPECT_TRUE(old->GetMemory("my-notes", "m8").ok()) << "its alias";
  EXPECT_EQ(old->GetMemory("notes", "m7").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(old->DescribeNamespace("sealed")->config().read_only(), true);
  EXPECT_THAT(Run("keys list --tenant acme-old " + at_).output, HasSubstr("revoked")) << "its own key has ended";

  // What was dropped stays dropped, and so the copy has no such tenant.
  ASSERT_EQ(Run("keys tenant drop acme --yes " + at_).code, 0);
  result = Run(Restore("--as acme-again " + at_));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("dropped since"));
}

TEST_F(TenantCliTest, OneThatWasInterruptedGoesOn) {
  v1::WriteRequest request;
  for (int i = 100; i < 900; ++i) *request.add_memories() = MemoryOf(i, fmt::format("day {}", i));
  ASSERT_TRUE(acme_->Write("notes", request).ok());
  const auto before = Exported("acme");
  ASSERT_EQ(Run("backup create " + at_).code, 0);
  const std::string command = Restore("--as acme-old " + at_);
  for (const int ms : {30, 150, 400, 700, 1000}) {
    CliProcess restore(folder_, command, Path("restore.log"));
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
    restore.Signal(SIGKILL);
    restore.Wait();
  }
  const CliResult result = Run(command);
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_EQ(Exported("acme-old"), before);
}

TEST_F(TenantCliTest, ATenantComesBackFromTheArchiveToo) {
  const auto before = Exported("acme");
  Stop();  // archives what is left
  CliResult result = Run("restore --archive archive --scratch scratch --tenant acme --data restored");
  ASSERT_EQ(result.code, 0) << result.output;
  result = Run("export --tenant acme --archive again --data restored");
  ASSERT_EQ(result.code, 0) << result.output;
  for (const char* name : {"memories.jsonl", "tombstones.jsonl", "edges.jsonl", "retired_edges.jsonl"}) {
    const std::string file = std::string("namespaces/000001/") + name;
    EXPECT_EQ(ReadFile("again/" + file), before.at(file)) << name;
  }
  EXPECT_EQ(Run("restore --archive archive --as x --data y").code, 2);
  EXPECT_EQ(Run("restore --archive archive").code, 2);
}

TEST_F(TenantCliTest, AServerVerifiesItself) {
  CliResult result = Run("verify " + at_);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("4 namespaces, 80 memories"));
  EXPECT_THAT(result.output, HasSubstr("clean"));
  result = Run("verify --tenant acme --namespace notes --sample 10 --json " + at_);
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("\"namespaces\":1"));
  EXPECT_EQ(Run("verify --tenant nobody " + at_).code, 3);
  EXPECT_EQ(Run("verify --repair " + at_).code, 3);
  EXPECT_EQ(Run("verify --key-file acme.key --server http://127.0.0.1:" + std::to_string(port_)).code, 3);
}

}  // namespace
}  // namespace engram
