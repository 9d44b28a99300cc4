// Memories as exports tell them: whole, with their former versions, whatever their state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/read_view.h"
#include "engine/rows.h"

namespace engram {

// Of one page; confined to the calling thread. `view` outlives it.
class ExportedMemories {
 public:
  struct Options {
    bool history = true;
    size_t history_versions_max = 1000;  // of one memory; older ones are left out
  };
  ExportedMemories(const ReadView& view, Options options);

  // Whether a memory is there: alive, or expired where expiry only hides. What is due to be swept is gone already. True
  // for a named entity.
  Result<bool> IsThere(const IdRow& row);

  struct Found {
    std::string id;
    IdRow row;
  };
  // In their order, until bytes() is beyond what a page may hold. REQUIRES: IsThere of each.
  Result<std::vector<ExportedMemory>> Read(const std::vector<Found>& found);

  // A memory that is not there, with the events of its lives (without history only its end). One whose time is over and
  // that no sweep has ended yet ends where its time did.
  Result<ExportedTombstone> ReadEnded(const Found& found);

  bool full() const;
  uint64_t histories_cut() const { return histories_cut_; }

 private:
  Result<std::optional<RunRow>> RunOf(uint32_t number);
  Status KeepHidden(const IdRow& row, Memory* memory);
  // What one write can carry.
  std::vector<HistoryEvent> Fitted(std::vector<HistoryEvent> events);

  const ReadView& view_;
  const KvReader& rows_;
  const Options options_;
  const bool hides_;
  size_t bytes_ = 0;  // of contents
  uint64_t histories_cut_ = 0;
  std::map<uint32_t, std::optional<RunRow>> runs_;
};

}  // namespace engram
