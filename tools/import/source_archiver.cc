#include "tools/import/source_archiver.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "tools/import/archive_writer.h"
#include "tools/import/record_check.h"
#include "tools/import/reject_sink.h"

namespace engram {
namespace {

class SourceArchiver {
 public:
  SourceArchiver(ImportSource& source, const ArchiveOptions& options, Progress& progress, ArchiveSummary* summary)
      : source_(source),
        options_(options),
        progress_(progress),
        summary_(*summary),
        rejects_(options.reject_limits, options.dry_run, progress) {}

  Status Run() {
    if (!options_.dry_run) {
      ASSIGN_OR_RETURN(writer_, ArchiveWriter::Create(options_.folder));
      if (!options_.rejects_path.empty()) {
        ASSIGN_OR_RETURN(auto file, RejectsFile::Open(options_.rejects_path, 0));
        rejects_.Open(std::move(file));
      }
    }
    while (!options_.limit || summary_.records < *options_.limit) {
      SourceRecord record;
      ASSIGN_OR_RETURN(const bool more, source_.Next(&record));
      if (!more) break;
      if (!std::holds_alternative<v1::NamespaceConfig>(record.item)) {
        ++summary_.records;
        rejects_.AddRecord();
      }
      RETURN_IF_ERROR(Take(std::move(record)));
      progress_.Update(summary_.records, source_.Fraction());
    }
    RETURN_IF_ERROR(Finish());
    progress_.Finish();
    return {};
  }

 private:
  Status Take(SourceRecord record) {
    Status status = record.problem;
    if (status.ok()) status = CheckRecord(record.item);
    if (status.ok() && writer_) {
      status = writer_->Add(record.item);
      const bool blames_record =
          status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kAlreadyExists;
      if (!status.ok() && !blames_record) return status;
    }
    if (status.ok()) return Count(record.item);
    ++summary_.rejected;
    Status rejected = rejects_.Take(record, status);
    summary_.stopped_by_record = rejects_.stopped_by_record();
    return rejected;
  }

  // The writer counts for itself.
  Status Count(const RecordItem& item) {
    const auto kind = KindOf(item);
    if (kind && options_.dry_run) ++summary_.manifest.counts[static_cast<size_t>(*kind)];
    return {};
  }

  Status Finish() {
    std::vector<std::string> notes = source_.Notes();
    if (summary_.rejected > 0)
      notes.push_back(fmt::format("{} records could not be taken and are not in it", summary_.rejected));
    if (!writer_) {
      summary_.manifest.notes = std::move(notes);
      return {};
    }
    RETURN_IF_ERROR(rejects_.Flush());
    ASSIGN_OR_RETURN(summary_.manifest, writer_->Finish(source_.Describe(), std::move(notes)));
    return {};
  }

  ImportSource& source_;
  const ArchiveOptions& options_;
  Progress& progress_;
  ArchiveSummary& summary_;
  std::unique_ptr<ArchiveWriter> writer_;
  RejectSink rejects_;
};

}  // namespace

Status ArchiveRecords(ImportSource& source, const ArchiveOptions& options, Progress& progress,
                      ArchiveSummary* summary) {
  return SourceArchiver(source, options, progress, summary).Run();
}

}  // namespace engram
