// The engine and its twin in a world whose power goes: a disk in memory, a random life over it, and what is left of
// the disk when all ends at a chosen moment, opened again and compared with the twin as it was at that position.
//
// The end is an image of the disk taken in passing (FaultFileSystem::EndAfter), so that the engine that was "killed"
// ends its days in peace on a disk that nobody looks at again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/fault_file_system.h"
#include "tests/engine/model/model_fixture.h"

namespace engram::model {

// From ENGRAM_CRASH_ROUNDS; otherwise `lasting` with ENGRAM_LONG=1, or `brief`.
inline uint64_t CrashRounds(uint64_t brief, uint64_t lasting) {
  if (const char* text = std::getenv("ENGRAM_CRASH_ROUNDS")) return std::stoull(text);
  const char* text = std::getenv("ENGRAM_LONG");
  return text != nullptr && std::string(text) == "1" ? lasting : brief;
}

class CrashWorld : public ModelFixture {
 protected:
  // How many ends there were, and what they took along.
  struct Tally {
    uint64_t ends = 0;
    uint64_t while_opening = 0;
    uint64_t lost_writes = 0;  // unsynced ones that a power cut took
    uint64_t in_sweeps = 0;    // compared with themselves alone
    uint64_t segments_sealed = 0;
    uint64_t segments_merged = 0;
  };

  explicit CrashWorld(uint64_t seed) : ModelFixture(seed) {}
  ~CrashWorld() override { engine_.reset(); }  // before its disk

  // A new world; the one before is forgotten.
  void BeginWorld(uint64_t seed) {
    engine_.reset();
    generator_ = Generator(seed);
    twin_ = TwinState();
    reads_.clear();
    states_.clear();
    sweeps_.clear();
    disk_ = std::make_unique<FaultFileSystem>();
    ASSERT_NO_FATAL_FAILURE(OpenOnDisk());
    auto tenant = engine_->FindTenant("default", true);
    ASSERT_TRUE(tenant.ok()) << tenant.status().ToString();
    tenant_ = *tenant;
    engram::CreateNamespace create{generator_.RandomConfig()};
    Mutation mutation = NewMutation({create});
    ASSERT_EQ(ApplyToTwin(mutation, Now(), &twin_).code, StatusCode::kOk);
    const MutationResult result = engine_->Write(mutation, Durability::kSync);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
    Note(result.position, /*synced=*/true);
  }

  // --- For a world with more to it.
  virtual void Restrain(Mutation* /*mutation*/) {}            // a random one
  virtual void Answered(const MutationResult& /*result*/) {}  // to a random mutation
  virtual void Reopened(Position /*position*/) {}             // and the twin set back to it, before they are compared

  virtual EngineOptions CrashOptions() const {
    EngineOptions options = Options();
    options.data_dir = "/data";
    options.files = disk_.get();
    options.block_cache_bytes = 1 << 20;
    options.write_buffer_bytes = 64 << 10;  // so that rows become files now and then
    options.min_free_bytes = 0;             // the disk's own limit is the one under test
    options.seal_rows = 10;
    options.graph_rows = 12;
    options.seal_rest = std::chrono::milliseconds(0);
    return options;
  }

  void OpenOnDisk() {
    auto engine = Engine::Open(CrashOptions());
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(*engine);
  }

  // One random thing of a life; of writes what is known afterwards is noted.
  void Live() {
    const uint32_t what = generator_.Pick(100);
    if (what < 6) return Advance(generator_.Pick(30));
    if (what < 9) return SweepNoted();
    if (what < 14) return CheckList();  // so that the index is loaded, and read
    MutateNoted(generator_.OneIn(2) ? Durability::kSync : Durability::kBuffered);
  }

  void MutateNoted(Durability durability) {
    Mutation mutation = generator_.RandomMutation(twin_, Now());
    Restrain(&mutation);
    mutation.tenant = tenant_;
    TwinState next = twin_;
    const TwinResult expected = ApplyToTwin(mutation, Now(), &next);
    const MutationResult result = WriteToDisk(mutation, durability);
    Answered(result);
    if (result.status.code() == StatusCode::kOutOfSpace || IsInjected(result.status)) return;
    ASSERT_EQ(StatusCodeName(result.status.code()), StatusCodeName(expected.code)) << result.status.ToString();
    if (expected.code != StatusCode::kOk) return;
    twin_ = std::move(next);
    Note(result.position, durability == Durability::kSync);
  }

  // What is swept takes several mutations: in between the rows are only compared with themselves.
  void SweepNoted() {
    const Position before = Info().position;
    TouchTwin();
    SweepTwin(Now(), &twin_);
    Status status = engine_->SweepNow();
    if (IsInjected(status)) status = engine_->SweepNow();
    if (!status.ok()) {
      ASSERT_EQ(status.code(), StatusCode::kOutOfSpace) << status.ToString();
      sweeps_.emplace_back(before, Position(UINT64_MAX));  // how far it came nobody knows
      given_up_ = true;
      return;
    }
    const Position after = Info().position;
    sweeps_.emplace_back(before, after);
    if (after != before) Note(after, /*synced=*/false);
  }

  // What was lost is the engine's to lose: from the last end that took place in `what` way.
  void OpenAndCompare(EndOf what) {
    ++tally_.ends;
    ASSERT_NO_FATAL_FAILURE(OpenOnDisk());
    reads_.clear();
    const Position position = Info().position;
    const uint64_t least = what == EndOf::kPower ? ended_synced_ : ended_acknowledged_;
    ASSERT_GE(position.value, least) << "an acknowledged write is lost";
    const bool in_sweep = std::any_of(sweeps_.begin(), sweeps_.end(), [&](const auto& sweep) {
      return sweep.first < position && position < sweep.second;
    });
    // What comes after the last noted state are segments published, which change no row that anybody sees.
    auto after = states_.upper_bound(position.value);
    ASSERT_TRUE(after != states_.begin());
    tally_.lost_writes += static_cast<uint64_t>(std::distance(after, states_.end()));
    twin_ = std::prev(after)->second;
    states_.erase(after, states_.end());
    acknowledged_ = synced_ = position.value;
    if (in_sweep) {
      ++tally_.in_sweeps;
      given_up_ = true;
      return ExpectConsistent();
    }
    std::erase_if(sweeps_, [&](const auto& sweep) { return sweep.second > position; });
    ASSERT_NO_FATAL_FAILURE(Reopened(position));
    CompareAll();
  }

  void CompareAll() {
    CheckCounters();
    if (!HasFatalFailure()) CheckList();  // loads the indexes
    for (int i = 0; i < 60 && !HasFatalFailure(); ++i) {
      const std::string id = generator_.RandomId();
      CheckGet(id);
      if (!HasFatalFailure()) CheckHistory(id);
    }
    if (!HasFatalFailure()) CheckRuns();
    if (!HasFatalFailure()) CheckEdges();
    if (!HasFatalFailure()) CheckExport();
    if (!HasFatalFailure()) ExpectConsistent();
  }

  // Lets the engine go and puts what is left of the disk in its place.
  void LeaveFor(std::unique_ptr<FaultFileSystem> left) {
    const EngineStatus status = engine_->Status();
    tally_.segments_sealed += status.segments_sealed;
    tally_.segments_merged += status.segments_merged;
    engine_.reset();
    left->SetFreeSpace(uint64_t{1} << 40);
    disk_ = std::move(left);
  }

  // The twin as it is is what the engine was at `position`.
  void Note(Position position, bool synced) {
    states_.insert_or_assign(position.value, twin_);
    acknowledged_ = position.value;
    if (synced) synced_ = position.value;
  }

  void NoteTheEnd() {
    ended_acknowledged_ = acknowledged_.load();
    ended_synced_ = synced_.load();
  }

  bool given_up() const { return given_up_; }
  const Tally& tally() const { return tally_; }

  std::unique_ptr<FaultFileSystem> disk_;
  // Of the last end; written by whichever thread met it, read once the engine is gone.
  std::atomic<uint64_t> ended_acknowledged_ = 0;
  std::atomic<uint64_t> ended_synced_ = 0;
  bool given_up_ = false;  // of the twin: this world is at its end
  Tally tally_;

  static bool IsInjected(const Status& status) { return status.message().starts_with("failpoint "); }

 private:
  MutationResult WriteToDisk(const Mutation& mutation, Durability durability) {
    while (true) {
      MutationResult result = engine_->Write(mutation, durability);
      if (result.status.code() != StatusCode::kRateLimited) return result;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::map<uint64_t, TwinState> states_;  // by position
  std::vector<std::pair<Position, Position>> sweeps_;
  std::atomic<uint64_t> acknowledged_ = 0;
  std::atomic<uint64_t> synced_ = 0;
};

}  // namespace engram::model
