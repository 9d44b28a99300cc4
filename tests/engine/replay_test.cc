// The same mutations at the same log times give the same rows, however they were grouped into commits and wherever
// the store was closed in between: what a replicated log would rest on.
#include <algorithm>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "engine/apply.h"
#include "engine/keys.h"
#include "engine/rows.h"
#include "tests/engine/engine_fixture.h"
#include "tests/engine/model/generator.h"
#include "tests/engine/model/twin.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

const TenantId kTenant = keys::kSystemTenant.Next();

struct LoggedMutation {
  Mutation mutation;
  Timestamp log_time;
};

struct Grouping {
  size_t group_max = 1;
  std::optional<size_t> reopen_after = {};  // so many mutations
  bool forgets = false;                     // nothing is kept decoded between mutations
};

// Short enough that old log rows and replies are trimmed on the way.
constexpr ApplyOptions kOptions{.log_retention_seconds = 900, .idempotency_seconds = 300};

// Every row of the store, by key, and what each mutation was answered.
struct Outcomes {
  std::map<std::string, std::string> rows;
  std::vector<std::string> replies;
};

std::string ReplyText(const MutationResult& result) {
  std::string text = result.status.ToString() + " at " + std::to_string(result.position.value);
  for (const OperationResult& r : result.results) {
    text += " " + r.id + "@" + std::to_string(r.version.value) + ":" + std::string(OutcomeName(r.outcome));
  }
  return text + (result.replayed ? " again" : "");
}

class Replay {
 public:
  Replay() { Open(); }

  Outcomes Run(const std::vector<LoggedMutation>& log, const Grouping& grouping, uint64_t seed) {
    std::mt19937_64 random(seed);
    Outcomes outcomes;
    size_t next = 0;
    while (next < log.size()) {
      size_t end = std::min(log.size(), next + 1 + random() % grouping.group_max);
      if (grouping.reopen_after && next < *grouping.reopen_after) end = std::min(end, *grouping.reopen_after);
      CommitGroup(log, next, end, grouping.forgets, &outcomes.replies);
      next = end;
      if (grouping.reopen_after == next) Open();
    }
    const auto snapshot = store_->Snapshot();
    const auto it = snapshot->Scan("", "");
    for (; it->Valid(); it->Next()) outcomes.rows.emplace(it->key(), it->value());
    return outcomes;
  }

 private:
  void Open() {
    store_.reset();
    StoreOptions options;
    options.path = directory_.path();
    options.block_cache_bytes = 8 << 20;
    auto store = Store::Open(options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    cache_.Clear();
  }

  void CommitGroup(const std::vector<LoggedMutation>& log, size_t begin, size_t end, bool forgets,
                   std::vector<std::string>* replies) {
    auto overlay = store_->NewOverlay();
    std::vector<Publication> publications;
    for (size_t i = begin; i < end; ++i) {
      if (forgets) cache_.Clear();
      const MutationResult result =
          ApplyMutation(log[i].mutation, log[i].log_time, kOptions, cache_, *overlay, &publications);
      replies->push_back(ReplyText(result));
    }
    const Status status = store_->Commit(std::move(overlay), /*sync=*/false);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  TempDirectory directory_;
  std::unique_ptr<Store> store_;
  NamespaceCache cache_;
};

bool HasSettings(const Mutation& mutation) {
  return std::any_of(mutation.operations.begin(), mutation.operations.end(),
                     [](const Operation& op) { return std::holds_alternative<PatchNamespace>(op); });
}

// What the background would log: numbers are given out in the twin as in the engine, and Apply checks them anyway.
Mutation Sweep(const std::string& name, const model::TwinState& twin, Timestamp now) {
  SweepExpired sweep;
  for (const auto& [id, memory] : twin.memories) {
    const auto& expiry = memory->state.expires_at;
    if (memory->live && expiry && *expiry <= now) {
      sweep.due.push_back({*expiry, false, static_cast<uint32_t>(memory->node)});
    }
  }
  for (const auto& [number, run] : twin.runs) {
    if (run.expires_at && *run.expires_at <= now) sweep.due.push_back({*run.expires_at, true, number});
  }
  Mutation mutation;
  mutation.namespace_name = name;
  mutation.operations = {std::move(sweep)};
  return mutation;
}

// Settings that the twin need not know, since the log is only compared with itself: whatever they make of what follows.
void AppendSettings(uint32_t which, Timestamp now, std::vector<LoggedMutation>* log) {
  const auto patch = [&](const char* name, const NamespacePatch& settings) {
    Mutation mutation;
    mutation.namespace_name = name;
    mutation.create_namespace = false;
    mutation.operations = {PatchNamespace{settings}};
    log->push_back({std::move(mutation), now});
  };
  const auto touch = [&](const char* name) {
    Mutation mutation;
    mutation.namespace_name = name;
    mutation.create_namespace = false;
    WriteMemory write;
    write.id = "by-alias";
    write.content.text = "whose";
    mutation.operations = {std::move(write)};
    log->push_back({std::move(mutation), now});
  };
  NamespacePatch settings;
  if (which == 0) {
    for (const bool read_only : {true, false}) {
      settings.read_only = read_only;
      patch("b", settings);
      touch("b");
    }
    return;
  }
  // From one namespace to the other; refused when the other has it still.
  touch("alias");
  settings.aliases.emplace();
  patch(which == 1 ? "a" : "b", settings);
  settings.aliases->push_back("alias");
  patch(which == 1 ? "b" : "a", settings);
  touch("alias");
}

// Tenants and keys come and go beside the tenant of the log, which the twin knows alone.
void AppendTenants(uint32_t which, Timestamp now, std::vector<LoggedMutation>* log) {
  const auto change = [&](const std::string& tenant, auto what) {
    log->push_back({MutationOf({tenant, std::move(what)}), now});
  };
  const std::string name = "tenant" + std::to_string(which % 4);
  ApiKey key;
  key.id = "key" + std::to_string(log->size());
  key.hash = std::string(kApiKeyHashBytes, static_cast<char>(which));
  TenantLimits limits;
  limits.memories = which;
  change(name, CreateTenant{limits});
  change(name, CreateApiKey{key});
  change(name, RotateApiKey{key.id, key.id + "b", key.hash, std::nullopt, static_cast<int64_t>(which % 3)});
  if (which % 3 == 0) change(name, RevokeApiKey{key.id + "b"});
  if (which % 5 == 0) change(name, DropTenant{});
}

// A log over two namespaces with everything in it: refusals, expiry, keys that come again, a namespace that is dropped,
// an alias that moves, a namespace that is read-only for a while.
std::vector<LoggedMutation> RandomLog(uint64_t seed, size_t mutations) {
  model::Generator generator(seed);
  std::map<std::string, model::TwinState> twins;
  std::vector<LoggedMutation> log;
  Timestamp now = kStart;
  log.push_back({MutationOf({"of the log", CreateTenant{}}), now});  // kTenant
  for (const char* name : {"a", "b"}) {
    Mutation create;
    create.operations = {CreateNamespace{generator.RandomConfig()}};
    (void)model::ApplyToTwin(create, now, &twins[name]);
    create.namespace_name = name;
    log.push_back({std::move(create), now});
  }
  const auto append = [&](const std::string& name, Mutation mutation) {
    (void)model::ApplyToTwin(mutation, now, &twins[name]);
    mutation.namespace_name = name;
    log.push_back({std::move(mutation), now});
  };
  while (log.size() < mutations) {
    if (generator.OneIn(4)) now = now.PlusSeconds(generator.Pick(40));
    const std::string name = generator.OneIn(3) ? "b" : "a";
    if (generator.OneIn(15)) {
      log.push_back({Sweep(name, twins[name], now), now});
      model::SweepTwin(now, &twins[name]);
    }
    Mutation mutation = generator.RandomMutation(twins[name], now);
    // A replayed reply is unknown to the twin, so it must not hide a change of settings from it.
    const bool repeats = generator.OneIn(20) && !HasSettings(mutation);
    if (repeats) mutation.idempotency = Mutation::Idempotency{"key" + std::to_string(generator.Pick(9)), 7};
    append(name, mutation);
    if (repeats || generator.OneIn(12)) append(name, std::move(mutation));
    if (generator.OneIn(40)) AppendSettings(generator.Pick(3), now, &log);
    if (generator.OneIn(40)) AppendTenants(generator.Pick(60), now, &log);
    if (generator.OneIn(200)) {
      Mutation drop;
      drop.namespace_name = "b";
      drop.operations = {DropNamespace{}};
      log.push_back({std::move(drop), now});
      twins["b"] = {};
    }
  }
  for (LoggedMutation& logged : log) {
    if (!logged.mutation.namespace_id) logged.mutation.tenant = kTenant;
  }
  return log;
}

NamespaceCounters CountersOf(const Outcomes& outcomes, NamespaceId ns) {
  const auto at = outcomes.rows.find(keys::Scope(kTenant, ns) + keys::kCounters);
  if (at == outcomes.rows.end()) return {};
  auto counters = DecodeCounters(at->second);
  EXPECT_TRUE(counters.ok());
  return *counters;
}

void ExpectEqual(const Outcomes& expected, const Outcomes& found) {
  ASSERT_EQ(found.replies.size(), expected.replies.size());
  for (size_t i = 0; i < expected.replies.size(); ++i) ASSERT_EQ(found.replies[i], expected.replies[i]) << i;
  const NamespaceCounters a = CountersOf(expected, NamespaceId(1));
  const NamespaceCounters b = CountersOf(found, NamespaceId(1));
  EXPECT_GT(a.memories, 0U);
  EXPECT_EQ(b.memories_digest, a.memories_digest);
  EXPECT_EQ(b.edges_digest, a.edges_digest);
  EXPECT_EQ(b.nodes_digest, a.nodes_digest);
  EXPECT_EQ(found.rows.size(), expected.rows.size());
  // Row by row, since a digest says that something differs and not what.
  for (const auto& [key, value] : expected.rows) {
    const auto at = found.rows.find(key);
    ASSERT_TRUE(at != found.rows.end()) << "row of kind " << key.substr(10, 1) << " is missing";
    ASSERT_TRUE(at->second == value) << "row of kind " << key.substr(10, 1) << " differs";
  }
}

class ReplayTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(ReplayTest, GivesTheSameRowsHoweverTheLogIsGrouped) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  const std::vector<LoggedMutation> log = RandomLog(seed, 1500);
  const Outcomes straight = Replay().Run(log, {1, std::nullopt, true}, seed);
  {
    SCOPED_TRACE("with what is kept between mutations");
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(straight, Replay().Run(log, {}, seed)));
  }
  {
    SCOPED_TRACE("in groups");
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(straight, Replay().Run(log, {64}, seed)));
  }
  {
    SCOPED_TRACE("in one group");
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(straight, Replay().Run(log, {log.size() * 8}, seed + 1)));
  }
  {
    SCOPED_TRACE("with a restart in the middle");
    ASSERT_NO_FATAL_FAILURE(ExpectEqual(straight, Replay().Run(log, {16, log.size() / 2}, seed)));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ReplayTest, ::testing::Values(20'260'201, 20'260'202));

}  // namespace
}  // namespace engram
