#include "engine/changed_rows.h"

#include <utility>

#include "base/check.h"

namespace engram {
namespace {

using Map = ChangedRows::Map;

// Merges two ordered walks. Going forward, both stand at their first key that is not behind the current one, and the
// lower is current; going backward the other way round. Of equal keys the changed one counts.
class ChangedIterator final : public KvIterator {
 public:
  ChangedIterator(const Map& rows, std::unique_ptr<KvIterator> base, std::string_view begin, std::string_view end)
      : rows_(rows),
        base_(std::move(base)),
        begin_(begin),
        first_(rows.lower_bound(begin)),
        last_(end.empty() ? rows.end() : rows.lower_bound(end)) {
    SeekToFirst();
  }

  bool Valid() const override { return current_ != Current::kNone; }
  std::string_view key() const override { return current_ == Current::kBase ? base_->key() : ChangedKey(); }
  std::string_view value() const override { return current_ == Current::kBase ? base_->value() : *entry_->second; }
  Status status() const override { return base_->status(); }

  void Next() override {
    if (!forward_) Seek(std::string(key()));
    if (current_ == Current::kBase) {
      base_->Next();
    } else {
      ++changed_;
    }
    FindForward();
  }

  void Prev() override {
    if (forward_) {
      TurnBack(std::string(key()));
    } else if (current_ == Current::kBase) {
      base_->Prev();
    } else {
      --changed_;
    }
    FindBackward();
  }

  void Seek(std::string_view key) override {
    base_->Seek(key);
    changed_ = key < begin_ ? first_ : rows_.lower_bound(key);
    if (PastEnd(key)) changed_ = last_;
    forward_ = true;
    FindForward();
  }

  void SeekToFirst() override {
    base_->SeekToFirst();
    changed_ = first_;
    forward_ = true;
    FindForward();
  }

  void SeekToLast() override {
    base_->SeekToLast();
    changed_ = last_;
    forward_ = false;
    FindBackward();
  }

 private:
  enum class Current : uint8_t { kNone, kBase, kChange };

  std::string_view ChangedKey() const { return entry_->first; }
  bool PastEnd(std::string_view key) const { return last_ != rows_.end() && key > last_->first; }

  // To what is below `key`.
  void TurnBack(const std::string& key) {
    base_->Seek(key);
    if (base_->Valid()) {
      base_->Prev();
    } else {
      base_->SeekToLast();
    }
    changed_ = rows_.lower_bound(key);
    forward_ = false;
  }

  // changed_ is the next change.
  void FindForward() {
    for (; changed_ != last_; ++changed_) {
      if (base_->Valid()) {
        const int order = base_->key().compare(changed_->first);
        if (order < 0) break;
        if (order == 0) base_->Next();
      }
      if (changed_->second) {
        entry_ = changed_;
        current_ = Current::kChange;
        return;
      }
    }
    current_ = base_->Valid() ? Current::kBase : Current::kNone;
  }

  // changed_ is one behind the next change.
  void FindBackward() {
    for (; changed_ != first_; --changed_) {
      const auto below = std::prev(changed_);
      if (base_->Valid()) {
        const int order = base_->key().compare(below->first);
        if (order > 0) break;
        if (order == 0) base_->Prev();
      }
      if (below->second) {
        entry_ = below;
        current_ = Current::kChange;
        return;
      }
    }
    current_ = base_->Valid() ? Current::kBase : Current::kNone;
  }

  const Map& rows_;
  std::unique_ptr<KvIterator> base_;
  const std::string begin_;
  const Map::const_iterator first_;
  const Map::const_iterator last_;
  Map::const_iterator changed_;
  Map::const_iterator entry_;  // the current change
  Current current_ = Current::kNone;
  bool forward_ = true;
};

}  // namespace

const ChangedRows::Row* ChangedRows::Find(std::string_view key) const {
  const auto at = rows_.find(key);
  return at == rows_.end() ? nullptr : &at->second;
}

std::unique_ptr<KvIterator> ChangedRows::Over(std::unique_ptr<KvIterator> base, std::string_view begin,
                                              std::string_view end) const {
  return std::make_unique<ChangedIterator>(rows_, std::move(base), begin, end);
}

void ChangedRows::Set(std::string_view key, Row row) {
  auto at = rows_.lower_bound(key);
  const bool was_changed = at != rows_.end() && at->first == key;
  if (!was_changed) at = rows_.emplace_hint(at, key, std::nullopt);
  std::swap(at->second, row);
  if (!save_points_.empty()) undo_.push_back({at, was_changed, std::move(row)});
}

void ChangedRows::RollbackToSavePoint() {
  ENGRAM_CHECK(!save_points_.empty());
  for (; undo_.size() > save_points_.back(); undo_.pop_back()) {
    Undo& undo = undo_.back();
    if (undo.was_changed) {
      undo.at->second = std::move(undo.before);
    } else {
      rows_.erase(undo.at);
    }
  }
  save_points_.pop_back();
}

void ChangedRows::PopSavePoint() {
  ENGRAM_CHECK(!save_points_.empty());
  save_points_.pop_back();
  if (save_points_.empty()) undo_.clear();
}

}  // namespace engram
