#include "tools/import/verify.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tools/import/graph_records.h"
#include "tools/import/history_diff.h"
#include "tools/import/import_row.h"
#include "tools/import/record_diff.h"
#include "tools/import/revision.h"

namespace engram {
namespace {

constexpr size_t kPage = 100;

v1::Value* IdIn(v1::Value* filter) {
  return &(*(*filter->mutable_object_value()->mutable_members())["id"].mutable_object_value()->mutable_members())["in"];
}

// The XOR and the sum of hashes: equal for equal sets, whatever their order.
class SetDigest {
 public:
  void Add(const Hash128& hash) {
    xor_.high ^= hash.high;
    xor_.low ^= hash.low;
    sum_ += hash;
  }
  std::string Xor() const { return xor_.ToHex(); }
  std::string Sum() const { return sum_.ToHex(); }

 private:
  Hash128 xor_;
  Hash128 sum_;
};

}  // namespace

class ImportVerifier::Rep {
 public:
  Rep(Client& client, VerifyOptions options, bool normalises_cosine)
      : client_(client),
        options_(std::move(options)),
        normalises_cosine_(normalises_cosine),
        agreement_(options_.agreement),
        graph_(client, options_.namespace_name) {}

  Status Begin() {
    ASSIGN_OR_RETURN(const v1::Namespace described, client_.DescribeNamespace(options_.namespace_name));
    config_ = described.config();
    if (normalises_cosine_) KeepCosineSpaces(config_);
    ASSIGN_OR_RETURN(const auto row, FindImportRow(client_, options_.namespace_name, options_.import_id));
    has_row_ = row.has_value();
    pushed_back_ = row && row->has_push_back();
    return {};
  }

  Result<VerifyReport> Finish() {
    RETURN_IF_ERROR(ComparePage());
    RETURN_IF_ERROR(CompareGraph());
    RETURN_IF_ERROR(CompareEndedEdges());
    if (options_.whole && has_row_) RETURN_IF_ERROR(FindExtra());
    if (!has_row_) {
      report_.notes.push_back(fmt::format(
          "there is no import {} in the namespace, so that records of it alone can't be told", options_.import_id));
    } else if (!options_.whole) {
      report_.notes.emplace_back("memories that the source has not were not looked for: a part of it was read");
    }
    ASSIGN_OR_RETURN(*report_.result.mutable_search(),
                     agreement_.Measure(client_, options_.namespace_name, config_, absent_));
    Conclude();
    return std::move(report_);
  }

  Status Take(SourceRecord record) {
    result().set_compared(result().compared() + 1);
    if (!record.problem.ok()) {
      result().set_unreadable(result().unreadable() + 1);
      Place(record.place, record.problem.message());
      return {};
    }
    if (const auto* dead = std::get_if<Tombstone>(&record.item)) return CompareTombstone(record, dead->memory);
    if (auto* memory = std::get_if<v1::Memory>(&record.item)) {
      if (memory->id().empty()) {
        result().set_unreadable(result().unreadable() + 1);
        Place(record.place, "a memory without an id can't be found again");
        return {};
      }
      // The later record of an id is the one that counts.
      if (in_page_.count(memory->id()) != 0) RETURN_IF_ERROR(ComparePage());
      in_page_.insert(memory->id());
      page_.push_back(std::move(record));
      return page_.size() == kPage ? ComparePage() : Status();
    }
    if (const auto* edge = std::get_if<v1::Edge>(&record.item); edge != nullptr && edge->has_retired_at()) {
      ended_edges_.Add(*edge);
      return {};
    }
    graph_.Add(std::move(record));
    return graph_.full() ? CompareGraph() : Status();
  }

 private:
  void KeepCosineSpaces(const v1::NamespaceConfig& config) {
    for (const auto& [name, space] : config.vectors()) {
      if (space.metric() != v1::METRIC_DOT && space.metric() != v1::METRIC_L2) rules_.cosine_spaces.push_back(name);
    }
  }

  // Memories of the page as the store has them, hidden ones included.
  Result<std::map<std::string, v1::Memory>> ReadBack() {
    std::map<std::string, v1::Memory> stored;
    v1::GetRequest request;
    for (const SourceRecord& record : page_) request.add_ids(IdOf(record));
    request.add_include("all");
    ASSIGN_OR_RETURN(v1::GetReply reply, client_.GetMemories(options_.namespace_name, request));
    for (v1::Memory& memory : *reply.mutable_memories()) stored[memory.id()] = std::move(memory);
    if (reply.missing().empty()) return stored;
    v1::ListRequest hidden;
    v1::Value* in = IdIn(hidden.mutable_filter());
    for (const std::string& id : reply.missing()) in->mutable_list_value()->add_values()->set_string_value(id);
    hidden.set_include_expired(true);
    hidden.set_limit(static_cast<uint32_t>(reply.missing_size()));
    hidden.add_include("all");
    ASSIGN_OR_RETURN(v1::ListReply listed, client_.ListMemories(options_.namespace_name, hidden));
    for (v1::Memory& memory : *listed.mutable_memories()) stored[memory.id()] = std::move(memory);
    return stored;
  }

  Result<std::map<std::string, v1::ImportedItem>> ReadItems() {
    std::map<std::string, v1::ImportedItem> items;
    if (!has_row_) return items;
    v1::ListImportedRequest request;
    request.set_id(options_.import_id);
    for (const SourceRecord& record : page_) request.add_memory_ids(IdOf(record));
    ASSIGN_OR_RETURN(v1::ListImportedReply reply, client_.ListImported(options_.namespace_name, request));
    for (v1::ImportedItem& item : *reply.mutable_items()) items[item.id()] = std::move(item);
    return items;
  }

  Status ComparePage() {
    in_page_.clear();
    if (page_.empty()) return {};
    ASSIGN_OR_RETURN(const auto stored, ReadBack());
    ASSIGN_OR_RETURN(const auto items, ReadItems());
    for (const SourceRecord& record : page_) {
      const v1::Memory& wanted = std::get<v1::Memory>(record.item);
      if (options_.whole) ids_.push_back(HashBytes64(wanted.id()));
      const auto found = stored.find(wanted.id());
      const auto item = items.find(wanted.id());
      const v1::ImportedItem* known = item == items.end() ? nullptr : &item->second;
      if (found == stored.end()) {
        RETURN_IF_ERROR(Absent(record, wanted));
      } else {
        RETURN_IF_ERROR(Compare(record, wanted, found->second, known));
      }
      agreement_.Add(wanted, Findable(wanted));
    }
    page_.clear();
    return {};
  }

  static bool Findable(const v1::Memory& memory) {
    const bool expired = memory.has_expires_at() && memory.expires_at().seconds() <= NowSeconds();
    return !expired && (memory.state().empty() || memory.state() == "active");
  }
  static int64_t NowSeconds() { return Clock::Real().Now().micros / 1'000'000; }

  Status Absent(const SourceRecord& record, const v1::Memory& wanted) {
    absent_.insert(HashBytes64(wanted.id()));
    std::string ended = "delete";
    if (!record.seen) {
      ASSIGN_OR_RETURN(ended, HowItEnded(client_, options_.namespace_name, wanted.id()));
    }
    // Expired memories of the source end as they arrive, unless the namespace hides them.
    if (ended.empty() && wanted.has_expires_at() && wanted.expires_at().seconds() <= NowSeconds()) ended = "expire";
    if (ended == "expire") {
      result().set_expired(result().expired() + 1);
    } else if (ended == "delete") {
      result().set_deleted(result().deleted() + 1);
    } else {
      result().set_missing(result().missing() + 1);
      if (const auto hash = HashOfRecord(wanted); hash.ok()) wanted_.Add(*hash);
      Place(record.place, fmt::format("\"{}\" is not in the store", wanted.id()));
    }
    return {};
  }

  Status Compare(const SourceRecord& record, const v1::Memory& wanted, const v1::Memory& stored,
                 const v1::ImportedItem* item) {
    CompareRules rules = rules_;
    rules.replaced = item != nullptr && item->replaced();
    auto compared = CompareRecord(wanted, stored, rules);
    if (!compared.ok() && compared.status().code() == StatusCode::kCorruption) return compared.status();
    if (!compared.ok()) {
      result().set_unreadable(result().unreadable() + 1);
      Place(record.place, compared.status().message());
      return {};
    }
    const bool same_record = stored.source().has_version() && wanted.source().has_version() &&
                             SameRecord(stored.source().version(), wanted.source().version());
    const bool made_here = pushed_back_ && stored.source().system().empty();
    const bool edited = item != nullptr ? item->now() == "changed" : same_record || made_here;
    if (!compared->differences.empty() && edited) {
      result().set_edited(result().edited() + 1);
      return {};
    }
    wanted_.Add(compared->wanted);
    stored_.Add(compared->stored);
    // Over a memory that was there before, an import leaves the history as it is.
    if (wanted.history_size() > 0 && !edited && !rules.replaced) {
      RETURN_IF_ERROR(CompareFormer(record, wanted));
    }
    if (compared->differences.empty()) {
      result().set_matched(result().matched() + 1);
      if (compared->same_direction) result().set_same_direction(result().same_direction() + 1);
      return {};
    }
    result().set_different(result().different() + 1);
    const bool moved_on = stored.source().has_version() && wanted.source().has_version() && !same_record;
    Place(record.place,
          fmt::format("\"{}\" differs{}: {}", wanted.id(), moved_on ? ", the source has changed it since" : "",
                      compared->differences.front()));
    Show(record.place, wanted.id(), compared->differences);
    return {};
  }

  // How many former versions the namespace keeps.
  size_t Kept() const {
    const v1::HistoryConfig& policy = config_.history();
    if (policy.keep() == "none") return 0;
    return policy.has_versions() ? policy.versions() : kHistoryUntrimmed;
  }

  // What lives here though the source has deleted it came with an earlier run, and is extra.
  Status CompareTombstone(const SourceRecord& record, const v1::Memory& wanted) {
    const auto reply = client_.GetHistory(options_.namespace_name, wanted.id());
    if (!reply.ok() && reply.status().code() != StatusCode::kNotFound) return reply.status();
    if (!reply.ok() || reply->events().empty()) {
      result().set_missing(result().missing() + 1);
      Place(record.place, fmt::format("\"{}\", which was deleted, is not in the store", wanted.id()));
      return {};
    }
    const std::vector<v1::HistoryEvent> events(reply->events().begin(), reply->events().end());
    const v1::HistoryEvent& end = *wanted.history().rbegin();
    if (events.back().event() != "delete" && events.back().event() != "expire") return {};
    const bool same_end = events.back().event() == end.event() &&
                          events.back().time().seconds() == end.time().seconds() &&
                          events.back().time().nanos() / 1'000 == end.time().nanos() / 1'000;
    if (!same_end) {  // it has lived here, and was deleted here, too
      result().set_deleted(result().deleted() + 1);
      return {};
    }
    const size_t kept = Kept();
    const auto compared = CompareHistory(wanted, events, kept == kHistoryUntrimmed ? kept : kept + 1);
    if (compared.verdict == HistoryVerdict::kEqual) result().set_matched(result().matched() + 1);
    return CountHistory(record, wanted, compared);
  }

  Status CompareEndedEdges() {
    ASSIGN_OR_RETURN(const std::vector<std::string> missing,
                     ended_edges_.Missing(client_, options_.namespace_name, &result()));
    for (const std::string& id : missing)
      Place("edge", fmt::format("\"{}\", which has ended, is not in the store", id));
    return {};
  }

  Status CompareFormer(const SourceRecord& record, const v1::Memory& wanted) {
    auto reply = client_.GetHistory(options_.namespace_name, wanted.id());
    if (!reply.ok()) return reply.status();
    std::vector<v1::HistoryEvent> former(reply->events().begin(), reply->events().end());
    if (!former.empty()) former.pop_back();  // the current version
    return CountHistory(record, wanted, CompareHistory(wanted, former, Kept()));
  }

  Status CountHistory(const SourceRecord& record, const v1::Memory& wanted, const HistoryComparison& compared) {
    v1::HistoryVerification& counts = *result().mutable_history();
    counts.set_memories(counts.memories() + 1);
    counts.set_events(counts.events() + compared.equal_events);
    switch (compared.verdict) {
      case HistoryVerdict::kEqual: return {};
      case HistoryVerdict::kMissing: counts.set_missing(counts.missing() + 1); break;
      case HistoryVerdict::kExtra: counts.set_extra(counts.extra() + 1); break;
      case HistoryVerdict::kKind: counts.set_kinds(counts.kinds() + 1); break;
      case HistoryVerdict::kTime: counts.set_times(counts.times() + 1); break;
      case HistoryVerdict::kText: counts.set_texts(counts.texts() + 1); break;
    }
    Place(record.place, fmt::format("\"{}\" has another history: {}", wanted.id(), compared.differences.front()));
    Show(record.place, wanted.id(), compared.differences);
    return {};
  }

  // Up to `sample` records that differ, field by field.
  void Show(const std::string& place, const std::string& id, const std::vector<std::string>& differences) {
    if (shown_++ >= options_.sample) return;
    report_.differences.push_back(fmt::format("{} \"{}\"", place, id));
    for (const std::string& line : differences) report_.differences.push_back("    " + line);
  }

  Status CompareGraph() {
    ASSIGN_OR_RETURN(const std::vector<GraphDifference> differing, graph_.Compare());
    result().set_matched(result().matched() + graph_.TakeMatched());
    for (const GraphDifference& one : differing) {
      bool edited = false;
      if (one.there && has_row_) {
        ASSIGN_OR_RETURN(edited, ChangedHere(one));
      }
      if (edited) {
        result().set_edited(result().edited() + 1);
        continue;
      }
      if (one.there) {
        result().set_different(result().different() + 1);
      } else {
        result().set_missing(result().missing() + 1);
      }
      Place(one.place, one.what);
    }
    return {};
  }

  // Whether somebody has written the node, run or edge since the import did. Listed once, when the first one differs.
  Result<bool> ChangedHere(const GraphDifference& one) {
    if (!changed_) {
      changed_.emplace();
      RETURN_IF_ERROR(
          VisitImported(client_, options_.namespace_name, options_.import_id, [&](const v1::ImportedItem& item) {
            if (item.kind() != "memory" && item.now() == "changed") changed_->insert(item.kind() + " " + item.id());
            return Status();
          }));
    }
    return changed_->count(one.kind + " " + one.id) != 0;
  }

  // Memories that the import brought, that are there as it left them, and that the source does not have.
  Status FindExtra() {
    std::sort(ids_.begin(), ids_.end());
    std::vector<std::string> extra;
    RETURN_IF_ERROR(VisitImported(
        client_, options_.namespace_name, options_.import_id, [&](const v1::ImportedItem& item) -> Status {
          if (item.kind() != "memory" || item.now() != "as_written" || item.id().empty()) return {};
          if (std::binary_search(ids_.begin(), ids_.end(), HashBytes64(item.id()))) return {};
          result().set_extra(result().extra() + 1);
          Place("store", fmt::format("\"{}\" came with this import and is not in the source", item.id()));
          extra.push_back(item.id());
          return extra.size() == kPage ? DigestExtra(&extra) : Status();
        }));
    return DigestExtra(&extra);
  }

  Status DigestExtra(std::vector<std::string>* extra) {
    if (extra->empty()) return {};
    v1::GetRequest request;
    for (const std::string& id : *extra) request.add_ids(id);
    request.add_include("all");
    extra->clear();
    ASSIGN_OR_RETURN(const v1::GetReply reply, client_.GetMemories(options_.namespace_name, request));
    for (const v1::Memory& memory : reply.memories()) {
      ASSIGN_OR_RETURN(const Hash128 hash, HashOfRecord(memory));
      stored_.Add(hash);
    }
    return {};
  }

  void Conclude() {
    result().set_all_matched(report_.unmatched() == 0);
    result().set_source_xor(wanted_.Xor());
    result().set_source_sum(wanted_.Sum());
    result().set_store_xor(stored_.Xor());
    result().set_store_sum(stored_.Sum());
    const Timestamp now = Clock::Real().Now();
    result().mutable_at()->set_seconds(now.micros / 1'000'000);
    if (result().same_direction() > 0) {
      report_.notes.push_back(
          fmt::format("{} cosine vectors have another length than the source's and the same direction within {} a "
                      "component: the source normalises them",
                      WithThousands(result().same_direction()), kDirectionTolerance));
    }
  }

  v1::ImportVerification& result() { return report_.result; }

  static const std::string& IdOf(const SourceRecord& record) { return std::get<v1::Memory>(record.item).id(); }

  void Place(const std::string& place, const std::string& what) {
    constexpr int kPlaces = 20;
    if (result().places_size() < kPlaces) result().add_places(fmt::format("{}: {}", place, what));
  }

  Client& client_;
  const VerifyOptions options_;
  const bool normalises_cosine_;
  v1::NamespaceConfig config_;
  CompareRules rules_;
  bool has_row_ = false;
  bool pushed_back_ = false;  // so that the source may have what was made here
  std::vector<SourceRecord> page_;
  std::set<std::string> in_page_;
  std::vector<uint64_t> ids_;  // hashes of the source's
  std::unordered_set<uint64_t> absent_;
  std::optional<std::set<std::string>> changed_;  // nodes, runs and edges, here, since
  SetDigest wanted_;
  SetDigest stored_;
  SearchAgreement agreement_;
  GraphRecords graph_;
  EndedEdges ended_edges_;
  size_t shown_ = 0;
  VerifyReport report_;
};

ImportVerifier::ImportVerifier(Client& client, VerifyOptions options, bool normalises_cosine)
    : rep_(std::make_unique<Rep>(client, std::move(options), normalises_cosine)) {}
ImportVerifier::~ImportVerifier() = default;
ImportVerifier::ImportVerifier(ImportVerifier&&) noexcept = default;
Status ImportVerifier::Begin() { return rep_->Begin(); }
Status ImportVerifier::Take(SourceRecord record) { return rep_->Take(std::move(record)); }
Result<VerifyReport> ImportVerifier::Finish() { return rep_->Finish(); }

Result<std::string> HowItEnded(Client& client, const std::string& ns, const std::string& id) {
  const auto history = client.GetHistory(ns, id);
  if (!history.ok() && history.status().code() == StatusCode::kNotFound) return std::string();
  if (!history.ok()) return history.status();
  if (history->events().empty()) return std::string();
  const std::string& last = history->events().rbegin()->event();
  return last == "delete" || last == "expire" ? last : std::string();
}

Result<VerifyReport> VerifyImport(Client& client, ImportSource& source, const VerifyOptions& options,
                                  Progress& progress) {
  ImportVerifier verifier(client, options, source.Describe().normalises_cosine);
  RETURN_IF_ERROR(verifier.Begin());
  uint64_t read = 0;
  while (!options.limit || read < *options.limit) {
    SourceRecord record;
    ASSIGN_OR_RETURN(const bool more, source.Next(&record));
    if (!more) break;
    if (std::holds_alternative<v1::NamespaceConfig>(record.item) && record.problem.ok()) continue;
    progress.Update(++read, source.Fraction());
    RETURN_IF_ERROR(verifier.Take(std::move(record)));
  }
  progress.Finish();
  return verifier.Finish();
}

}  // namespace engram
