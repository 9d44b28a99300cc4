#include "index/text/sealed_dictionary.h"

#include <algorithm>

#include "base/check.h"
#include "base/coding.h"
#include "index/text/edit_walk.h"
#include "index/text/varint_reader.h"

namespace engram {
namespace {

// The first eight bytes as a number that compares as they do.
uint64_t FirstBytes(std::string_view word) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < 8; ++i) bytes = bytes << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0u);
  return bytes;
}

// The least string behind every string that begins with `prefix`; empty when there is none.
std::string Behind(std::string_view prefix) {
  std::string behind(prefix);
  while (!behind.empty() && static_cast<unsigned char>(behind.back()) == 0xFF) behind.pop_back();
  if (!behind.empty()) behind.back() = static_cast<char>(behind.back() + 1);
  return behind;
}

// A varint of bytes that were checked.
uint32_t Number(const char** at) {
  VarintReader reader({*at, 5});
  const uint32_t number = reader.Next();
  *at = reader.at();
  return number;
}

}  // namespace

void SealedDictionaryWriter::Add(std::string_view word) {
  ENGRAM_CHECK(size_ == 0 || last_ <= word);
  if (size_ % kDictionaryBlockWords == 0) {
    ENGRAM_CHECK(words_.size() <= UINT32_MAX);
    offsets_.push_back(static_cast<uint32_t>(words_.size()));
    AppendString(&words_, word);
  } else {
    const size_t shared = CommonBytes(last_, word);
    AppendVarint(&words_, shared);
    AppendString(&words_, word.substr(shared));
  }
  last_ = word;
  ++size_;
}

Result<SealedDictionary> SealedDictionary::Open(std::string_view words, std::span<const uint32_t> offsets,
                                                uint32_t count) {
  SealedDictionary dictionary;
  dictionary.words_ = words;
  dictionary.offsets_ = offsets;
  dictionary.count_ = count;
  if (offsets.size() != (uint64_t{count} + kDictionaryBlockWords - 1) / kDictionaryBlockWords) {
    return Corruption("words of a text segment: not as many blocks as words need");
  }
  VarintReader reader(words);
  std::string last;
  for (uint32_t id = 0; id < count; ++id) {
    const bool first = id % kDictionaryBlockWords == 0;
    const auto at = static_cast<size_t>(reader.at() - words.data());
    const uint32_t shared = first ? 0 : reader.Next();
    const uint32_t size = reader.Next();
    const std::string_view rest = reader.rest();
    if (!reader.ok() || shared > last.size() || size > rest.size() ||
        (first && offsets[id / kDictionaryBlockWords] != at)) {
      return Corruption("words of a text segment: broken at word " + std::to_string(id));
    }
    std::string word = last.substr(0, shared).append(rest.substr(0, size));
    if (id > 0 && word < last) return Corruption("words of a text segment: out of order at " + std::to_string(id));
    if (first) dictionary.first_bytes_.push_back(FirstBytes(word));
    last = std::move(word);
    reader = VarintReader(rest.substr(size));
  }
  if (!reader.rest().empty()) return Corruption("words of a text segment: more bytes than words");
  return dictionary;
}

std::string_view SealedDictionary::BlockFirst(uint32_t block) const {
  VarintReader reader(words_.substr(offsets_[block]));
  const uint32_t size = reader.Next();
  return reader.rest().substr(0, size);
}

uint32_t SealedDictionary::BlockBefore(std::string_view wanted) const {
  const uint64_t bytes = FirstBytes(wanted);
  auto at = std::lower_bound(first_bytes_.begin(), first_bytes_.end(), bytes);
  // Blocks whose first eight bytes are the same: only their words tell.
  while (at != first_bytes_.end() && *at == bytes &&
         BlockFirst(static_cast<uint32_t>(at - first_bytes_.begin())) < wanted) {
    ++at;
  }
  return at == first_bytes_.begin() ? 0 : static_cast<uint32_t>(at - first_bytes_.begin()) - 1;
}

SealedDictionary::Walk::Walk(const SealedDictionary* dictionary, uint32_t block)
    : dictionary_(dictionary), id_(block * kDictionaryBlockWords) {
  if (done()) return;
  at_ = dictionary_->words_.data() + dictionary_->offsets_[block];
  Read();
}

void SealedDictionary::Walk::Read() {
  const uint32_t shared = id_ % kDictionaryBlockWords == 0 ? 0 : Number(&at_);
  const uint32_t size = Number(&at_);
  word_.resize(shared);
  word_.append(at_, size);
  at_ += size;
}

void SealedDictionary::Walk::Next() {
  ++id_;
  if (!done()) Read();
}

void SealedDictionary::Walk::Seek(std::string_view wanted) {
  if (done() || word_ >= wanted) return;
  const uint32_t block = dictionary_->BlockBefore(wanted);
  if (block > id_ / kDictionaryBlockWords) *this = Walk(dictionary_, block);
  while (!done() && word_ < wanted) Next();
}

uint32_t SealedDictionary::Find(std::string_view word) const {
  if (count_ == 0) return kNone;
  Walk walk(this, BlockBefore(word));
  while (!walk.done() && walk.word() < word) walk.Next();
  return !walk.done() && walk.word() == word ? walk.id() : kNone;
}

std::string SealedDictionary::text(uint32_t id) const {
  Walk walk(this, id / kDictionaryBlockWords);
  while (walk.id() < id) walk.Next();
  return std::string(walk.word());
}

void SealedDictionary::EachWithPrefix(std::string_view prefix,
                                      const std::function<bool(uint32_t id, std::string_view word)>& visit) const {
  Walk walk(this);
  for (walk.Seek(prefix); !walk.done() && walk.word().starts_with(prefix); walk.Next()) {
    if (!visit(walk.id(), walk.word())) return;
  }
}

void SealedDictionary::EachWithin(
    std::string_view pattern, uint32_t distance_max,
    const std::function<void(uint32_t id, std::string_view word, uint32_t distance)>& visit) const {
  EditWalk edits(pattern, distance_max);
  for (Walk walk(this); !walk.done();) {
    const uint32_t distance = edits.Distance(walk.word());
    if (distance <= distance_max) visit(walk.id(), walk.word(), distance);
    const std::string behind = Behind(walk.word().substr(0, edits.dead_bytes()));
    walk.Next();
    // Mostly few words have that beginning: stepping over them is cheaper than a search.
    for (uint32_t steps = 0; !behind.empty() && !walk.done() && walk.word() < behind; ++steps) {
      if (steps < kDictionaryBlockWords) {
        walk.Next();
      } else {
        walk.Seek(behind);
      }
    }
  }
}

}  // namespace engram
