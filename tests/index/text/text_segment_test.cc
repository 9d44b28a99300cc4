#include "index/text/text_segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/text/text_index.h"
#include "index/text/text_segment_writer.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;

class TextSegmentTest : public testing::Test {
 protected:
  void Fill(uint32_t texts) {
    for (uint32_t slot = 1; slot <= texts; ++slot) {
      std::string text = "green tea number" + std::to_string(slot) + (slot % 2 == 0 ? " running" : " runs");
      index_.Add(Slot(slot), {text});
      live_.add(slot);
    }
  }

  std::shared_ptr<const TextSegment> Seal(const std::string& path) {
    handles_ = {*index_.Freeze()};
    EXPECT_GT(SealTexts(files_, path, *analyzer_, handles_, Position(77)).value(), 0u);
    return TextSegment::Open(files_, path, *analyzer_).value();
  }

  std::vector<ScoredSlot> Top(const std::string& text) {
    return index_.View(ParseTextQuery(text, TextMode::kAny, *analyzer_).value()).Top(live_, 1000);
  }

  std::shared_ptr<const Analyzer> analyzer_ = MakeAnalyzer("english");
  TextIndex index_{analyzer_, {}};
  FaultFileSystem files_;
  SlotSet live_;
  std::vector<TextPartHandle> handles_;
};

TEST_F(TextSegmentTest, HoldsTheTextsOfThePart) {
  Fill(300);
  const auto segment = Seal("a");
  EXPECT_EQ(segment->file().slots(), (SlotRange{Slot(1), Slot(300)}));
  EXPECT_EQ(segment->file().position(), Position(77));
  EXPECT_EQ(segment->text_count(), 300u);
  EXPECT_EQ(segment->length_total(), 1200u);
  EXPECT_EQ(segment->text_slot(7), Slot(8));
  EXPECT_EQ(segment->text_ordinal(Slot(300)), 299u);
  EXPECT_EQ(segment->text_ordinal(Slot(301)), TextSegment::kNoText);
  EXPECT_EQ(segment->text_ordinal(Slot(0)), TextSegment::kNoText);
  const uint32_t run = segment->terms().Find("run");
  EXPECT_EQ(segment->term_texts(run), 300u);
  EXPECT_EQ(segment->terms().Find("running"), SealedDictionary::kNone);
  const uint32_t running = segment->words().Find("running");
  EXPECT_EQ(segment->word_texts(running), 150u);
  EXPECT_EQ(segment->TermOfWord(running), run);
  std::vector<uint32_t> words;
  ASSERT_TRUE(segment->ReadWords(1, &words));
  std::vector<std::string> texts;
  for (const uint32_t word : words) texts.push_back(segment->words().text(word));
  EXPECT_THAT(texts, ElementsAre("green", "number2", "running", "tea"));
}

TEST_F(TextSegmentTest, ATextLongerThanItsShortLengthIsKnownExactly) {
  std::string giant;
  for (int i = 0; i < 70'000; ++i) giant += "tea ";
  index_.Add(Slot(1), {"tea"});
  index_.Add(Slot(2), {giant});
  index_.Add(Slot(3), {giant.substr(0, 65'535 * 4)});
  index_.Add(Slot(4), {giant.substr(0, 65'534 * 4)});
  for (uint32_t slot = 1; slot <= 4; ++slot) live_.add(slot);
  const std::vector<ScoredSlot> before = Top("tea");
  const auto segment = Seal("a");
  EXPECT_EQ(segment->text_length(0), 1u);
  EXPECT_EQ(segment->text_length(1), 70'000u);
  EXPECT_EQ(segment->text_length(2), 65'535u);
  EXPECT_EQ(segment->text_length(3), 65'534u);
  index_.Replace(handles_, segment);
  const std::vector<ScoredSlot> after = Top("tea");
  ASSERT_EQ(after.size(), 4u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(after[i].score, before[i].score);
}

TEST_F(TextSegmentTest, DeadTextsAndTheirTermsAreLeftBehind) {
  Fill(10);
  index_.Remove(Slot(4));
  const auto segment = Seal("a");
  EXPECT_EQ(segment->text_count(), 9u);
  EXPECT_EQ(segment->terms().Find("number4"), SealedDictionary::kNone);
  index_.Remove(Slot(5));  // meanwhile
  index_.Replace(handles_, segment);
  EXPECT_EQ(index_.statistics().texts, 8u);
}

TEST_F(TextSegmentTest, NothingLivingGivesNoFile) {
  Fill(2);
  (void)index_.Freeze();
  index_.Remove(Slot(1));
  index_.Remove(Slot(2));
  handles_ = index_.Parts();
  EXPECT_EQ(SealTexts(files_, "a", *analyzer_, handles_, Position(1)).value(), 0u);
  EXPECT_FALSE(files_.Exists("a").value());
  index_.Replace(handles_, nullptr);
  EXPECT_TRUE(index_.Parts().empty());
}

TEST_F(TextSegmentTest, ASegmentOfAnotherAnalyzerIsNotOpened) {
  Fill(2);
  Seal("a");
  EXPECT_EQ(TextSegment::Open(files_, "a", *MakeAnalyzer("standard")).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(TextSegmentTest, MergedSegmentsEqualOneWrittenAtOnce) {
  TextIndex whole(analyzer_, {});
  for (uint32_t slot = 1; slot <= 600; ++slot) {
    const std::string text = "tea number" + std::to_string(slot % 37) + (slot % 3 == 0 ? " teas" : " cup");
    index_.Add(Slot(slot), {text});
    whole.Add(Slot(slot), {text});
    if (slot % 200 != 0) continue;
    const auto segment = Seal("part" + std::to_string(slot));
    index_.Replace(handles_, segment);
  }
  for (uint32_t slot = 5; slot < 600; slot += 7) {
    index_.Remove(Slot(slot));
    whole.Remove(Slot(slot));
  }
  ASSERT_GT(SealTexts(files_, "merged", *analyzer_, index_.Parts(), Position(1)).value(), 0u);
  ASSERT_GT(SealTexts(files_, "whole", *analyzer_, {*whole.Freeze()}, Position(1)).value(), 0u);
  EXPECT_EQ(files_.ReadFile("merged").value(), files_.ReadFile("whole").value());
}

TEST_F(TextSegmentTest, FlippedBytesAreNoticedAtTheLatestWhenTheyAreRead) {
  Fill(400);
  const std::vector<ScoredSlot> before = Top("green");
  Seal("a");
  const size_t size = files_.FileSize("a").value();
  for (size_t at = 0; at < size; at += 97) {
    files_.FlipByte("a", at);
    const auto opened = TextSegment::Open(files_, "a", *analyzer_);
    if (opened.ok()) {
      TextIndex index(analyzer_, {});
      index.Attach(opened.value(), {});
      index.VisitPostings([](std::string_view, Slot, uint32_t) {});
      std::vector<uint32_t> words;
      for (uint32_t ordinal = 0; ordinal < 400; ++ordinal) opened.value()->ReadWords(ordinal, &words);
      EXPECT_TRUE(opened.value()->damaged() || !opened.value()->file().CheckAll().ok()) << at;
      EXPECT_FALSE(opened.value()->file().CheckAll().ok()) << at;
      EXPECT_NE(SealTexts(files_, "b", *analyzer_, index.Parts(), Position(1)).ok(), opened.value()->damaged()) << at;
    }
    files_.FlipByte("a", at);
  }
}

TEST_F(TextSegmentTest, AFullDiskFailsAndLeavesTheIndexAsItWas) {
  Fill(50);
  const std::vector<ScoredSlot> before = Top("green");
  handles_ = {*index_.Freeze()};
  EXPECT_FALSE(SealTexts(files_, "missing/folder/a", *analyzer_, handles_, Position(1)).ok());
  const std::vector<ScoredSlot> after = Top("green");
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].score, before[i].score);
}

}  // namespace
}  // namespace engram
