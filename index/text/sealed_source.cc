// A sealed part as another segment is written from it.
#include <memory>

#include "index/text/sealed_part.h"
#include "index/text/text_source.h"

namespace engram {
namespace {

class SealedWords : public WordWalk {
 public:
  explicit SealedWords(const SealedDictionary* dictionary) : walk_(dictionary) {}
  bool done() const override { return walk_.done(); }
  uint32_t id() const override { return walk_.id(); }
  std::string_view word() const override { return walk_.word(); }
  void Next() override { walk_.Next(); }

 private:
  SealedDictionary::Walk walk_;
};

class SealedPostingWalk : public PostingWalk {
 public:
  SealedPostingWalk(const TextSegment* segment, uint32_t term) : segment_(segment), cursor_(segment->postings(term)) {}
  ~SealedPostingWalk() override {
    if (cursor_.postings().damaged()) segment_->set_damaged();
  }
  bool done() const override { return cursor_.done(); }
  uint32_t ordinal() const override { return cursor_.ordinal(); }
  void Next() override { cursor_.Next(); }

  const std::vector<uint32_t>& positions() override {
    cursor_.Positions(&positions_);
    return positions_;
  }

 private:
  const TextSegment* segment_;
  SealedCursor cursor_;
  std::vector<uint32_t> positions_;
};

class SealedSource : public TextSource {
 public:
  SealedSource(std::shared_ptr<const SealedPart> part, uint64_t epoch)
      : part_(std::move(part)), segment_(part_->segment()), epoch_(epoch) {}

  uint32_t text_count() const override { return segment_.text_count(); }
  bool live(uint32_t ordinal) const override { return part_->text_live(ordinal, epoch_); }
  Slot slot(uint32_t ordinal) const override { return segment_.text_slot(ordinal); }
  uint32_t length(uint32_t ordinal) const override { return segment_.text_length(ordinal); }

  uint32_t term_count() const override { return segment_.terms().size(); }
  uint32_t word_count() const override { return segment_.words().size(); }
  std::unique_ptr<WordWalk> terms() const override { return std::make_unique<SealedWords>(&segment_.terms()); }
  std::unique_ptr<WordWalk> words() const override { return std::make_unique<SealedWords>(&segment_.words()); }
  uint32_t TermOfWord(uint32_t word) const override { return segment_.TermOfWord(word); }
  std::unique_ptr<PostingWalk> postings(uint32_t term) const override {
    return std::make_unique<SealedPostingWalk>(&segment_, term);
  }
  void ReadWords(uint32_t ordinal, std::vector<uint32_t>* words) const override { segment_.ReadWords(ordinal, words); }
  bool damaged() const override { return segment_.damaged(); }

 private:
  std::shared_ptr<const SealedPart> part_;
  const TextSegment& segment_;
  uint64_t epoch_;
};

}  // namespace

std::unique_ptr<TextSource> SealedPart::Source(uint64_t epoch) const {
  return std::make_unique<SealedSource>(std::static_pointer_cast<const SealedPart>(shared_from_this()), epoch);
}

}  // namespace engram
