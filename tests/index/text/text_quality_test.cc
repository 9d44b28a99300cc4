// Two public collections with known figures: a change that costs quality fails here. Nothing of them is in
// this repository.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "base/testing/fault_file_system.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"
#include "tests/index/text/analyzed.h"
#include "tests/index/text/data_folder.h"

namespace engram {
namespace {

struct Row {
  std::string id;
  std::string text;  // title and text
};

std::vector<Row> ReadRows(const std::string& path) {
  simdjson::dom::parser parser;
  std::vector<Row> rows;
  for (const std::string& line : ReadLines(path)) {
    const simdjson::dom::element json = parser.parse(line);
    std::string_view title;
    const bool titled = json["title"].get(title) == simdjson::SUCCESS && !title.empty();
    Row row;
    row.id = std::string(std::string_view(json["id"]));
    row.text = (titled ? std::string(title) + " " : "") + std::string(std::string_view(json["text"]));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::map<std::string, std::set<std::string>> ReadRelevant(const std::string& path) {
  std::map<std::string, std::set<std::string>> relevant;
  for (const std::string& line : ReadLines(path)) {
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    if (std::stoi(line.substr(second + 1)) == 0) continue;
    relevant[line.substr(0, first)].insert(line.substr(first + 1, second - first - 1));
  }
  return relevant;
}

struct Quality {
  double ndcg_at_10 = 0;
  double average_precision = 0;  // over the first 1000
};

Quality QualityOf(const std::vector<ScoredSlot>& hits, const std::vector<Row>& documents,
                  const std::set<std::string>& relevant) {
  Quality quality;
  double ideal = 0;
  for (size_t i = 0; i < std::min<size_t>(10, relevant.size()); ++i) ideal += 1 / std::log2(i + 2.0);
  size_t found = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    if (!relevant.contains(documents[hits[i].slot.value].id)) continue;
    ++found;
    if (i < 10) quality.ndcg_at_10 += 1 / std::log2(i + 2.0) / ideal;
    quality.average_precision += static_cast<double>(found) / static_cast<double>(i + 1) / relevant.size();
  }
  return quality;
}

void Seal(FileSystem& files, const std::string& path, const std::shared_ptr<const Analyzer>& analyzer,
          TextIndex* index) {
  const TextPartHandle handle = *index->Freeze();
  ASSERT_GT(SealTexts(files, path, *analyzer, {handle}, Position(1)).value(), 0u);
  index->Replace({handle}, TextSegment::Open(files, path, *analyzer).value());
}

Quality MeanQuality(const std::string& folder, const std::string& analyzer_name, bool sealed) {
  const std::shared_ptr<const Analyzer> analyzer = MakeAnalyzer(analyzer_name);
  const std::vector<Row> documents = ReadRows(folder + "/docs.jsonl");
  FaultFileSystem files;
  TextIndex index(analyzer, {});
  SlotSet all;
  for (uint32_t slot = 0; slot < documents.size(); ++slot) {
    index.Add(Slot(slot), {documents[slot].text});
    all.add(slot);
    // Three segments and a fresh rest.
    if (sealed && (slot + 1) % (documents.size() / 3 - 50) == 0)
      Seal(files, "segment" + std::to_string(slot), analyzer, &index);
  }
  EXPECT_EQ(index.Parts().size(), sealed ? 3u : 0u);
  const auto relevant = ReadRelevant(folder + "/qrels.tsv");
  Quality mean;
  for (const Row& query : ReadRows(folder + "/queries.jsonl")) {
    const auto judged = relevant.find(query.id);
    if (judged == relevant.end()) continue;
    const TextQuery parsed = ParseTextQuery(query.text, TextMode::kPlain, *analyzer).value();
    const Quality quality = QualityOf(index.View(parsed).Top(all, 1000), documents, judged->second);
    mean.ndcg_at_10 += quality.ndcg_at_10 / static_cast<double>(relevant.size());
    mean.average_precision += quality.average_precision / static_cast<double>(relevant.size());
  }
  return mean;
}

TEST(TextQualityTest, CranfieldReachesTheFigureOfThePlainBaseline) {
  ENGRAM_DATA_OR_SKIP(folder, "cranfield");
  for (const bool sealed : {false, true}) {
    EXPECT_NEAR(MeanQuality(folder, "simple", sealed).average_precision, 0.282, 0.005);
  }
}

TEST(TextQualityTest, SciFactReachesTheFigureOfThePlainBaseline) {
  ENGRAM_DATA_OR_SKIP(folder, "scifact");
  for (const bool sealed : {false, true}) {
    EXPECT_NEAR(MeanQuality(folder, "simple", sealed).ndcg_at_10, 0.666, 0.005);
  }
}

TEST(TextQualityTest, SciFactGainsByStemming) {
  ENGRAM_DATA_OR_SKIP(folder, "scifact");
  for (const bool sealed : {false, true}) {
    EXPECT_NEAR(MeanQuality(folder, "english", sealed).ndcg_at_10, 0.686, 0.01);
  }
}

}  // namespace
}  // namespace engram
