#include "tests/crash/crash_fixture.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "engine/doctor/doctor.h"
#include "server/key_vault.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

const char kNamespace[] = "crash";
constexpr std::chrono::seconds kFirstWriteMax{30};

}  // namespace

uint64_t EnvironmentOr(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

Result<std::unique_ptr<Engine>> OpenLeft(const std::string& data) {
  EngineOptions options;
  options.data_dir = data;
  options.sweep_interval = std::chrono::milliseconds(0);
  options.min_free_bytes = 0;
  return Engine::Open(options);
}

CrashFixture::CrashFixture() {
  std::string pattern = (std::filesystem::temp_directory_path() / "engram-crash-XXXXXX").string();
  folder_ = mkdtemp(pattern.data());
  data_ = folder_ + "/data";
}

CrashFixture::~CrashFixture() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void CrashFixture::MakeKeys() {
  std::ofstream(folder_ + "/admin.key") << admin_key_ << "\n";
  EngineOptions options;
  options.data_dir = data_;
  options.min_free_bytes = 0;
  auto engine = Engine::Open(options);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  ASSERT_TRUE((*engine)->FindTenant(KeyMaker::kTenant, true).ok());
  KeyVault vault(data_);
  const auto hash = vault.Hash(key_.token);
  ASSERT_TRUE(hash.ok()) << hash.status().ToString();
  ApiKey key;
  key.id = key_.id;
  key.hash = *hash;
  key.rights = static_cast<uint8_t>(Right::kRead) | static_cast<uint8_t>(Right::kWrite);
  ASSERT_TRUE((*engine)->Write(MutationOf({KeyMaker::kTenant, CreateApiKey{key}})).status.ok());
}

void CrashFixture::WriteUntilKilled(uint64_t seed, std::chrono::milliseconds longest, Buffered buffered,
                                    const std::function<void()>& at_the_end) {
  std::mt19937_64 random(seed);
  auto server = ServerProcess::Start(ENGRAM_BINARY, data_, folder_,
                                     // So that ends meet sealing and merging, too; disks of tests are small.
                                     {"--seal-rows", "20", "--graph-rows", "100", "--min-free-space", "0",
                                      "--admin-key-file", folder_ + "/admin.key"});
  ASSERT_TRUE(server.ok()) << server.status().message();
  ClientOptions options;
  options.port = (*server)->port();
  options.key = key_.token;
  options.retry.attempts_max = 1;
  std::atomic<uint64_t> acknowledged{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, i] {
      auto client = Client::Connect(options);
      if (!client.ok()) return;
      CrashWriter(static_cast<int>(i), seed + i, buffered, &expected_[i]).Run(**client, kNamespace, &acknowledged);
    });
  }
  // Each of its keys syncs what the others write, so where a tail is to be lost it is there every other time.
  const bool keys = buffered == Buffered::kSurvives || (buffered == Buffered::kMayLoseTail && random() % 2 == 0);
  if (keys) {
    threads.emplace_back([&, admin = options]() mutable {
      admin.key = admin_key_;
      auto client = Client::Connect(admin);
      if (client.ok()) key_maker_.Run(**client);
    });
  }
  // On a machine that has much else to do a life begins with its first write; now and then it may end before.
  const auto latest = std::chrono::steady_clock::now() + kFirstWriteMax;
  const bool waits = random() % 8 > 0;
  while (waits && acknowledged == 0 && std::chrono::steady_clock::now() < latest) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // The one thing under test is the moment of the end, so it is a wait by design.
  std::this_thread::sleep_for(
      std::chrono::milliseconds(std::uniform_int_distribution<int64_t>(5, longest.count())(random)));
  at_the_end();
  (*server)->Kill();
  for (std::thread& thread : threads) thread.join();
}

void CrashFixture::BeginTheEnd() {
  for (ExpectedMemories& writer : expected_) writer.BeginTheEnd();
  key_maker_.BeginTheEnd();
}

void CrashFixture::Compare(bool every_row) {
  key_maker_.BeginAnew();
  const auto engine = OpenLeft(data_);
  ASSERT_TRUE(engine.ok()) << engine.status().ToString();
  auto tenant = (*engine)->FindTenant(KeyMaker::kTenant, false);
  ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
  key_maker_.Compare(**engine);
  EXPECT_TRUE((*engine)->FindApiKey(key_.id).has_value());
  const NamespaceRef ns{*tenant, kNamespace};
  if (const auto info = (*engine)->DescribeNamespace(ns, {}); !info.ok()) {
    ASSERT_EQ(info.status().code(), StatusCode::kNotFound) << info.status().ToString();
    for (ExpectedMemories& writer : expected_) Settle({}, &writer);
    return;
  }
  uint64_t live = 0;
  for (ExpectedMemories& writer : expected_) CompareWriter(**engine, ns, &writer, &live);
  // The load of the indexes and what they find agree with the rows.
  const auto count = (*engine)->Count(ns, std::nullopt, {});
  ASSERT_TRUE(count.ok()) << count.status().ToString();
  EXPECT_EQ(count->first, live);
  // What the tenant is charged with is what it has.
  const auto charged = (*engine)->DescribeTenant(KeyMaker::kTenant);
  const auto held = (*engine)->DescribeNamespace(ns, {});
  ASSERT_TRUE(charged.ok() && held.ok());
  EXPECT_EQ(charged->usage.memories, held->memories);
  EXPECT_EQ(charged->usage.bytes, held->bytes);
  EXPECT_EQ(charged->usage.namespaces, 1U);
  if (!every_row) return;
  const auto report = (*engine)->CheckNamespace(ns);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->problems, std::vector<std::string>());
}

void CrashFixture::Verify() const {
  FolderOptions options;
  options.data_dir = data_;
  const auto report = ExamineFolder(options);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  for (const Finding& finding : report->findings.kept()) ADD_FAILURE() << ToText(finding);
}

void CrashFixture::CompareWriter(Engine& engine, const NamespaceRef& ns, ExpectedMemories* writer, uint64_t* live) {
  const std::set<std::string> ids = writer->ids();
  const auto reply = engine.Get(ns, {ids.begin(), ids.end()}, Include(), {});
  ASSERT_TRUE(reply.ok()) << reply.status().ToString();
  std::map<std::string, MemoryText> present;
  for (const Memory& memory : reply->memories) present[memory.id] = memory.content.text;
  *live += present.size();
  Settle(std::move(present), writer);
}

// All that is not present is absent.
void CrashFixture::Settle(std::map<std::string, MemoryText> present, ExpectedMemories* writer) {
  for (const std::string& id : writer->ids()) present.try_emplace(id, std::nullopt);
  for (std::string& problem : writer->Settle(present)) losses_.push_back(std::move(problem));
}

std::vector<std::string> CrashFixture::TakeLosses() { return std::exchange(losses_, {}); }

uint64_t CrashFixture::acknowledged() const {
  uint64_t sum = 0;
  for (const ExpectedMemories& writer : expected_) sum += writer.acknowledged();
  return sum;
}

uint64_t CrashFixture::lost_tail() const {
  uint64_t sum = 0;
  for (const ExpectedMemories& writer : expected_) sum += writer.lost_tail();
  return sum;
}

}  // namespace engram
