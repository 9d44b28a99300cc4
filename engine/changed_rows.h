// Changes to an ordered map of rows, by key: the last one of each key counts. With save points, and with iterators that
// show what is below as changed. Holds no rows but the changed ones. Confined to one thread.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/kv.h"

namespace engram {

class ChangedRows {
 public:
  // A row, or nothing where it is deleted.
  using Row = std::optional<std::string>;
  using Map = std::map<std::string, Row, std::less<>>;

  void Put(std::string_view key, std::string_view value) { Set(key, Row(std::in_place, value)); }
  void Delete(std::string_view key) { Set(key, std::nullopt); }

  // Null when the key is unchanged. Valid until the next change.
  const Row* Find(std::string_view key) const;

  // What `base` walks, with the changes. REQUIRES: `base` keeps to the same bounds ([begin, end), an empty end means
  // none); no change is made while the iterator lives.
  std::unique_ptr<KvIterator> Over(std::unique_ptr<KvIterator> base, std::string_view begin,
                                   std::string_view end) const;

  // In key order.
  const Map& rows() const { return rows_; }

  // Save points nest. REQUIRES for the last two: there is one.
  void SetSavePoint() { save_points_.push_back(undo_.size()); }
  void RollbackToSavePoint();
  void PopSavePoint();

 private:
  struct Undo {
    Map::iterator at;
    bool was_changed;  // before
    Row before;
  };
  void Set(std::string_view key, Row row);

  Map rows_;
  std::vector<Undo> undo_;  // since the first save point
  std::vector<size_t> save_points_;
};

}  // namespace engram
