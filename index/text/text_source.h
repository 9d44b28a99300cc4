// The live texts of a part as of one moment, as a segment is written from them. Confined to one thread; the
// owner's index goes on meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace engram {

// Walks numbered words (or terms) by their bytes. The view of a word lasts until Next.
class WordWalk {
 public:
  virtual ~WordWalk() = default;
  virtual bool done() const = 0;
  virtual uint32_t id() const = 0;
  virtual std::string_view word() const = 0;
  virtual void Next() = 0;
};

// Walks the postings of one term. Positions are valid until Next.
class PostingWalk {
 public:
  virtual ~PostingWalk() = default;
  virtual bool done() const = 0;
  virtual uint32_t ordinal() const = 0;
  virtual const std::vector<uint32_t>& positions() = 0;
  virtual void Next() = 0;
};

class TextSource {
 public:
  virtual ~TextSource() = default;

  // Texts by ordinal, in the order of their slots, the dead among them.
  virtual uint32_t text_count() const = 0;
  virtual bool live(uint32_t ordinal) const = 0;
  virtual Slot slot(uint32_t ordinal) const = 0;
  virtual uint32_t length(uint32_t ordinal) const = 0;

  virtual uint32_t term_count() const = 0;
  virtual uint32_t word_count() const = 0;  // of terms() where words are terms
  virtual std::unique_ptr<WordWalk> terms() const = 0;
  virtual std::unique_ptr<WordWalk> words() const = 0;
  virtual uint32_t TermOfWord(uint32_t word) const = 0;
  virtual std::unique_ptr<PostingWalk> postings(uint32_t term) const = 0;
  // The different words of a text, in no order.
  virtual void ReadWords(uint32_t ordinal, std::vector<uint32_t>* words) const = 0;
  // Whether what was read turned out to be damaged.
  virtual bool damaged() const = 0;
};

}  // namespace engram
