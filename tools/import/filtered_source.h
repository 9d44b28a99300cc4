// A part of what a source gives: some users' records, or what changed since a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/timestamp.h"
#include "tools/import/source.h"

namespace engram {

struct SourceFilter {
  std::optional<Timestamp> since;  // memories that the source made or changed then or later
  std::set<std::string> users;     // not empty: their memories; runs, nodes and edges of theirs or of no user
  std::string text;                // the two as a user gave them, for a person
  bool empty() const { return !since && users.empty(); }
};

// One user_id a line; blank lines are none. InvalidArgument when there is none.
Result<std::set<std::string>> ReadUsersFile(const std::string& path);

// An edge goes when a memory at one of its ends, or that brought it, was left out. Memories that tell no time are given
// whatever `since` is. Each run reads the source from its beginning: where an earlier one was interrupted, what it had
// left out is not known. Confined to one thread; holds 8 bytes for each memory that it leaves out.
class FilteredSource final : public ImportSource {
 public:
  FilteredSource(std::unique_ptr<ImportSource> inner, SourceFilter filter)
      : inner_(std::move(inner)), filter_(std::move(filter)) {}

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override { return inner_->DefaultImportId(); }
  const char* unit() const override { return inner_->unit(); }
  Result<bool> Resume(const std::string& /*cursor*/) override { return false; }
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool /*finished*/) const override { return "filtered"; }
  std::optional<double> Fraction() const override { return inner_->Fraction(); }
  std::vector<std::string> Notes() const override;

 private:
  bool Takes(const RecordItem& item);
  bool TakesMemory(const v1::Memory& memory);
  bool TakesUser(const std::string& user_id) const;

  const std::unique_ptr<ImportSource> inner_;
  const SourceFilter filter_;
  std::unordered_set<uint64_t> left_out_;  // hashes of memories' ids
  uint64_t others_ = 0;                    // of other users
  uint64_t older_ = 0;
  uint64_t timeless_ = 0;
};

}  // namespace engram
