#include "index/text/analyzer.h"

#include <fmt/format.h>

#include "index/text/simple_analyzer.h"
#include "index/text/standard_analyzer.h"
#include "index/text/stop_words.h"
#include "index/text/whitespace_analyzer.h"

namespace engram {
namespace {

std::string KnownStemmers() { return fmt::format("{}", fmt::join(Stemmer::Names(), ", ")); }

bool IsBuiltIn(std::string_view analyzer) {
  return analyzer == "standard" || analyzer == "cjk" || analyzer == "simple" || analyzer == "whitespace";
}

Status CheckStopWords(const std::vector<std::string>& stop_words) {
  for (size_t i = 0; i < stop_words.size(); ++i) {
    if (stop_words[i].empty()) return InvalidArgument("a stop word is empty").At(fmt::format("stop_words[{}]", i));
  }
  return Status::Ok();
}

Result<std::optional<Stemmer>> FindStemmer(const AnalyzerOptions& options) {
  if (options.stemmer == "none") return std::optional<Stemmer>();
  if (options.stemmer.empty()) return IsBuiltIn(options.analyzer) ? std::nullopt : Stemmer::Find(options.analyzer);
  std::optional<Stemmer> stemmer = Stemmer::Find(options.stemmer);
  if (stemmer) return stemmer;
  return InvalidArgument(fmt::format("unknown stemmer \"{}\": expected none, {}", options.stemmer, KnownStemmers()))
      .At("stemmer");
}

std::vector<std::string> DefaultStopWords(std::string_view analyzer) {
  if (analyzer == "simple" || analyzer == "cjk") return SplitStopWords(StopWordsOf("english"));
  return SplitStopWords(StopWordsOf(analyzer));  // none for "standard" and "whitespace"
}

}  // namespace

Result<std::shared_ptr<const Analyzer>> Analyzer::Create(const AnalyzerOptions& options) {
  const std::string& name = options.analyzer.empty() ? AnalyzerOptions().analyzer : options.analyzer;
  if (!IsBuiltIn(name) && !Stemmer::Find(name)) {
    return InvalidArgument(fmt::format("unknown analyzer \"{}\": expected standard, cjk, simple, whitespace, {}", name,
                                       KnownStemmers()))
        .At("analyzer");
  }
  ASSIGN_OR_RETURN(const std::optional<Stemmer> stemmer, FindStemmer(options));
  if (options.stop_words) RETURN_IF_ERROR(CheckStopWords(*options.stop_words));
  std::vector<std::string> stop_words = options.stop_words ? *options.stop_words : DefaultStopWords(name);
  if (name == "simple") return MakeSimpleAnalyzer(std::move(stop_words), stemmer);
  if (name == "whitespace") return MakeWhitespaceAnalyzer(std::move(stop_words), stemmer);
  const std::string language = stemmer ? stemmer->name() : IsBuiltIn(name) ? std::string() : name;
  return MakeStandardAnalyzer({name, language, std::move(stop_words), stemmer});
}

}  // namespace engram
