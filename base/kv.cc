#include "base/kv.h"

namespace engram {
namespace {

// Over MemoryKv's map. Survives writes between moves only as far as std::map iterators do.
class MapIterator final : public KvIterator {
 public:
  using Map = std::map<std::string, std::string, std::less<>>;

  MapIterator(const Map& rows, std::string_view begin, std::string_view end)
      : begin_(rows.lower_bound(begin)),
        end_(end.empty() ? rows.end() : rows.lower_bound(end)),
        rows_(rows),
        at_(begin_) {
    if (!end.empty() && begin >= end) end_ = begin_;
  }
  bool Valid() const override { return !before_begin_ && at_ != end_; }
  void Next() override { ++at_; }
  void Prev() override {
    if (at_ == begin_) {
      before_begin_ = true;
    } else {
      --at_;
    }
  }
  void Seek(std::string_view key) override {
    before_begin_ = false;
    at_ = rows_.lower_bound(key);
    const bool past_end = end_ != rows_.end() && (at_ == rows_.end() || at_->first >= end_->first);
    if (begin_ == end_ || past_end) {
      at_ = end_;
    } else if (at_ == rows_.end() || at_->first < begin_->first) {
      at_ = at_ == rows_.end() ? end_ : begin_;
    }
  }
  void SeekToFirst() override {
    before_begin_ = false;
    at_ = begin_;
  }
  void SeekToLast() override {
    before_begin_ = begin_ == end_;
    at_ = end_;
    if (!before_begin_) --at_;
  }
  std::string_view key() const override { return at_->first; }
  std::string_view value() const override { return at_->second; }
  Status status() const override { return {}; }

 private:
  Map::const_iterator begin_;
  Map::const_iterator end_;
  const Map& rows_;
  Map::const_iterator at_;
  bool before_begin_ = false;
};

class ScopedIterator final : public KvIterator {
 public:
  ScopedIterator(std::unique_ptr<KvIterator> base, std::string prefix)
      : base_(std::move(base)), prefix_(std::move(prefix)) {}
  bool Valid() const override { return base_->Valid(); }
  void Next() override { base_->Next(); }
  void Prev() override { base_->Prev(); }
  void Seek(std::string_view key) override { base_->Seek(prefix_ + std::string(key)); }
  void SeekToFirst() override { base_->SeekToFirst(); }
  void SeekToLast() override { base_->SeekToLast(); }
  std::string_view key() const override { return base_->key().substr(prefix_.size()); }
  std::string_view value() const override { return base_->value(); }
  Status status() const override { return base_->status(); }

 private:
  std::unique_ptr<KvIterator> base_;
  std::string prefix_;
};

}  // namespace

std::unique_ptr<KvIterator> KvReader::ScanPrefix(std::string_view prefix) const {
  return Scan(prefix, PrefixEnd(prefix));
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

Result<std::optional<std::string>> MemoryKv::Get(std::string_view key) const {
  const auto it = rows_.find(key);
  if (it == rows_.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

Result<std::vector<std::optional<std::string>>> MemoryKv::MultiGet(const std::vector<std::string>& keys) const {
  std::vector<std::optional<std::string>> values;
  values.reserve(keys.size());
  for (const std::string& key : keys) {
    const auto it = rows_.find(key);
    values.push_back(it == rows_.end() ? std::nullopt : std::optional<std::string>(it->second));
  }
  return values;
}

std::unique_ptr<KvIterator> MemoryKv::Scan(std::string_view begin, std::string_view end) const {
  return std::make_unique<MapIterator>(rows_, begin, end);
}

void MemoryKv::Put(std::string_view key, std::string_view value) {
  rows_.insert_or_assign(std::string(key), std::string(value));
}

void MemoryKv::Delete(std::string_view key) {
  if (const auto it = rows_.find(key); it != rows_.end()) rows_.erase(it);
}

Result<std::optional<std::string>> ScopedReader::Get(std::string_view key) const {
  return base_.Get(prefix_ + std::string(key));
}

Result<std::vector<std::optional<std::string>>> ScopedReader::MultiGet(const std::vector<std::string>& keys) const {
  std::vector<std::string> full;
  full.reserve(keys.size());
  for (const std::string& key : keys) full.push_back(prefix_ + key);
  return base_.MultiGet(full);
}

std::unique_ptr<KvIterator> ScopedReader::Scan(std::string_view begin, std::string_view end) const {
  const std::string full_end = end.empty() ? PrefixEnd(prefix_) : prefix_ + std::string(end);
  return std::make_unique<ScopedIterator>(base_.Scan(prefix_ + std::string(begin), full_end), prefix_);
}

void ScopedBatch::Put(std::string_view key, std::string_view value) { base_.Put(prefix_ + std::string(key), value); }

void ScopedBatch::Delete(std::string_view key) { base_.Delete(prefix_ + std::string(key)); }

}  // namespace engram
