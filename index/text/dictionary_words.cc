#include "index/text/dictionary_words.h"

#include <memory>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "base/check.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

struct CloseIterator {
  void operator()(UBreakIterator* iterator) const { ubrk_close(iterator); }
};

// A break iterator holds the text it walks, so each thread has its own.
UBreakIterator* ThreadIterator() {
  thread_local const std::unique_ptr<UBreakIterator, CloseIterator> iterator = [] {
    UErrorCode error = U_ZERO_ERROR;
    std::unique_ptr<UBreakIterator, CloseIterator> opened(ubrk_open(UBRK_WORD, "", nullptr, 0, &error));
    ENGRAM_CHECK(U_SUCCESS(error));
    return opened;
  }();
  return iterator.get();
}

}  // namespace

bool NeedsDictionary(char32_t character) {
  if (character < 0x0E00) return false;
  return u_getIntPropertyValue(static_cast<UChar32>(character), UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT;
}

size_t DictionaryRunEnd(std::string_view text, size_t begin) {
  size_t at = begin;
  while (at < text.size()) {
    size_t behind = at;
    if (!NeedsDictionary(DecodeUtf8(text, &behind))) break;
    at = behind;
  }
  return at;
}

std::vector<uint32_t> DictionaryWordEnds(std::string_view run) {
  UErrorCode error = U_ZERO_ERROR;
  UText walked = UTEXT_INITIALIZER;
  utext_openUTF8(&walked, run.data(), static_cast<int64_t>(run.size()), &error);
  UBreakIterator* iterator = ThreadIterator();
  ubrk_setUText(iterator, &walked, &error);
  ENGRAM_CHECK(U_SUCCESS(error));
  std::vector<uint32_t> ends;
  ubrk_first(iterator);
  for (int32_t at = ubrk_next(iterator); at != UBRK_DONE; at = ubrk_next(iterator)) {
    ends.push_back(static_cast<uint32_t>(at));
  }
  utext_close(&walked);
  return ends;
}

}  // namespace engram
