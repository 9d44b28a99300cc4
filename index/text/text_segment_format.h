// The sections of a text segment; private to its writer and its reader. The grammar is in docs/formats.md.
#pragma once

#include <string>
#include <string_view>

#include "index/text/analyzer.h"

namespace engram {

constexpr std::string_view kSlotsSection = "slots";                   // u32 a text
constexpr std::string_view kLengthsSection = "lengths";               // u16 a text, and one more
constexpr std::string_view kLongLengthsSection = "long_lengths";      // ordinal:u32 length:u32
constexpr std::string_view kTermsSection = "terms";                   // words, see sealed_dictionary.h
constexpr std::string_view kTermBlocksSection = "term_blocks";        // u32 a block of 16
constexpr std::string_view kTermTextsSection = "term_texts";          // u32 a term
constexpr std::string_view kListsSection = "lists";                   // u64 a term, and the end
constexpr std::string_view kPostingsSection = "postings";             // see sealed_postings.h
constexpr std::string_view kWordsSection = "words";                   // with a stemmer
constexpr std::string_view kWordBlocksSection = "word_blocks";        //
constexpr std::string_view kWordTextsSection = "word_texts";          // u32 a word
constexpr std::string_view kWordTermsSection = "word_terms";          // u32 a word
constexpr std::string_view kForwardSection = "forward";               // (gap - 1:varint)* a text
constexpr std::string_view kForwardBeginsSection = "forward_begins";  // u64 a text, and the end

// Changes whenever the meaning of the sections does.
inline std::string TextSegmentFingerprint(const Analyzer& analyzer) { return "text 1 " + analyzer.fingerprint(); }

}  // namespace engram
