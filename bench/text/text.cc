// Prints how long a text search takes, top k, over documents recombined from real sentences: in the form in memory,
// sealed in one segment and, with --peer, in another engine over the same documents and queries; and whether all of
// them find equally good documents. With --folder, the segment and the peer's index stay for the next run.
//
// Every query is run by all of them in turn, round after round, so that a noisy machine is noisy for all; a query's
// time is the median of its rounds.
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "bench/quality/machine.h"
#include "bench/quality/report.h"
#include "bench/text/corpus.h"
#include "bench/text/peer.h"
#include "bench/text/query_mixes.h"
#include "index/text/text_index.h"
#include "index/text/text_segment.h"

namespace engram::text_bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  std::string data;
  std::string peer;
  std::string json;
  std::string mix;
  std::string folder;
  uint32_t documents = 200'000;
  size_t queries = 200;
  size_t rounds = 5;
  size_t warm_up = 3000;
  size_t k = 10;
  uint64_t seed = 1;
  bool exact = true;
};

void OrDie(const Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "text: {}\n", status.ToString());
  std::exit(1);
}

template <class T>
T OrDie(Result<T> result) {
  OrDie(result.status());
  return std::move(result).value();
}

// Of this thread. A search has no other thread and no waiting, so that on a machine shared with others this is what it
// costs.
double CpuMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double Seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

TextQuery Parsed(const Query& query, const Analyzer& analyzer) {
  std::string text = fmt::format("{}", fmt::join(query.words, " "));
  if (query.phrase) text = "\"" + text + "\"";
  const TextMode mode = query.phrase ? TextMode::kAny : query.all ? TextMode::kAll : TextMode::kPlain;
  return OrDie(ParseTextQuery(text, mode, analyzer));
}

double Percentile(std::vector<double> values, double share) {
  const auto at = static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(at), values.end());
  return values[at];
}

// Times of one engine for one mix, and what it costs to take its answer for ours.
struct Measured {
  std::vector<std::vector<double>> rounds;  // microseconds by query and round

  double Percentile(double share) const {
    std::vector<double> medians;
    for (const std::vector<double>& times : rounds) medians.push_back(text_bench::Percentile(times, 0.5));
    return text_bench::Percentile(medians, share);
  }

  double worst_loss = 0;  // of the sum of scores of a query's best
};

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {}

  void Run() {
    const std::vector<std::string> sentences = OrDie(ReadSentences(options_.data));
    fmt::print("{}\n\n", quality::DescribeMachine());
    fmt::print("{} sentences recombined into {} documents, seed {}\n", sentences.size(), options_.documents,
               options_.seed);
    MakeFolder(sentences);
    if (!options_.peer.empty()) {
      peer_.emplace(OrDie(Peer::Start(options_.peer, options_.folder.empty() ? "" : folder_ + "/peer")));
    }
    all_.addRange(0, options_.documents);
    Load(sentences);
    Open();
    const std::vector<QueryMix> mixes = MakeQueryMixes(sentences, options_.queries, options_.seed + 1);
    WarmUp(mixes);
    for (const QueryMix& mix : mixes) {
      if (options_.mix.empty() || options_.mix == mix.name) MeasureMix(mix);
    }
    fmt::print("\n{}", report_.Markdown());
    if (!options_.json.empty()) std::ofstream(options_.json) << report_.Json();
    if (options_.folder.empty()) std::filesystem::remove_all(folder_);
  }

 private:
  // Named after what its files are made of: their number, the seed and the sentences.
  void MakeFolder(const std::vector<std::string>& sentences) {
    if (options_.folder.empty()) {
      folder_ = std::filesystem::temp_directory_path() / fmt::format("engram_text_{}", getpid());
    } else {
      uint64_t all = 0;
      for (const std::string& sentence : sentences) all = HashBytes64(sentence + fmt::format(" {}", all));
      folder_ = fmt::format("{}/documents{}-seed{}-{:016x}", options_.folder, options_.documents, options_.seed, all);
    }
    std::filesystem::create_directories(folder_);
  }

  std::string SegmentPath() const { return folder_ + "/segment"; }

  // Makes what is not there yet, in one pass over the documents.
  void Load(const std::vector<std::string>& sentences) {
    const bool to_seal = !std::filesystem::exists(SegmentPath());
    const bool to_peer = peer_ && !peer_->has_index();
    if (!to_seal) fmt::print("the segment is an earlier run's\n");
    if (peer_ && !to_peer) fmt::print("the peer's index is an earlier run's\n");
    if (!to_seal && !to_peer && !options_.exact) return;
    Documents documents(sentences, options_.seed);
    const auto begin = Clock::now();
    TextIndex loaded(analyzer_, {});
    for (uint32_t slot = 0; slot < options_.documents; ++slot) {
      const std::string document = documents.Next();
      if (to_seal) loaded.Add(Slot(slot), {document});
      if (options_.exact) exact_.Add(Slot(slot), {document});
      if (to_peer) peer_->Add(document);
    }
    fmt::print("documents given to all in {:.1f} s\n", Seconds(begin));
    if (to_seal || options_.exact) {
      const size_t memory = (to_seal ? loaded : exact_).MemoryBytes();
      fmt::print("the form in memory has {:.0f} MB\n", static_cast<double>(memory) / 1e6);
    }
    if (to_seal) Seal(&loaded);
    if (to_peer) OrDie(peer_->Commit());
  }

  void Seal(TextIndex* loaded) {
    const TextPartHandle handle = *loaded->Freeze();
    const auto begin = Clock::now();
    const std::string part = SegmentPath() + ".part";
    OrDie(SealTexts(FileSystem::Posix(), part, *analyzer_, {handle}, Position(1)));
    std::filesystem::rename(part, SegmentPath());
    fmt::print("sealed in {:.1f} s\n", Seconds(begin));
  }

  void Open() {
    const auto begin = Clock::now();
    sealed_.Attach(OrDie(TextSegment::Open(FileSystem::Posix(), SegmentPath(), *analyzer_)), {});
    fmt::print("segment of {:.0f} MB, {:.1f} MB of them resident; opened in {:.0f} ms\n",
               static_cast<double>(std::filesystem::file_size(SegmentPath())) / 1e6,
               static_cast<double>(sealed_.MemoryBytes()) / 1e6, Seconds(begin) * 1e3);
    std::fflush(stdout);
  }

  std::vector<ScoredSlot> Search(const TextIndex& index, const TextQuery& query, std::vector<double>* microseconds) {
    const double begin = CpuMicroseconds();
    std::vector<ScoredSlot> hits = index.View(query).Top(all_, options_.k);
    microseconds->push_back(CpuMicroseconds() - begin);
    return hits;
  }

  // By how much the best of a query would be worse if they were those.
  double Loss(const TextQuery& query, const std::vector<ScoredSlot>& ours, const std::vector<PeerHit>& theirs) {
    std::vector<Slot> slots;
    for (const PeerHit& hit : theirs) slots.push_back(Slot(hit.document));
    double our_sum = 0;
    double their_sum = 0;
    for (const ScoredSlot& hit : ours) our_sum += hit.score;
    for (const double score : sealed_.View(query).Score(slots)) their_sum += score;
    return our_sum == 0 ? their_sum : 1 - their_sum / our_sum;
  }

  // A peer that compiles itself while it runs needs thousands of queries of every kind.
  void WarmUp(const std::vector<QueryMix>& mixes) {
    for (size_t done = 0; peer_ && done < options_.warm_up; done += options_.queries) {
      for (const QueryMix& mix : mixes) {
        for (const Query& query : mix.queries) OrDie(peer_->Search(query, options_.k));
      }
    }
  }

  void MeasureMix(const QueryMix& mix) {
    Measured exact;
    Measured sealed;
    Measured peer;
    for (Measured* measured : {&exact, &sealed, &peer}) measured->rounds.resize(mix.queries.size());
    for (size_t round = 0; round < options_.rounds; ++round) {
      for (size_t q = 0; q < mix.queries.size(); ++q) {
        const TextQuery parsed = Parsed(mix.queries[q], *analyzer_);
        const std::vector<ScoredSlot> hits = Search(sealed_, parsed, &sealed.rounds[q]);
        if (options_.exact) Compare(mix.queries[q], Search(exact_, parsed, &exact.rounds[q]), hits);
        if (!peer_) continue;
        const PeerAnswer answer = OrDie(peer_->Search(mix.queries[q], options_.k));
        peer.worst_loss = std::max(peer.worst_loss, Loss(parsed, hits, answer.hits));
        peer.rounds[q].push_back(answer.microseconds);
      }
    }
    Tell(mix.name, "sealed", sealed);
    if (options_.exact) Tell(mix.name, "in memory", exact);
    if (!peer_) return;
    Tell(mix.name, peer_->description(), peer);
    times_.Set(mix.name, "p50 ratio", {sealed.Percentile(0.5) / peer.Percentile(0.5)});
    times_.Set(mix.name, "p99 ratio", {sealed.Percentile(0.99) / peer.Percentile(0.99)});
    times_.Set(mix.name, "peer's loss", {peer.worst_loss});
  }

  void Compare(const Query& query, const std::vector<ScoredSlot>& exact, const std::vector<ScoredSlot>& sealed) {
    const auto same = [](const ScoredSlot& a, const ScoredSlot& b) { return a.slot == b.slot && a.score == b.score; };
    if (std::equal(exact.begin(), exact.end(), sealed.begin(), sealed.end(), same)) return;
    fmt::print(stderr, "text: the sealed form answers \"{}\" differently\n", fmt::join(query.words, " "));
    std::exit(1);
  }

  void Tell(const std::string& mix, const std::string& engine, const Measured& measured) {
    times_.Set(mix, engine + " p50", {measured.Percentile(0.5)});
    times_.Set(mix, engine + " p99", {measured.Percentile(0.99)});
  }

  const Options options_;
  const std::shared_ptr<const Analyzer> analyzer_ = [] {
    AnalyzerOptions options;
    options.analyzer = "whitespace";  // documents come as words
    return OrDie(Analyzer::Create(options));
  }();
  TextIndex exact_{analyzer_, {}};
  TextIndex sealed_{analyzer_, {}};
  SlotSet all_;
  std::string folder_;
  std::optional<Peer> peer_;
  quality::Report report_;
  quality::Table& times_ = report_.Add("Text search, microseconds of CPU a query", "queries");
};

}  // namespace
}  // namespace engram::text_bench

int main(int argc, char** argv) {
  engram::text_bench::Options options;
  CLI::App app("Text search: in memory, sealed and beside a peer.");
  app.add_option("--data", options.data, "Folder of public collections")->required();
  app.add_option("--peer", options.peer, "Command that runs another engine, see bench/text/lucene.sh");
  app.add_option("--json", options.json, "Writes the figures there, too");
  app.add_option("--mix", options.mix, "Only this kind of query");
  app.add_option("--folder", options.folder, "Keeps the segment and the peer's index there for the next run");
  app.add_option("--documents", options.documents, "How many")->capture_default_str();
  app.add_option("--queries", options.queries, "Of each kind")->capture_default_str();
  app.add_option("--rounds", options.rounds, "Times each query is measured")->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "Queries of each kind a peer gets before")->capture_default_str();
  app.add_option("--k", options.k, "Best documents asked for")->capture_default_str();
  app.add_option("--seed", options.seed, "Of documents and queries")->capture_default_str();
  app.add_flag("--exact,!--no-exact", options.exact, "Also the form in memory, and that it gives the same answers");
  CLI11_PARSE(app, argc, argv);
  if (app.count("--peer") > 0 && options.peer.empty()) {
    fmt::print(stderr, "text: --peer names no command; did the script that prints it fail?\n");
    return 1;
  }
  engram::text_bench::Bench(options).Run();
}
