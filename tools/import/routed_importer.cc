#include "tools/import/routed_importer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "tools/progress.h"

namespace engram {
namespace {

constexpr std::string_view kRouted = "routed ";
constexpr std::string_view kFinished = "finished ";
constexpr size_t kPendingBytesMax = size_t{64} << 20;  // in the batches of all lanes

struct RoutedCursor {
  std::optional<uint64_t> record;  // nothing: finished
  std::string source;
};

std::optional<RoutedCursor> ParseCursor(std::string_view text) {
  if (!text.starts_with(kRouted)) return std::nullopt;
  text.remove_prefix(kRouted.size());
  RoutedCursor cursor;
  if (text.starts_with(kFinished)) {
    cursor.source = text.substr(kFinished.size());
    return cursor;
  }
  uint64_t record = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), record);
  if (read.ec != std::errc() || read.ptr == text.data() + text.size() || *read.ptr != ' ') return std::nullopt;
  cursor.record = record;
  cursor.source = std::string_view(read.ptr + 1, static_cast<size_t>(text.data() + text.size() - read.ptr - 1));
  return cursor;
}

// An error with the tenant that it is about.
Status InTenant(const std::string& tenant, Status status) {
  if (tenant.empty() || status.ok()) return status;
  Status named(status.code(), fmt::format("tenant {}: {}", tenant, status.message()));
  if (!status.field().empty()) named = std::move(named).At(status.field());
  for (const auto& [key, value] : status.details()) named = std::move(named).With(key, value);
  return named;
}

}  // namespace

std::optional<std::string> SourceCursorOf(const std::string& routed) {
  auto cursor = ParseCursor(routed);
  return cursor ? std::optional<std::string>(std::move(cursor->source)) : std::nullopt;
}

RoutedImporter::RoutedImporter(TenantClients& clients, ImportSource& source, RoutedOptions options, Progress& progress)
    : clients_(clients),
      source_(source),
      options_(std::move(options)),
      progress_(progress),
      described_(source.Describe()),
      rejects_(options_.each.reject_limits, options_.each.dry_run, progress),
      router_(options_.route) {
  if (options_.each.import_id.empty()) options_.each.import_id = source_.DefaultImportId();
}

Status RoutedImporter::Run() {
  Status status = Copy();
  for (const auto& [to, lane] : lanes_) summary_.lanes[to] = lane.lane->summary();
  summary_.stopped_by_record = rejects_.stopped_by_record();
  if (!status.ok()) return status;
  for (std::string& note : source_.Notes()) summary_.notes.push_back(std::move(note));
  if (summary_.others > 0) {
    summary_.notes.push_back(
        fmt::format("{} records of other namespaces were left out", WithThousands(summary_.others)));
  }
  progress_.Finish();
  return {};
}

Status RoutedImporter::Copy() {
  place_cursor_ = source_.Cursor(/*finished=*/false);
  RETURN_IF_ERROR(OpenKnown());
  RETURN_IF_ERROR(ResumeSource());
  RETURN_IF_ERROR(OpenRejects());
  bool complete = false;
  while (!options_.each.limit || summary_.records < *options_.each.limit) {
    SourceRecord record;
    ASSIGN_OR_RETURN(const bool more, source_.Next(&record));
    if (!more) {
      complete = true;
      break;
    }
    ++read_;
    RETURN_IF_ERROR(Take(std::move(record)));
    std::string cursor = source_.Cursor(/*finished=*/false);
    if (cursor != place_cursor_) {
      place_ = read_;
      place_cursor_ = std::move(cursor);
    }
    RETURN_IF_ERROR(CheckPassed());
    RETURN_IF_ERROR(Flush());
    progress_.Update(summary_.records, source_.Fraction());
  }
  return Finish(complete);
}

// The lanes of namespaces that this import has a row in.
Status RoutedImporter::OpenKnown() {
  for (const std::string& tenant : options_.tenants) {
    Status status = OpenKnownOf(tenant);
    if (!status.ok()) return InTenant(tenant, std::move(status));
  }
  return {};
}

Status RoutedImporter::OpenKnownOf(const std::string& tenant) {
  ASSIGN_OR_RETURN(Client* const client, clients_.For(tenant));
  if (client == nullptr) return {};
  RETURN_IF_ERROR(CheckName(*client));
  ASSIGN_OR_RETURN(const v1::ListImportsReply imports, client->ListImports());
  for (const auto& entry : imports.imports()) {
    Destination to{tenant, entry.namespace_()};
    if (entry.import().id() != options_.each.import_id || !IsWanted(to)) continue;
    RETURN_IF_ERROR(Open(to, entry.import()).status());
  }
  return {};
}

Status RoutedImporter::CheckName(Client& client) const {
  const std::string& only = options_.only.namespace_name;
  const std::string& name = only.empty() ? options_.route.namespace_name : only;
  if (name.empty()) return {};
  const auto described = client.DescribeNamespace(name);
  if (!described.ok()) return described.status().code() == StatusCode::kNotFound ? Status() : described.status();
  if (described->name() == name) return {};
  return InvalidArgument(
      fmt::format("{} is an alias of {}: a route speaks of namespaces by their names", name, described->name()));
}

bool RoutedImporter::IsWanted(const Destination& to) const {
  const Destination& only = options_.only;
  return (only.tenant.empty() || only.tenant == to.tenant) &&
         (only.namespace_name.empty() || only.namespace_name == to.namespace_name);
}

Result<RoutedImporter::Lane*> RoutedImporter::Open(const Destination& to, std::optional<v1::ImportProgress> row) {
  const auto known = lanes_.find(to);
  if (known != lanes_.end()) return &known->second;
  auto client = clients_.For(to.tenant);
  if (!client.ok()) return InTenant(to.tenant, std::move(client).status());
  Lane& lane = lanes_[to];
  lane.to = to;
  ImportOptions options = options_.each;
  options.namespace_name = to.namespace_name;
  if (options_.back_up && *client != nullptr) {
    options.back_up = [this, to, at = *client](const v1::Namespace& described) {
      return options_.back_up(to, *at, described);
    };
  }
  lane.lane = std::make_unique<ImportLane>(
      ImportLane::Shared{*client, described_, &rejects_, /*routed=*/true, to.tenant}, std::move(options));
  RETURN_IF_ERROR(lane.lane->Begin(std::move(row), Cursor()));
  const auto& earlier = lane.lane->earlier();
  if (!earlier && config_) RETURN_IF_ERROR(InTenant(to.tenant, lane.lane->AddConfig(*config_)));
  if (!earlier || options_.each.restart) return &lane;
  if (earlier->source().options() != options_.each.origin_options) {
    summary_.notes.push_back(fmt::format(
        "what chooses records for {} is another than when this import began: all of the source is looked at again",
        to.Text()));
    return &lane;
  }
  lane.fresh = false;
  const auto cursor = ParseCursor(earlier->cursor());
  if (!cursor || cursor->record.value_or(0) == 0) return &lane;
  lane.pass_to = *cursor->record;
  lane.passed = cursor->source;
  passing_[lane.pass_to].push_back(&lane);
  lane.lane->Resume();
  return &lane;
}

// So that a source which keeps count of what it has given tells what is gone from what is new.
Status RoutedImporter::ResumeSource() {
  if (!options_.rewind) return {};
  const Lane* least = nullptr;
  for (const auto& [to, lane] : lanes_) {
    if (!lane.fresh && (least == nullptr || lane.pass_to < least->pass_to)) least = &lane;
  }
  if (least == nullptr) return {};
  const auto cursor = ParseCursor(least->lane->earlier()->cursor());
  if (!cursor) return {};
  RETURN_IF_ERROR(source_.Resume(cursor->source).status());
  RETURN_IF_ERROR(options_.rewind());
  place_cursor_ = source_.Cursor(/*finished=*/false);
  return {};
}

Status RoutedImporter::OpenRejects() {
  if (options_.each.rejects_path.empty() || options_.each.dry_run) return {};
  std::map<Destination, uint64_t> keep;
  for (const auto& [to, lane] : lanes_) keep[to] = lane.lane->summary().rejected_before;
  ASSIGN_OR_RETURN(auto file, RejectsFile::OpenRouted(options_.each.rejects_path, keep));
  rejects_.Open(std::move(file));
  return {};
}

Status RoutedImporter::Take(SourceRecord record) {
  if (std::holds_alternative<v1::NamespaceConfig>(record.item) && record.problem.ok()) {
    for (auto& [to, lane] : lanes_) {
      if (!lane.lane->earlier()) RETURN_IF_ERROR(InTenant(to.tenant, lane.lane->AddConfig(record)));
    }
    config_ = std::move(record);
    return {};
  }
  ++summary_.records;
  rejects_.AddRecord();
  return Deliver(router_.Take(std::move(record)));
}

Status RoutedImporter::Deliver(RecordRouter::Routed routed) {
  for (RecordRouter::Delivery& delivery : routed.deliveries) {
    if (!IsWanted(delivery.to)) {
      ++summary_.others;
      continue;
    }
    ASSIGN_OR_RETURN(Lane * lane, Open(delivery.to, std::nullopt));
    if (read_ > lane->pass_to) RETURN_IF_ERROR(Add(lane, std::move(delivery.record)));
  }
  for (const SourceRecord& record : routed.unplaced) {
    ++summary_.unrouted;
    if (rejects_.ends_run()) {
      for (auto& [to, lane] : lanes_) RETURN_IF_ERROR(Commit(&lane));  // what came before it is in
    }
    RETURN_IF_ERROR(rejects_.Take(record, record.problem));
  }
  return {};
}

Status RoutedImporter::Add(Lane* lane, SourceRecord record) {
  if (lane->fresh) record.seen = false;
  lane->lane->CountRecord();
  lane->lane->SetUnrouted(summary_.unrouted);
  if (lane->lane->Refuses(record)) RETURN_IF_ERROR(Commit(lane));
  const size_t before = lane->lane->bytes();
  RETURN_IF_ERROR(InTenant(lane->to.tenant, lane->lane->Add(std::move(record), Cursor())));
  pending_bytes_ += lane->lane->bytes() - before;
  touched_.push_back(lane);
  return {};
}

Status RoutedImporter::Commit(Lane* lane) {
  pending_bytes_ -= lane->lane->bytes();
  return InTenant(lane->to.tenant, lane->lane->Commit(Cursor()));
}

Status RoutedImporter::CheckPassed() {
  while (!passing_.empty() && passing_.begin()->first <= read_) {
    for (const Lane* lane : passing_.begin()->second) {
      if (place_ == lane->pass_to && place_cursor_ == lane->passed) continue;
      summary_.source_changed = true;
      return FailedPrecondition("the source is not what it was when an earlier run was interrupted");
    }
    passing_.erase(passing_.begin());
  }
  return {};
}

Status RoutedImporter::Flush() {
  for (Lane* lane : std::exchange(touched_, {})) {
    if (lane->lane->full()) RETURN_IF_ERROR(Commit(lane));
  }
  if (pending_bytes_ <= kPendingBytesMax) return {};
  const auto largest = std::max_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a.second.lane->bytes() < b.second.lane->bytes();
  });
  return Commit(&largest->second);
}

Status RoutedImporter::Finish(bool complete) {
  if (complete && !passing_.empty()) {
    summary_.source_changed = true;
    return FailedPrecondition("the source has fewer records than when an earlier run was interrupted");
  }
  if (complete) RETURN_IF_ERROR(Deliver(router_.Finish()));
  // What changes in such a source may be anywhere in it: the next run looks at all of it.
  const bool whole = complete && options_.each.newer;
  const std::string cursor =
      whole ? fmt::format("{}{}{}", kRouted, kFinished, source_.Cursor(/*finished=*/true)) : Cursor();
  for (auto& [to, lane] : lanes_) {
    lane.lane->SetUnrouted(summary_.unrouted);
    // Where this run ended before it came to what the lane has, there is nothing new to say.
    if (!complete && read_ < lane.pass_to) continue;
    RETURN_IF_ERROR(InTenant(to.tenant, lane.lane->Finish(cursor, complete)));
  }
  return {};
}

std::string RoutedImporter::Cursor() const { return fmt::format("{}{} {}", kRouted, place_, place_cursor_); }

}  // namespace engram
