#include "index/text/folding.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string Fold(std::string_view text) { return FoldAccents(FoldCase(text)); }

TEST(FoldingTest, CaseAndCompatibilityFormsDisappear) {
  EXPECT_EQ(FoldCase("Straße ＡＢＣ ﬁne Ⅷ"), "strasse abc fine viii");
  EXPECT_EQ(FoldCase("ΣΊΣΥΦΟΣ"), FoldCase("σίσυφος"));
  EXPECT_EQ(FoldCase("so\u00ADft"), "soft");
}

TEST(FoldingTest, ApostrophesBecomePlain) { EXPECT_EQ(FoldCase("Don’t don‘t donʼt"), "don't don't don't"); }

TEST(FoldingTest, MarksOverLatinGreekAndCyrillicGo) {
  EXPECT_EQ(Fold("Crème Brûlée"), "creme brulee");
  EXPECT_EQ(Fold("Ångström"), "angstrom");
  EXPECT_EQ(Fold("Tiếng Việt"), "tieng viet");
  EXPECT_EQ(Fold("άέή"), "αεη");
  EXPECT_EQ(Fold("ещё"), "еще");
}

TEST(FoldingTest, LettersWithAStrokeAndLigaturesAreSpelledPlainly) {
  EXPECT_EQ(Fold("Ørsted Łódź Đorđe Æon œuvre Þór"), "orsted lodz dorde aeon oeuvre thor");
}

TEST(FoldingTest, VowelMarksOfOtherScriptsStay) {
  EXPECT_EQ(Fold("हिन्दी"), "हिन्दी");
  EXPECT_EQ(Fold("ที่"), "ที่");
  EXPECT_EQ(Fold("ガ"), "ガ");
  EXPECT_EQ(Fold("ｶﾞ"), "ガ");
  EXPECT_EQ(Fold("한국어"), "한국어");
}

TEST(FoldingTest, OptionalVowelSignsOfArabicAndHebrewGo) {
  EXPECT_EQ(Fold("مُحَمَّد"), "محمد");
  EXPECT_EQ(Fold("محـــمد"), "محمد");
  EXPECT_EQ(Fold("שָׁלוֹם"), "שלום");
}

TEST(FoldingTest, TurkishKeepsItsTwoKindsOfI) {
  EXPECT_EQ(FoldCase("IĞDIR İzmir", CaseRules::kTurkish), "ığdır izmir");
  EXPECT_EQ(FoldCase("IZMIR"), "izmir");
}

TEST(FoldingTest, FoldingTwiceChangesNothing) {
  for (const std::string text : {"Ǆ", "İ", "ﬃ", "½", "㍿", "Å", "ŉ", "ẛ̣", "ﷺ"}) {
    EXPECT_EQ(Fold(Fold(text)), Fold(text)) << text;
  }
}

TEST(FoldingTest, InvalidBytesBecomeTheReplacementCharacter) { EXPECT_EQ(Fold("a\xFF\xC3"), "a\uFFFD\uFFFD"); }

}  // namespace
}  // namespace engram
