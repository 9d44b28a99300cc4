// Bytes as operations on a namespace, for the engine and for its twin (tests/engine/model): each has the same outcome,
// and what is there in the end is the same.
//
// A mutation is a byte of mode and one to three operations; an operation is a byte of kind and one for each argument.
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "fuzz/input.h"
#include "tests/engine/model/twin.h"

namespace engram {
namespace {

constexpr int kMutationsMax = 24;
constexpr std::array<const char*, 6> kIds = {"a", "b", "1", "02", "c d", "\xc3\xa9"};
constexpr std::array<const char*, 4> kTexts = {"", "green tea", "tea", "Ann's shoes"};
constexpr std::array<const char*, 3> kTypes = {"likes", "next", "k\xc3\xa9y"};

class Played {
 public:
  Played() : folder_((std::filesystem::temp_directory_path() / "engram-fuzz-XXXXXX").string()), clock_(kNow) {
    ENGRAM_CHECK(mkdtemp(folder_.data()) != nullptr);
    EngineOptions options;
    options.data_dir = folder_;
    options.clock = &clock_;
    options.sweep_interval = std::chrono::milliseconds(0);
    auto engine = Engine::Open(options);
    ENGRAM_CHECK(engine.ok());
    engine_ = std::move(*engine);
    tenant_ = engine_->FindTenant("default", true).value();
  }
  ~Played() {
    engine_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Played(const Played&) = delete;
  Played& operator=(const Played&) = delete;

  void Play(FuzzInput input) {
    twin_ = {};
    name_ = "n" + std::to_string(++games_);
    CreateNamespace create;
    create.config.text.analyzer = "standard";
    create.config.history_versions = input.Byte() % 4;
    Do({create}, WriteMode::kUpsert);
    for (int i = 0; i < kMutationsMax && !input.rest().empty(); ++i) {
      const auto mode = static_cast<WriteMode>(input.Byte() % 3);
      std::vector<Operation> operations;
      for (int n = input.Byte() % 3; n >= 0; --n) operations.push_back(Next(&input));
      Do(std::move(operations), mode);
    }
    Compare();
    Mutation drop = NewMutation({DropNamespace{}});
    ENGRAM_CHECK(engine_->Write(std::move(drop), Durability::kBuffered).status.ok());
  }

 private:
  static constexpr Timestamp kNow = Timestamp::FromSeconds(1'800'000'000);

  template <size_t kSize>
  static std::string One(const std::array<const char*, kSize>& of, FuzzInput* input) {
    return of[input->Byte() % kSize];
  }

  static Operation Next(FuzzInput* input) {
    switch (input->Byte() % 8) {
      case 0: {
        PatchMemory patch;
        patch.id = One(kIds, input);
        if (input->Byte() % 2 == 0) patch.text = One(kTexts, input);
        patch.metadata = Value::Object{{"n", Value(int64_t{input->Byte()})}};
        return patch;
      }
      case 1: return DeleteMemory{One(kIds, input), {}, {}, input->Byte() % 2 == 0, input->Byte() % 4 == 0};
      case 2: {
        WriteEdge edge;
        edge.source_id = One(kIds, input);
        edge.target_id = One(kIds, input);
        edge.edge.type = One(kTypes, input);
        edge.edge.weight = input->Byte();
        return edge;
      }
      default: {
        WriteMemory write;
        write.id = One(kIds, input);
        write.content.text = One(kTexts, input);
        const uint8_t more = input->Byte();
        if (more % 4 == 0) write.if_version = more / 4 % 4;
        if (more % 3 == 0) write.attributes.metadata["n"] = Value(int64_t{more});
        return write;
      }
    }
  }

  Mutation NewMutation(std::vector<Operation> operations) const {
    Mutation mutation;
    mutation.tenant = tenant_;
    mutation.namespace_name = name_;
    mutation.operations = std::move(operations);
    return mutation;
  }

  void Do(std::vector<Operation> operations, WriteMode mode) {
    Mutation mutation = NewMutation(std::move(operations));
    mutation.mode = mode;
    const model::TwinResult expected = model::ApplyToTwin(mutation, clock_.Now(), &twin_);
    const MutationResult result = engine_->Write(std::move(mutation), Durability::kBuffered);
    ENGRAM_CHECK(result.status.code() == expected.code);
    if (expected.code != StatusCode::kOk) return;
    ENGRAM_CHECK(result.results.size() == expected.results.size());
    for (size_t i = 0; i < result.results.size(); ++i) {
      ENGRAM_CHECK(result.results[i].outcome == expected.results[i].outcome);
      if (expected.results[i].id.empty()) continue;
      ENGRAM_CHECK(result.results[i].id == expected.results[i].id);
      ENGRAM_CHECK(result.results[i].version == expected.results[i].version);
    }
  }

  void Compare() const {
    const NamespaceRef ref = {tenant_, name_};
    for (const char* id : kIds) {
      const auto got = engine_->Get(ref, {id}, {}, {});
      ENGRAM_CHECK(got.ok());
      const model::TwinMemory* expected = twin_.Find(id);
      ENGRAM_CHECK(got->memories.size() == (expected != nullptr && expected->live ? 1U : 0U));
      if (got->memories.empty()) continue;
      ENGRAM_CHECK(got->memories[0].content == expected->content);
      ENGRAM_CHECK(got->memories[0].attributes == expected->attributes);
    }
    const auto info = engine_->DescribeNamespace(ref, {});
    ENGRAM_CHECK(info.ok() && info->edges == twin_.edges.size() && info->nodes == twin_.nodes.size());
    const auto report = engine_->CheckNamespace(ref);
    ENGRAM_CHECK(report.ok() && report->problems.empty());
  }

  std::string folder_;
  ManualClock clock_;
  std::unique_ptr<Engine> engine_;
  TenantId tenant_;
  model::TwinState twin_;
  std::string name_;
  uint64_t games_ = 0;
};

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  static engram::Played played;
  played.Play(engram::FuzzInput(data, size));
  return 0;
}
