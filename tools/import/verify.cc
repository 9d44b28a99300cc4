#include "tools/import/verify.h"

#include <map>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include "tools/import/revision.h"

namespace engram {
namespace {

constexpr size_t kPage = 100;
constexpr size_t kPlacesShown = 20;

using google::protobuf::util::MessageDifferencer;

void Note(VerifyReport* report, const std::string& place, const std::string& what) {
  if (report->places.size() < kPlacesShown) report->places.push_back(fmt::format("{}: {}", place, what));
}

Status ComparePage(Client& client, const std::string& ns, std::vector<SourceRecord>* page, VerifyReport* report) {
  if (page->empty()) return {};
  v1::GetRequest request;
  for (const SourceRecord& record : *page) request.add_ids(std::get<v1::Memory>(record.item).id());
  ASSIGN_OR_RETURN(const v1::GetReply reply, client.GetMemories(ns, request));
  std::map<std::string, const v1::Memory*> stored;
  for (const v1::Memory& memory : reply.memories()) stored[memory.id()] = &memory;
  for (const SourceRecord& record : *page) {
    const v1::Memory& wanted = std::get<v1::Memory>(record.item);
    const auto found = stored.find(wanted.id());
    if (found == stored.end()) {
      bool deleted = record.seen;
      if (!deleted) {
        ASSIGN_OR_RETURN(deleted, IsDeleted(client, ns, wanted.id()));
      }
      ++(deleted ? report->deleted : report->missing);
      if (deleted) continue;
      Note(report, record.place, "not in the store");
      continue;
    }
    const std::string difference = FirstDifference(wanted, *found->second);
    if (difference.empty()) {
      ++report->matched;
      continue;
    }
    const v1::Source& source = found->second->source();
    if (source.has_version() && SameRecord(source.version(), wanted.source().version())) {
      ++report->edited;
      continue;
    }
    ++report->different;
    Note(report, record.place, fmt::format("another {} in the store", difference));
  }
  page->clear();
  return {};
}

}  // namespace

std::string FirstDifference(const v1::Memory& wanted, const v1::Memory& stored) {
  // A message with the source's fields alone; everything else of a stored memory is the store's.
  v1::Memory seen;
  seen.set_id(stored.id());
  seen.set_text(stored.text());
  *seen.mutable_fields() = stored.fields();
  *seen.mutable_metadata() = stored.metadata();
  seen.set_run_id(stored.run_id());
  *seen.mutable_source() = stored.source();
  seen.mutable_source()->set_version(wanted.source().version());  // tells revisions apart, not contents
  if (wanted.has_created_at()) *seen.mutable_created_at() = stored.created_at();
  if (stored.has_event_time()) *seen.mutable_event_time() = stored.event_time();

  const google::protobuf::Descriptor* type = v1::Memory::descriptor();
  for (const char* name : {"text", "fields", "metadata", "run_id", "source", "created_at", "event_time"}) {
    MessageDifferencer differencer;
    const auto* field = type->FindFieldByName(name);
    if (!differencer.CompareWithFields(wanted, seen, {field}, {field})) return name;
  }
  return {};
}

Result<bool> IsDeleted(Client& client, const std::string& ns, const std::string& id) {
  const auto history = client.GetHistory(ns, id);
  if (!history.ok() && history.status().code() == StatusCode::kNotFound) return false;
  if (!history.ok()) return history.status();
  if (history->events().empty()) return false;
  const std::string& last = history->events().rbegin()->event();
  return last == "delete" || last == "expire";
}

Result<VerifyReport> VerifyImport(Client& client, ImportSource& source, const std::string& namespace_name,
                                  Progress& progress) {
  VerifyReport report;
  std::vector<SourceRecord> page;
  uint64_t read = 0;
  while (true) {
    SourceRecord record;
    ASSIGN_OR_RETURN(const bool more, source.Next(&record));
    if (!more) break;
    progress.Update(++read, source.Fraction());
    if (!record.problem.ok()) {
      ++report.unreadable;
      Note(&report, record.place, record.problem.message());
      continue;
    }
    page.push_back(std::move(record));
    if (page.size() == kPage) RETURN_IF_ERROR(ComparePage(client, namespace_name, &page, &report));
  }
  RETURN_IF_ERROR(ComparePage(client, namespace_name, &page, &report));
  progress.Finish();
  return report;
}

}  // namespace engram
