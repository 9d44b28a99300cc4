#include "server/handlers/convert_import.h"

#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"
#include "server/position_token.h"

namespace engram {
namespace {

constexpr size_t kCursorBytesMax = 65'536;
constexpr size_t kNoteBytesMax = 65'536;

// Names of an import's notes in its row; never rename.
constexpr const char* kSource = "source";
constexpr const char* kBackup = "backup";
constexpr const char* kTally = "tally";
constexpr const char* kReasons = "reasons";
constexpr const char* kVerification = "verification";
constexpr const char* kPushBack = "push_back";

Status CheckReplyFields(const v1::ImportProgress& import) {
  const auto refuse = [](bool given, const char* field) {
    return given ? InvalidArgument(fmt::format("{} is for replies only", field)).At(field) : Status();
  };
  RETURN_IF_ERROR(refuse(import.has_updated_at(), "updated_at"));
  RETURN_IF_ERROR(refuse(import.memories() != 0, "memories"));
  RETURN_IF_ERROR(refuse(import.has_started_at(), "started_at"));
  RETURN_IF_ERROR(refuse(!import.begin_position().empty(), "begin_position"));
  RETURN_IF_ERROR(refuse(!import.end_position().empty(), "end_position"));
  RETURN_IF_ERROR(refuse(import.has_memory_counts(), "memory_counts"));
  RETURN_IF_ERROR(refuse(import.has_node_counts(), "node_counts"));
  RETURN_IF_ERROR(refuse(import.has_run_counts(), "run_counts"));
  RETURN_IF_ERROR(refuse(import.has_edge_counts(), "edge_counts"));
  RETURN_IF_ERROR(refuse(import.has_tombstone_counts(), "tombstone_counts"));
  RETURN_IF_ERROR(refuse(import.has_ended_edge_counts(), "ended_edge_counts"));
  return refuse(import.has_rollback(), "rollback");
}

// Nothing for the unspecified one.
Result<std::optional<ImportState>> ToImportState(v1::ImportState state) {
  using Given = std::optional<ImportState>;
  switch (state) {
    case v1::IMPORT_STATE_UNSPECIFIED: return Given();
    case v1::IMPORT_STATE_PLANNED: return Given(ImportState::kPlanned);
    case v1::IMPORT_STATE_BACKED_UP: return Given(ImportState::kBackedUp);
    case v1::IMPORT_STATE_COPYING: return Given(ImportState::kCopying);
    case v1::IMPORT_STATE_VERIFYING: return Given(ImportState::kVerifying);
    case v1::IMPORT_STATE_DONE: return Given(ImportState::kDone);
    case v1::IMPORT_STATE_ROLLING_BACK:
    case v1::IMPORT_STATE_ROLLED_BACK:
      return InvalidArgument("an import is rolled back by imports:rollback alone").At("state");
    default:
      return InvalidArgument(
                 fmt::format("state {} is none of planned, backed_up, copying, verifying, done", int{state}))
          .At("state");
  }
}

v1::ImportState FromImportState(ImportState state) {
  switch (state) {
    case ImportState::kPlanned: return v1::IMPORT_STATE_PLANNED;
    case ImportState::kBackedUp: return v1::IMPORT_STATE_BACKED_UP;
    case ImportState::kCopying: return v1::IMPORT_STATE_COPYING;
    case ImportState::kVerifying: return v1::IMPORT_STATE_VERIFYING;
    case ImportState::kDone: return v1::IMPORT_STATE_DONE;
    case ImportState::kRollingBack: return v1::IMPORT_STATE_ROLLING_BACK;
    case ImportState::kRolledBack: return v1::IMPORT_STATE_ROLLED_BACK;
  }
  return v1::IMPORT_STATE_UNSPECIFIED;
}

Status AddNote(const char* name, std::string note, ImportProgress* progress) {
  if (note.size() > kNoteBytesMax) {
    return InvalidArgument(fmt::format("{} bytes are more than {}", note.size(), kNoteBytesMax)).At(name);
  }
  progress->notes[name] = std::move(note);
  return {};
}

void FromCounts(const ImportCounts& counts, v1::ImportCounts* out) {
  out->set_created(counts.created);
  out->set_updated(counts.updated);
  out->set_unchanged(counts.unchanged);
  out->set_duplicates(counts.duplicates);
}

// The note as this message; left out where it is none, which only another program can have written.
void FromNote(const ImportStatus& status, const char* name, const std::function<google::protobuf::Message*()>& out) {
  const auto note = status.notes.find(name);
  if (note == status.notes.end()) return;
  google::protobuf::Message* message = out();
  if (!message->ParseFromString(note->second)) message->Clear();
}

const char* NameOf(ImportedKind kind) {
  switch (kind) {
    case ImportedKind::kEdge: return "edge";
    case ImportedKind::kMemory: return "memory";
    case ImportedKind::kNode: return "node";
    case ImportedKind::kRun: return "run";
    case ImportedKind::kTombstone: return "tombstone";
    case ImportedKind::kEndedEdge: return "ended_edge";
  }
  return "";
}

const char* NameOf(ImportedItem::Now now) {
  switch (now) {
    case ImportedItem::Now::kAsWritten: return "as_written";
    case ImportedItem::Now::kChanged: return "changed";
    case ImportedItem::Now::kGone: return "gone";
    case ImportedItem::Now::kExpired: return "expired";
  }
  return "";
}

}  // namespace

Result<ImportProgress> ToImportProgress(const v1::ImportProgress& import) {
  if (Status status = CheckId("the import's id", import.id()); !status.ok()) return std::move(status).At("id");
  RETURN_IF_ERROR(CheckReplyFields(import));
  ImportProgress progress;
  progress.id = import.id();
  if (import.has_cursor()) {
    if (import.cursor().size() > kCursorBytesMax) {
      return InvalidArgument(fmt::format("{} bytes are more than {}", import.cursor().size(), kCursorBytesMax))
          .At("cursor");
    }
    progress.cursor = import.cursor();
  }
  if (import.has_rejects()) progress.rejects = import.rejects();
  ASSIGN_OR_RETURN(progress.state, ToImportState(import.state()));
  if (import.has_source()) RETURN_IF_ERROR(AddNote(kSource, import.source().SerializeAsString(), &progress));
  if (!import.backup().empty()) RETURN_IF_ERROR(AddNote(kBackup, import.backup(), &progress));
  if (import.has_tally()) RETURN_IF_ERROR(AddNote(kTally, import.tally().SerializeAsString(), &progress));
  if (import.has_reasons()) RETURN_IF_ERROR(AddNote(kReasons, import.reasons().SerializeAsString(), &progress));
  if (import.has_verification()) {
    RETURN_IF_ERROR(AddNote(kVerification, import.verification().SerializeAsString(), &progress));
  }
  if (import.has_push_back()) RETURN_IF_ERROR(AddNote(kPushBack, import.push_back().SerializeAsString(), &progress));
  return progress;
}

void FromImportStatus(const ImportStatus& status, v1::ImportProgress* out) {
  out->set_id(status.id);
  out->set_cursor(status.cursor);
  out->set_rejects(status.rejects);
  out->set_memories(status.memories);
  FromTimestamp(status.updated_at, out->mutable_updated_at());
  out->set_state(FromImportState(status.state));
  if (status.started_at.micros != 0) {
    FromTimestamp(status.started_at, out->mutable_started_at());
    out->set_begin_position(EncodePosition(status.ns, status.begin));
  }
  if (status.end) out->set_end_position(EncodePosition(status.ns, *status.end));
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kMemory)], out->mutable_memory_counts());
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kNode)], out->mutable_node_counts());
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kRun)], out->mutable_run_counts());
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kEdge)], out->mutable_edge_counts());
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kTombstone)], out->mutable_tombstone_counts());
  FromCounts(status.counts[static_cast<size_t>(ImportedKind::kEndedEdge)], out->mutable_ended_edge_counts());
  if (const auto backup = status.notes.find(kBackup); backup != status.notes.end()) out->set_backup(backup->second);
  FromNote(status, kSource, [&] { return out->mutable_source(); });
  FromNote(status, kTally, [&] { return out->mutable_tally(); });
  FromNote(status, kReasons, [&] { return out->mutable_reasons(); });
  FromNote(status, kVerification, [&] { return out->mutable_verification(); });
  FromNote(status, kPushBack, [&] { return out->mutable_push_back(); });
  const bool rolled = status.state == ImportState::kRollingBack || status.state == ImportState::kRolledBack;
  if (!rolled) return;
  out->mutable_rollback()->set_removed(status.removed);
  out->mutable_rollback()->set_restored(status.restored);
  out->mutable_rollback()->set_kept(status.kept);
}

void FromImportedItem(const ImportedItem& item, v1::ImportedItem* out) {
  out->set_kind(NameOf(item.kind));
  out->set_id(item.id);
  out->set_version(item.version.value);
  out->set_replaced(item.replaced);
  out->set_kept(item.kept);
  out->set_now(NameOf(item.now));
}

}  // namespace engram
