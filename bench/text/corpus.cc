#include "bench/text/corpus.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <simdjson.h>

#include "index/text/analyzer.h"

namespace engram::text_bench {
namespace {

// English collections, small and large, of several kinds: encyclopaedia, news, science, talk.
constexpr const char* kFiles[] = {"wiki_1000/wiki.jsonl", "reuters/docs.jsonl", "scifact/docs.jsonl",
                                  "cranfield/docs.jsonl", "cisi/docs.jsonl",    "cacm/docs.jsonl",
                                  "locomo/docs.jsonl",    "beam/docs.jsonl",    "xquad/en/docs.jsonl"};
constexpr size_t kWordsMin = 3;
constexpr size_t kWordsMax = 60;

bool EndsSentence(const std::string& text, size_t i) {
  if (text[i] == '\n') return true;
  const bool mark = text[i] == '.' || text[i] == '?' || text[i] == '!';
  return mark && (i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n');
}

void AddSentence(const std::string& text, const Analyzer& analyzer, std::vector<std::string>* sentences) {
  std::vector<Token> tokens;
  analyzer.Analyze(text, &tokens);
  if (tokens.size() < kWordsMin || tokens.size() > kWordsMax) return;
  std::string joined;
  for (const Token& token : tokens) joined.append(joined.empty() ? "" : " ").append(token.term);
  sentences->push_back(std::move(joined));
}

void AddSentences(const std::string& text, const Analyzer& analyzer, std::vector<std::string>* sentences) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!EndsSentence(text, i)) continue;
    AddSentence(text.substr(begin, i - begin), analyzer, sentences);
    begin = i + 1;
  }
  AddSentence(text.substr(begin), analyzer, sentences);
}

}  // namespace

Result<std::vector<std::string>> ReadSentences(const std::string& folder) {
  ASSIGN_OR_RETURN(const auto analyzer, Analyzer::Create({}));
  std::vector<std::string> sentences;
  simdjson::dom::parser parser;
  for (const char* name : kFiles) {
    std::ifstream file(std::filesystem::path(folder) / name);
    for (std::string line; std::getline(file, line);) {
      simdjson::dom::element row;
      if (parser.parse(line).get(row) != simdjson::SUCCESS) return Corruption(fmt::format("{} is no JSON", name));
      std::string_view text;
      if (row["text"].get(text) != simdjson::SUCCESS && row["body"].get(text) != simdjson::SUCCESS) continue;
      AddSentences(std::string(text), *analyzer, &sentences);
    }
  }
  if (sentences.empty()) return NotFound(fmt::format("no collection of texts under {}", folder));
  return sentences;
}

std::string Documents::Next() {
  std::string document = sentences_[random_() % sentences_.size()];
  for (int more = 0; more < 3 && random_() % 2 == 0; ++more) {
    document.append(" ").append(sentences_[random_() % sentences_.size()]);
  }
  return document;
}

}  // namespace engram::text_bench
