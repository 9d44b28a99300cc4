// A frozen TextPart as a segment is written from it.
#include <memory>

#include "index/text/text_part.h"
#include "index/text/text_source.h"

namespace engram {
namespace {

class MemoryWords : public WordWalk {
 public:
  explicit MemoryWords(const Dictionary* dictionary) : dictionary_(dictionary), ids_(dictionary->InOrder()) {}
  bool done() const override { return at_ == ids_.size(); }
  uint32_t id() const override { return ids_[at_]; }
  std::string_view word() const override { return dictionary_->text(ids_[at_]); }
  void Next() override { ++at_; }

 private:
  const Dictionary* dictionary_;
  std::vector<uint32_t> ids_;
  size_t at_ = 0;
};

class MemoryPostings : public PostingWalk {
 public:
  MemoryPostings(const TextPart* part, uint32_t term) : part_(part), cursor_(part->postings(term)) {}
  bool done() const override { return cursor_.done(); }
  uint32_t ordinal() const override { return cursor_->ordinal; }
  void Next() override { cursor_.Next(); }

  const std::vector<uint32_t>& positions() override {
    positions_.clear();
    for (uint32_t i = 0; i < cursor_->frequency; ++i) positions_.push_back(part_->Position(*cursor_, i));
    return positions_;
  }

 private:
  const TextPart* part_;
  PostingCursor cursor_;
  std::vector<uint32_t> positions_;
};

}  // namespace

class MemorySource : public TextSource {
 public:
  MemorySource(std::shared_ptr<const TextPart> part, uint64_t epoch) : part_(std::move(part)), epoch_(epoch) {}

  uint32_t text_count() const override { return part_->text_count(); }
  bool live(uint32_t ordinal) const override { return part_->text_live(ordinal, epoch_); }
  Slot slot(uint32_t ordinal) const override { return part_->text_slot(ordinal); }
  uint32_t length(uint32_t ordinal) const override { return part_->text_length(ordinal); }

  uint32_t term_count() const override { return part_->terms().size(); }
  uint32_t word_count() const override { return part_->words().size(); }
  std::unique_ptr<WordWalk> terms() const override { return std::make_unique<MemoryWords>(&part_->terms()); }
  std::unique_ptr<WordWalk> words() const override { return std::make_unique<MemoryWords>(&part_->words()); }
  uint32_t TermOfWord(uint32_t word) const override { return part_->TermOfWord(word); }
  std::unique_ptr<PostingWalk> postings(uint32_t term) const override {
    return std::make_unique<MemoryPostings>(part_.get(), term);
  }

  void ReadWords(uint32_t ordinal, std::vector<uint32_t>* words) const override {
    words->clear();
    for (size_t i = part_->forward_begin_[ordinal]; i < part_->forward_end(ordinal); ++i) {
      words->push_back(part_->forward_[i]);
    }
  }

  bool damaged() const override { return false; }

 private:
  std::shared_ptr<const TextPart> part_;
  uint64_t epoch_;
};

std::unique_ptr<TextSource> TextPart::Source(uint64_t epoch) const {
  return std::make_unique<MemorySource>(std::static_pointer_cast<const TextPart>(shared_from_this()), epoch);
}

}  // namespace engram
