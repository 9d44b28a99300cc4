// Where a term stands: one posting per text, ascending, in chunks that never move. One writer appends;
// a reader that knows the count of some moment may walk that many without a lock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <new>

#include "index/text/arena.h"

namespace engram {

struct Posting {
  uint32_t ordinal;    // of the text in its part
  uint32_t frequency;  // at least 1
  uint32_t positions;  // frequency 1: the position itself, otherwise where the positions begin
};

struct PostingChunk {
  PostingChunk* next = nullptr;
  uint32_t capacity = 0;

  Posting* entries() { return reinterpret_cast<Posting*>(this + 1); }
  const Posting* entries() const { return reinterpret_cast<const Posting*>(this + 1); }
};

// The first `count` postings of a term, as a reader saw them.
struct PostingSpan {
  const PostingChunk* first = nullptr;
  uint32_t count = 0;
};

class PostingList {
 public:
  void Append(Arena* arena, const Posting& posting) {
    if (last_ == nullptr || used_ == last_->capacity) AddChunk(arena);
    new (last_->entries() + used_) Posting(posting);
    ++used_;
    ++count_;
  }

  PostingSpan span() const { return {first_, count_}; }

 private:
  // Twice the last chunk: half of all terms occur once, a few occur everywhere.
  void AddChunk(Arena* arena) {
    const uint32_t capacity = last_ == nullptr ? 1 : std::min(last_->capacity * 2, 1u << 20);
    auto* chunk = new (arena->Allocate(sizeof(PostingChunk) + capacity * sizeof(Posting), alignof(PostingChunk)))
        PostingChunk{nullptr, capacity};
    (last_ == nullptr ? first_ : last_->next) = chunk;
    last_ = chunk;
    used_ = 0;
  }

  PostingChunk* first_ = nullptr;
  PostingChunk* last_ = nullptr;
  uint32_t used_ = 0;  // of the last chunk
  uint32_t count_ = 0;
};

// A place in a span, moving forward.
class PostingCursor {
 public:
  PostingCursor() = default;
  explicit PostingCursor(const PostingSpan& span) : chunk_(span.first) { Enter(span.count); }

  bool done() const { return at_ == limit_; }
  const Posting& operator*() const { return chunk_->entries()[at_]; }
  const Posting* operator->() const { return chunk_->entries() + at_; }

  void Next() {
    ++at_;
    if (at_ == limit_ && left_ > 0) NextChunk();
  }

  // To the first posting at or behind `ordinal`. Never moves back.
  void Seek(uint32_t ordinal) {
    if (done()) return;
    while (chunk_->entries()[limit_ - 1].ordinal < ordinal) {
      if (left_ == 0) {
        at_ = limit_;
        return;
      }
      NextChunk();
    }
    const Posting* begin = chunk_->entries() + at_;
    const Posting* end = chunk_->entries() + limit_;
    if (begin->ordinal < ordinal) {
      begin = std::lower_bound(begin, end, ordinal, [](const Posting& p, uint32_t o) { return p.ordinal < o; });
    }
    at_ = static_cast<uint32_t>(begin - chunk_->entries());
  }

 private:
  void Enter(uint32_t count) {
    at_ = 0;
    limit_ = chunk_ == nullptr ? 0 : std::min(count, chunk_->capacity);
    left_ = count - limit_;
  }

  // Reads `next` only when the count says that there is one: the writer may be setting it otherwise.
  void NextChunk() {
    chunk_ = chunk_->next;
    Enter(left_);
  }

  const PostingChunk* chunk_ = nullptr;
  uint32_t at_ = 0;
  uint32_t limit_ = 0;  // of this chunk
  uint32_t left_ = 0;   // behind this chunk
};

}  // namespace engram
