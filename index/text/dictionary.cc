#include "index/text/dictionary.h"

#include <algorithm>

#include "base/hash.h"
#include "index/text/edit_walk.h"

namespace engram {
namespace {

// A word costs sorted_.size() / kRecentMax moved numbers to sort in, and a walk looks at all recent ones.
constexpr size_t kRecentMax = 512;

}  // namespace

uint32_t Dictionary::Hash(std::string_view text, uint32_t value) {
  return static_cast<uint32_t>(HashBytes64(text)) ^ (value * 0x9E3779B1u);
}

size_t Dictionary::Bucket(std::string_view wanted, uint32_t value, uint32_t hash) const {
  const size_t mask = buckets_.size() - 1;
  size_t bucket = hash & mask;
  while (buckets_[bucket] != kNone) {
    const Entry& entry = entries_[buckets_[bucket]];
    if (entry.hash == hash && entry.value == value && wanted == std::string_view(entry.data, entry.size)) break;
    bucket = (bucket + 1) & mask;
  }
  return bucket;
}

uint32_t Dictionary::Find(std::string_view wanted, uint32_t value) const {
  return buckets_.empty() ? kNone : buckets_[Bucket(wanted, value, Hash(wanted, value))];
}

uint32_t Dictionary::FindOrAdd(std::string_view wanted, uint32_t value) {
  if (entries_.size() * 3 >= buckets_.size() * 2) Grow();
  const uint32_t hash = Hash(wanted, value);
  const size_t bucket = Bucket(wanted, value, hash);
  if (buckets_[bucket] != kNone) return buckets_[bucket];
  const uint32_t id = size();
  entries_.push_back({arena_->Copy(wanted), static_cast<uint32_t>(wanted.size()), hash, value, 0});
  buckets_[bucket] = id;
  recent_.push_back(id);
  if (recent_.size() == kRecentMax) SortIn();
  return id;
}

void Dictionary::Grow() {
  buckets_.assign(std::max<size_t>(16, buckets_.size() * 2), kNone);
  const size_t mask = buckets_.size() - 1;
  for (uint32_t id = 0; id < entries_.size(); ++id) {
    size_t bucket = entries_[id].hash & mask;
    while (buckets_[bucket] != kNone) bucket = (bucket + 1) & mask;
    buckets_[bucket] = id;
  }
}

bool Dictionary::Before(uint32_t a, uint32_t b) const {
  const int order = text(a).compare(text(b));
  return order != 0 ? order < 0 : a < b;
}

// Merges from the back, so that each number moves once and few words are compared.
void Dictionary::SortIn() {
  const auto before = [this](uint32_t a, uint32_t b) { return Before(a, b); };
  std::sort(recent_.begin(), recent_.end(), before);
  auto from = static_cast<ptrdiff_t>(sorted_.size());
  sorted_.resize(sorted_.size() + recent_.size());
  auto to = sorted_.end();
  for (size_t i = recent_.size(); i-- > 0;) {
    const auto place = std::upper_bound(sorted_.begin(), sorted_.begin() + from, recent_[i], before);
    to = std::move_backward(place, sorted_.begin() + from, to);
    *--to = recent_[i];
    from = place - sorted_.begin();
  }
  recent_.clear();
}

void Dictionary::EachWithPrefix(std::string_view prefix, const std::function<bool(uint32_t)>& visit) const {
  const auto matches = [&](uint32_t id) { return text(id).starts_with(prefix); };
  std::vector<uint32_t> young;
  std::copy_if(recent_.begin(), recent_.end(), std::back_inserter(young), matches);
  std::sort(young.begin(), young.end(), [this](uint32_t a, uint32_t b) { return Before(a, b); });
  auto old = std::lower_bound(sorted_.begin(), sorted_.end(), prefix,
                              [this](uint32_t id, std::string_view p) { return text(id) < p; });
  auto next_young = young.begin();
  while (true) {
    const bool has_old = old != sorted_.end() && matches(*old);
    const bool has_young = next_young != young.end();
    if (!has_old && !has_young) return;
    const bool take_old = has_old && (!has_young || Before(*old, *next_young));
    const uint32_t id = take_old ? *old++ : *next_young++;
    if (live(id) > 0 && !visit(id)) return;
  }
}

void Dictionary::EachWithin(std::string_view word, uint32_t distance_max,
                            const std::function<void(uint32_t, uint32_t)>& visit) const {
  EditWalk walk(word, distance_max);
  for (auto at = sorted_.begin(); at != sorted_.end();) {
    const uint32_t distance = walk.Distance(text(*at));
    if (distance <= distance_max && live(*at) > 0) visit(*at, distance);
    const std::string_view dead = text(*at).substr(0, walk.dead_bytes());
    ++at;
    if (dead.empty()) continue;
    // Leap over the words with that beginning in doubling steps: mostly there are few.
    ptrdiff_t step = 1;
    while (at != sorted_.end() && text(*at).starts_with(dead)) {
      const auto leap = std::min(step, sorted_.end() - at);
      const auto end = at + leap;
      at = std::partition_point(at, end, [&](uint32_t id) { return text(id).starts_with(dead); });
      step *= 2;
    }
  }
  for (const uint32_t id : recent_) {
    const uint32_t distance = walk.Distance(text(id));
    if (distance <= distance_max && live(id) > 0) visit(id, distance);
  }
}

std::vector<uint32_t> Dictionary::InOrder() const {
  std::vector<uint32_t> ids = recent_;
  const auto before = [this](uint32_t a, uint32_t b) { return Before(a, b); };
  std::sort(ids.begin(), ids.end(), before);
  std::vector<uint32_t> all(size());
  std::merge(sorted_.begin(), sorted_.end(), ids.begin(), ids.end(), all.begin(), before);
  return all;
}

size_t Dictionary::MemoryBytes() const {
  return entries_.capacity() * sizeof(Entry) +
         (buckets_.capacity() + sorted_.capacity() + recent_.capacity()) * sizeof(uint32_t);
}

}  // namespace engram
