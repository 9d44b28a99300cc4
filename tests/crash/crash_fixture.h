// The real server under eight writers and somebody who makes and revokes keys, ended at a random moment; what it leaves
// is opened in this process and compared with what was acknowledged.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "server/api_key.h"
#include "server/credential.h"
#include "tests/crash/crash_writers.h"
#include "tests/crash/expected_memories.h"

namespace engram {

uint64_t EnvironmentOr(const char* name, uint64_t otherwise);

// What an ended server has left, opened here: nothing is swept, and the disk may be as full as it is.
Result<std::unique_ptr<Engine>> OpenLeft(const std::string& data);

// Confined to the test's thread.
class CrashFixture : public ::testing::Test {
 protected:
  CrashFixture();
  ~CrashFixture() override;

  // A store with a key for the writers; the admin key's file is all that a server needs beside it.
  void MakeKeys();

  // Ends between 5 ms and `longest` after the first write was acknowledged, now and then after the server was ready; a
  // seed fixes when, and what is written until then.
  // `at_the_end` runs at that moment, right before the kill.
  void WriteUntilKilled(
      uint64_t seed, std::chrono::milliseconds longest, Buffered buffered = Buffered::kSurvives,
      const std::function<void()>& at_the_end = [] {});

  // Opens the folder: what was acknowledged is there, counters and indexes agree with the rows; with `every_row`, all
  // of them do. Losses are kept for TakeLosses.
  void Compare(bool every_row);
  // The folder as it was left, before anything is recovered, by the doctor: rows, files and segments.
  void Verify() const;
  // What acknowledgements said and is not so, since this was last asked.
  std::vector<std::string> TakeLosses();

  // From now on an acknowledgement may come after the end (ExpectedMemories::BeginTheEnd).
  void BeginTheEnd();

  uint64_t acknowledged() const;
  uint64_t lost_tail() const;

  std::string folder_;
  std::string data_;
  KeyMaker key_maker_;

 private:
  static constexpr size_t kWriters = 8;

  void CompareWriter(Engine& engine, const NamespaceRef& ns, ExpectedMemories* writer, uint64_t* live);
  void Settle(std::map<std::string, MemoryText> present, ExpectedMemories* writer);

  const NewApiKey key_ = MakeApiKey();
  const std::string admin_key_ = MakeAdminKey();
  std::array<ExpectedMemories, kWriters> expected_;
  std::vector<std::string> losses_;
};

}  // namespace engram
