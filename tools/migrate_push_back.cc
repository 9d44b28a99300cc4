// engram migrate push-back: what changed here since an import goes back to where it came from.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "base/clock.h"
#include "base/file.h"
#include "tools/import/import_row.h"
#include "tools/import/loose_time.h"
#include "tools/import/push_back.h"
#include "tools/import/qdrant_local_store.h"
#include "tools/import/qdrant_local_target.h"
#include "tools/import/qdrant_rest_store.h"
#include "tools/import/qdrant_target.h"
#include "tools/import/sqlite_target.h"
#include "tools/migrate.h"
#include "tools/namespace_changes.h"
#include "tools/point_options.h"
#include "tools/progress.h"
#include "tools/store_access.h"

namespace engram {
namespace {

constexpr const char* kAbout =
    "The way back: memories that were made, written or deleted here after a position are written and deleted in the\n"
    "source, in the form in which the import reads it, and read back and compared. Writers have to be still, here and\n"
    "there. The position is the end of the import, or of the last push-back, unless --since gives one.\n"
    "\n"
    "A record of the source is only replaced where it is what this store once had of it. One that was written there,\n"
    "too, is a conflict: it is told and left, unless --overwrite says that this store is right. What the source has "
    "no\n"
    "place for is told with its id and the field, and nothing of that memory is written; --leave-out goes without the\n"
    "field. Exit code 1 if anything is not there as it is here. A run that was interrupted is simply run again.\n"
    "\n"
    "Examples:\n"
    "  engram migrate push-back sqlite notes.db --map notes.json --namespace notes --dry-run\n"
    "  engram migrate push-back sqlite notes.db --map notes.json --namespace notes --execute --backup notes.before\n"
    "  engram migrate push-back qdrant http://127.0.0.1:6333 --collection notes --namespace notes --execute\n"
    "  engram migrate push-back qdrant-local ./qdrant --collection notes --namespace notes --execute --backup "
    "notes.before\n"
    "  engram migrate push-back mem0 --vectors /tmp/qdrant --namespace memories --execute --backup memories.before\n"
    "  engram migrate push-back mem0 --vectors http://127.0.0.1:6333 --namespace memories --execute";

constexpr const char* kPossible =
    "possible are sqlite (captures, or a table by --map), qdrant (a running server), qdrant-local (a folder of "
    "qdrant-client), and mem0 over either of the two";

struct PushChoice {
  StoreChoice store;
  PushOptions options;
  std::string import_id;
  std::string since;
  std::string where;  // file or address
  bool execute = false;
  std::string backup;
  bool no_backup = false;
  std::string json;
  size_t sample = 20;
};

using OpenTarget = std::function<Result<std::unique_ptr<PushTarget>>()>;

std::string N(uint64_t number) { return WithThousands(number); }

ExitCode BadCommand(const std::string& what) {
  fmt::print(stderr, "engram: {}\n", what);
  return ExitCode::kBadCommand;
}

// Where the changes begin: as asked, or where the last push-back or the import ended.
Result<std::string> BeginningOf(const PushChoice& choice, const std::string& import_id,
                                const std::optional<v1::ImportProgress>& row) {
  if (!choice.since.empty()) return choice.since;
  if (!row) {
    return NotFound(
        fmt::format("namespace {} has no import {}: give --since POSITION, or its name by --import-id; "
                    "`engram migrate status` lists them",
                    choice.options.namespace_name, import_id));
  }
  if (row->has_push_back()) {
    return row->push_back().complete() ? row->push_back().position() : row->push_back().since();
  }
  // Of imports that ended before their end was noted: what they brought is settled already.
  return row->end_position().empty() ? row->begin_position() : row->end_position();
}

Status CheckPushable(const v1::ImportProgress& row) {
  const bool rolled = row.state() == v1::IMPORT_STATE_ROLLING_BACK || row.state() == v1::IMPORT_STATE_ROLLED_BACK;
  if (!rolled) return {};
  return FailedPrecondition(fmt::format("import {} is {}", row.id(), ImportStateName(row.state())));
}

// One run: what it begins with, and what it leaves in the import's row.
class PushRun {
 public:
  PushRun(const PushChoice& choice, Client& client, PushTarget& target)
      : choice_(choice),
        client_(client),
        target_(target),
        import_id_(choice.import_id.empty() ? target.DefaultImportId() : choice.import_id) {}

  Status Begin() {
    ASSIGN_OR_RETURN(row_, FindImportRow(client_, choice_.options.namespace_name, import_id_));
    if (row_) RETURN_IF_ERROR(CheckPushable(*row_));
    ASSIGN_OR_RETURN(since_, BeginningOf(choice_, import_id_, row_));
    Progress progress = Progress::OnStderr("changes of " + choice_.options.namespace_name, "memories");
    auto changes =
        NamespaceChanges::Read(client_, choice_.options.namespace_name, since_, /*with_history=*/false, progress);
    if (!changes.ok() && changes.status().code() == StatusCode::kPositionExpired) {
      return Status(StatusCode::kPositionExpired,
                    fmt::format("{}, `engram export --namespace {} --archive DIR`, and bring the source up to that by "
                                "its own means",
                                changes.status().message(), choice_.options.namespace_name));
    }
    ASSIGN_OR_RETURN(changes_, std::move(changes));
    return {};
  }

  Result<PushReport> Push() {
    PushOptions options = choice_.options;
    options.before_write = [this] { return MakeReady(); };
    Progress progress = Progress::OnStderr("push back " + options.namespace_name, "memories");
    auto report = PushBack(client_, *changes_, target_, options, progress);
    if (!report.ok()) {
      progress.Clear();
      return report;
    }
    report->result.set_since(since_);
    report->result.set_position(changes_->position());
    report->result.set_backup(backup_);
    if (options.dry_run) return report;
    *report->result.mutable_at() = ToProtoTime(Clock::Real().Now());
    RETURN_IF_ERROR(Keep(report->result));
    return report;
  }

  const std::string& import_id() const { return import_id_; }
  const std::string& since() const { return since_; }

 private:
  // Before the first write: the source is kept as it is, and the row says that this is under way.
  Status MakeReady() {
    v1::ImportPushBack under_way;
    under_way.set_since(since_);
    if (target_.has_backup() && !choice_.no_backup) {
      if (choice_.backup.empty()) {
        return FailedPrecondition(
            fmt::format("{} is about to be written to: --backup FILE keeps it as it is first, "
                        "--no-backup goes without",
                        choice_.where));
      }
      backup_ = std::filesystem::absolute(choice_.backup).lexically_normal().string();
      under_way.set_backup(backup_);
      std::error_code error;
      const bool there = std::filesystem::exists(backup_, error);
      // One that an interrupted run of this has made: the source as it was before its first write.
      const bool ours = row_ && !row_->push_back().complete() && row_->push_back().backup() == backup_;
      if (there && !ours) return AlreadyExists(fmt::format("{} is there already: give --backup another name", backup_));
      RETURN_IF_ERROR(Keep(under_way));
      return there ? Status() : target_.BackUp(backup_);
    }
    return Keep(under_way);
  }

  Status Keep(const v1::ImportPushBack& result) {
    if (!row_) return {};
    v1::WriteRequest request;
    request.mutable_import()->set_id(import_id_);
    *request.mutable_import()->mutable_push_back() = result;
    return client_.Write(choice_.options.namespace_name, request).status();
  }

  const PushChoice& choice_;
  Client& client_;
  PushTarget& target_;
  const std::string import_id_;
  std::optional<v1::ImportProgress> row_;
  std::string since_;
  std::string backup_;
  std::unique_ptr<NamespaceChanges> changes_;
};

Status WriteReport(const PushChoice& choice, const std::string& import_id, const v1::ImportPushBack& result) {
  if (choice.json.empty()) return {};
  v1::ListImportsReply::Entry entry;
  entry.set_namespace_(choice.options.namespace_name);
  entry.mutable_import()->set_id(import_id);
  *entry.mutable_import()->mutable_push_back() = result;
  return FileSystem::Posix().ReplaceFile(choice.json, PrintJson(entry) + "\n");
}

void PrintReport(const PushChoice& choice, const PushReport& report, const char* unit) {
  const v1::ImportPushBack& result = report.result;
  const char* would = choice.options.dry_run ? "would be " : "";
  fmt::print("{}: {} memories changed in {}; {} {} {}created, {} {}updated, {} {}deleted; {} settled already\n",
             choice.where, N(result.changed()), choice.options.namespace_name, N(result.created()), unit, would,
             N(result.updated()), would, N(result.deleted()), would, N(result.settled()));
  fmt::print("not pushed back: {} conflicts, {} refused; {} conflicts {}overwritten\n", N(result.conflicts()),
             N(result.refused()), N(result.overwritten()), would);
  if (!choice.options.dry_run) {
    fmt::print("read back: {} equal, {} otherwise\n", N(result.verified()), N(result.mismatched()));
  }
  if (result.complete()) fmt::print("position: {}; the next push-back goes on there\n", result.position());
  std::fflush(stdout);
  const size_t shown = std::min(choice.sample, report.places.size());
  for (size_t i = 0; i < shown; ++i) fmt::print(stderr, "  {}\n", report.places[i]);
  if (shown < report.unmatched()) fmt::print(stderr, "  … and {} more\n", N(report.unmatched() - shown));
  if (result.expired() > 0) {
    fmt::print(stderr, "engram: {} have expired here, and the source says when they do: they are left there\n",
               N(result.expired()));
  }
  if (result.erased() > 0) {
    fmt::print(stderr,
               "engram: {} memories were erased here, and nobody knows their ids any more: where they are in the "
               "source, they are there still\n",
               N(result.erased()));
  }
}

ExitCode RunPushBack(const PushChoice& choice, const OpenTarget& open) {
  if (choice.execute == choice.options.dry_run) return BadCommand("give --dry-run or --execute");
  if (const Status status = CheckLeaveOut(choice.options.leave_out); !status.ok()) return BadCommand(status.message());
  auto access = OpenAccess(choice.store, IfNoStore::kFail);
  if (!access.ok()) return Fail(access.status());
  const auto target = open();
  if (!target.ok()) return Fail(target.status());
  PushRun run(choice, *access->client, **target);
  if (const Status status = run.Begin(); !status.ok()) return Fail(status);
  for (const std::string& note : (*target)->Notes()) fmt::print(stderr, "engram: {}\n", note);
  const auto report = run.Push();
  if (!report.ok()) {
    const ExitCode code = Fail(report.status());
    fmt::print(stderr, "        run this again when that is mended: what is there already is not written again\n");
    return code;
  }
  if (const Status status = WriteReport(choice, run.import_id(), report->result); !status.ok()) return Fail(status);
  PrintReport(choice, *report, (*target)->unit());
  return report->unmatched() + report->result.erased() == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

std::shared_ptr<PushChoice> AddPushOptions(CLI::App* command) {
  auto choice = std::make_shared<PushChoice>();
  PushOptions& options = choice->options;
  command->add_option("--namespace,-n", options.namespace_name, "What it was imported into")
      ->required()
      ->type_name("NS");
  AddStoreOptions(command, &choice->store);
  command->add_option("--since", choice->since, "What changed after this; by default the end of the import")
      ->type_name("POSITION");
  command->add_option("--import-id", choice->import_id, "The import's name; the source's by default");
  command->add_flag("--dry-run", options.dry_run, "Read and compare everything, write nothing");
  command->add_flag("--execute", choice->execute, "Write");
  command->add_flag("--overwrite", options.overwrite, "Write over what was written there, too");
  command->add_option("--leave-out", options.leave_out, "Fields of memories that the source has no place for")
      ->delimiter(',')
      ->type_name("FIELD,…");
  command->add_option("--batch", options.batch, "Memories written at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--sample", choice->sample, "Show so many of those that are not there as they are here")
      ->capture_default_str()
      ->check(CLI::Range(0, 1000));
  command->add_option("--json", choice->json, "Write the report here, as GET /v1/imports has it")->type_name("FILE");
  return choice;
}

void AddBackupOptions(CLI::App* command, PushChoice* choice) {
  auto* backup = command->add_option("--backup", choice->backup, "First keep the database as it is in this file")
                     ->type_name("FILE");
  command->add_flag("--no-backup", choice->no_backup, "Write to it without one")->excludes(backup);
}

PushTarget::Access AccessOf(const PushChoice& choice) {
  return choice.execute ? PushTarget::Access::kWrite : PushTarget::Access::kRead;
}

void AddSqlite(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("sqlite", "To a SQLite file: the table captures, or any by a mapping");
  command->footer(kAbout);
  auto choice = AddPushOptions(command);
  auto map = std::make_shared<std::string>();
  auto fast = std::make_shared<bool>(false);
  command->add_option("file", choice->where, "The database")->required();
  command->add_option("--map", *map, "What the columns of which table mean, as for the import")->type_name("FILE");
  command->add_flag("--fast", *fast, "A quick integrity check instead of the whole one");
  AddBackupOptions(command, choice.get());
  command->callback([=] {
    *chosen = [=] {
      return RunPushBack(*choice, [&]() -> Result<std::unique_ptr<PushTarget>> {
        std::optional<SqliteMapping> mapping;
        if (!map->empty()) {
          ASSIGN_OR_RETURN(mapping, ReadSqliteMapping(*map));
        }
        return OpenSqliteTarget(choice->where, std::move(mapping), AccessOf(*choice), *fast);
      });
    };
  });
}

void AddQdrant(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("qdrant", "To a collection of a running Qdrant server");
  command->footer(kAbout);
  auto choice = AddPushOptions(command);
  auto at = std::make_shared<QdrantCollection>();
  auto mapping = std::make_shared<PayloadMapping>();
  command->add_option("url", choice->where, "The server's address")->required()->type_name("URL");
  command->add_option("--collection", at->collection, "Which one, or an alias; needed when there are several");
  AddQdrantServerOptions(command, &at->server);
  AddPayloadOptions(command, mapping.get());
  command->callback([=] {
    *chosen = [=] {
      return RunPushBack(*choice, [&]() -> Result<std::unique_ptr<PushTarget>> {
        QdrantCollection to = *at;
        to.server.url = choice->where;
        ASSIGN_OR_RETURN(const auto store, OpenQdrantRestStore(to.server));
        if (to.collection.empty()) {
          ASSIGN_OR_RETURN(to.collection, OnlyCollection(*store));
        }
        return OpenQdrantTarget(std::move(to), NewPlainLayout(*mapping, kQdrantSystem), kQdrantSystem);
      });
    };
  });
}

void AddQdrantLocal(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("qdrant-local", "To a folder of qdrant-client's local mode");
  command->footer(kAbout);
  auto choice = AddPushOptions(command);
  auto collection = std::make_shared<std::string>();
  auto mapping = std::make_shared<PayloadMapping>();
  auto fast = std::make_shared<bool>(false);
  command->add_option("folder", choice->where, "The folder with meta.json; no client may have it open")->required();
  command->add_option("--collection", *collection, "Which one, or an alias; needed when there are several");
  AddPayloadOptions(command, mapping.get());
  command->add_flag("--fast", *fast, "A quick integrity check instead of the whole one");
  AddBackupOptions(command, choice.get());
  command->callback([=] {
    *chosen = [=] {
      return RunPushBack(*choice, [&]() -> Result<std::unique_ptr<PushTarget>> {
        std::string name = *collection;
        if (name.empty()) {
          ASSIGN_OR_RETURN(const auto store, OpenQdrantLocalStore(choice->where, *fast));
          ASSIGN_OR_RETURN(name, OnlyCollection(*store));
        }
        return OpenQdrantLocalTarget(choice->where, name, NewPlainLayout(*mapping, kQdrantLocalSystem),
                                     kQdrantLocalSystem, AccessOf(*choice), *fast);
      });
    };
  });
}

// The collection of memories where none is named.
Result<std::string> Mem0CollectionOf(const PointStore& store, const std::string& given) {
  if (!given.empty()) return given;
  return FindMem0Collection(store);
}

Result<std::unique_ptr<PushTarget>> OpenMem0Target(const PushChoice& choice, QdrantCollection to) {
  if (IsWebAddress(choice.where)) {
    if (!choice.backup.empty()) return InvalidArgument("--backup keeps files: a server's snapshot is made over there");
    to.server.url = choice.where;
    ASSIGN_OR_RETURN(const auto store, OpenQdrantRestStore(to.server));
    ASSIGN_OR_RETURN(to.collection, Mem0CollectionOf(*store, to.collection));
    return OpenQdrantTarget(std::move(to), NewMem0Layout(), kMem0System);
  }
  std::error_code error;
  if (std::filesystem::is_regular_file(choice.where, error)) {
    return InvalidArgument(fmt::format("what came from {} can't go back there: {}", choice.where, kPossible));
  }
  ASSIGN_OR_RETURN(const auto store, OpenQdrantLocalStore(choice.where, /*quick=*/false));
  ASSIGN_OR_RETURN(const std::string collection, Mem0CollectionOf(*store, to.collection));
  return OpenQdrantLocalTarget(choice.where, collection, NewMem0Layout(), kMem0System, AccessOf(choice),
                               /*quick=*/false);
}

void AddMem0(CLI::App* parent, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand("mem0", "To mem0's collection of Qdrant, in a folder or on a server");
  command->footer(kAbout);
  auto choice = AddPushOptions(command);
  auto at = std::make_shared<QdrantCollection>();
  command->add_option("--vectors", choice->where, "The folder of the embedded Qdrant, or a server's address")
      ->required()
      ->type_name("DIR|URL");
  command->add_option("--collection", at->collection, "The collection of memories; mem0 by default");
  AddQdrantServerOptions(command, &at->server);
  AddBackupOptions(command, choice.get());
  command->callback(
      [=] { *chosen = [=] { return RunPushBack(*choice, [&] { return OpenMem0Target(*choice, *at); }); }; });
}

// The other kinds of sources are known here to be refused with a reason.
void AddImpossible(CLI::App* parent, const std::string& name, ChosenCommand* chosen) {
  CLI::App* command = parent->add_subcommand(name, "Not possible")->group("");
  command->allow_extras();
  command->callback([=] {
    *chosen = [=] { return BadCommand(fmt::format("what came from {} can't go back there: {}", name, kPossible)); };
  });
}

}  // namespace

void AddMigratePushBack(CLI::App* migrate, ChosenCommand* chosen) {
  CLI::App* command = migrate->add_subcommand("push-back", "Write what changed here since an import to its source");
  command->require_subcommand(1);
  command->footer(kAbout);
  AddSqlite(command, chosen);
  AddQdrant(command, chosen);
  AddQdrantLocal(command, chosen);
  AddMem0(command, chosen);
  for (const char* name : {"jsonl", "archive", "mem0-platform", "openmemory"}) {
    AddImpossible(command, name, chosen);
  }
}

}  // namespace engram
