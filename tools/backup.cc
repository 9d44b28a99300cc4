// engram backup: taking, listing, checking and removing backups, on a server or on folders.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "base/file.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "client/cpp/backup_client.h"
#include "engine/backup/create_backup.h"
#include "engine/backup/open_engine.h"
#include "engine/backup/restore.h"
#include "tools/backup_commands.h"
#include "tools/keys_tenant.h"
#include "tools/progress.h"

namespace engram {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  engram serve --data ./data --backup-dir /backups      a server that may be asked for backups\n"
    "  engram backup create                                  asks it for one and waits for its end\n"
    "  engram backup create --data ./data --repo /backups    of a folder that no server has open\n"
    "  engram backup list --repo /backups\n"
    "  engram backup verify --repo /backups --restore        restores it into a scratch folder and checks all of it\n"
    "  engram backup prune --repo /backups --keep 7\n"
    "\n"
    "The way back is `engram restore`.";

constexpr std::chrono::milliseconds kLook{300};

struct BackupChoice {
  StoreChoice store;
  std::string repository;
  uint32_t number = 0;  // 0: the newest
  uint32_t keep = 0;
  bool key_secret = false;
  bool no_wait = false;
  bool restore = false;
  std::string scratch;
  bool json = false;
};

std::string MegaBytes(uint64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

v1::Backup ToMessage(const BackupListing& listing) {
  v1::Backup out;
  out.set_id(listing.number);
  if (!listing.damage.ok()) {
    out.set_damage(listing.damage.message());
    return out;
  }
  const auto seconds = [](Timestamp time, google::protobuf::Timestamp* to) {
    to->set_seconds(time.micros / 1'000'000);
    to->set_nanos(static_cast<int32_t>(time.micros % 1'000'000) * 1'000);
  };
  seconds(listing.manifest.created_at, out.mutable_created_at());
  seconds(listing.manifest.log_time, out.mutable_log_time());
  out.set_position(listing.manifest.position);
  out.set_files(listing.manifest.files.size());
  out.set_bytes(listing.manifest.bytes());
  out.set_namespaces(listing.manifest.namespaces);
  out.set_memories(listing.manifest.memories);
  return out;
}

void Print(const v1::Backup& backup, bool json) {
  if (json) {
    fmt::print("{}\n", PrintJson(backup));
  } else if (!backup.damage().empty()) {
    fmt::print("{}: {}\n", backup.id(), backup.damage());
  } else {
    const Timestamp time{backup.created_at().seconds() * 1'000'000 + backup.created_at().nanos() / 1'000};
    fmt::print("{}: {}, position {}, {} memories in {} namespaces, {} files, {}\n", backup.id(), FormatRfc3339(time),
               backup.position(), WithThousands(backup.memories()), WithThousands(backup.namespaces()),
               WithThousands(backup.files()), MegaBytes(backup.bytes()));
  }
}

Result<std::unique_ptr<BackupClient>> Connect(const StoreChoice& choice) {
  ASSIGN_OR_RETURN(auto transport, TransportTo(AsAdmin(choice)));
  return std::make_unique<BackupClient>(std::move(transport));
}

Status Follow(const BackupClient& client, bool json) {
  Progress progress = Progress::OnStderr("backup", "bytes");
  while (true) {
    ASSIGN_OR_RETURN(const v1::ListBackupsReply now, client.List());
    const v1::BackupJob& job = now.job();
    if (job.state() == "running") {
      const auto total = static_cast<double>(job.bytes_total());
      progress.Update(job.bytes_done(),
                      total > 0 ? std::optional<double>(static_cast<double>(job.bytes_done()) / total) : std::nullopt);
      std::this_thread::sleep_for(kLook);
      continue;
    }
    progress.Finish();
    if (job.state() != "done") return Unavailable(fmt::format("the backup {}: {}", job.state(), job.error()));
    for (const v1::Backup& backup : now.backups()) {
      if (backup.id() == job.backup()) Print(backup, json);
    }
    return {};
  }
}

Status CreateOnServer(const BackupChoice& choice) {
  ASSIGN_OR_RETURN(const auto client, Connect(choice.store));
  RETURN_IF_ERROR(client->Create().status());
  if (choice.no_wait) return {};
  return Follow(*client, choice.json);
}

Status CreateOfFolder(const BackupChoice& choice) {
  if (choice.repository.empty()) return InvalidArgument("say where to with --repo");
  SetLogLevel(LogLevel::kWarning);
  EngineOptions options;
  options.data_dir = choice.store.data_dir;
  options.create = false;
  ASSIGN_OR_RETURN(const auto engine, Engine::Open(options));
  ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::OpenOrMake(choice.repository));
  BackupOptions backup;
  backup.include_key_secret = choice.key_secret;
  BackupProgress progress;
  ASSIGN_OR_RETURN(const BackupListing made, CreateBackup(BackupSourceOf(*engine), repository, backup, &progress));
  Print(ToMessage(made), choice.json);
  return {};
}

Status Create(const BackupChoice& choice) {
  return choice.store.data_dir.empty() ? CreateOnServer(choice) : CreateOfFolder(choice);
}

Status Cancel(const BackupChoice& choice) {
  ASSIGN_OR_RETURN(const auto client, Connect(choice.store));
  ASSIGN_OR_RETURN(const v1::BackupJob job, client->Cancel());
  if (job.state() == "running" || job.state() == "cancelled") return {};
  return FailedPrecondition("no backup is being taken");
}

Status List(const BackupChoice& choice) {
  if (!choice.repository.empty()) {
    ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::Open(choice.repository));
    ASSIGN_OR_RETURN(const auto listings, repository.List());
    for (const BackupListing& listing : listings) Print(ToMessage(listing), choice.json);
    return {};
  }
  ASSIGN_OR_RETURN(const auto client, Connect(choice.store));
  ASSIGN_OR_RETURN(const v1::ListBackupsReply reply, client->List());
  for (const v1::Backup& backup : reply.backups()) Print(backup, choice.json);
  if (reply.job().state() == "running") {
    fmt::print("one is being taken: {} of {}\n", MegaBytes(reply.job().bytes_done()),
               MegaBytes(reply.job().bytes_total()));
  }
  return {};
}

Status Prune(const BackupChoice& choice) {
  v1::PruneBackupsReply reply;
  if (choice.repository.empty()) {
    ASSIGN_OR_RETURN(const auto client, Connect(choice.store));
    ASSIGN_OR_RETURN(reply, client->Prune(choice.keep));
  } else {
    ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::Open(choice.repository));
    ASSIGN_OR_RETURN(const FileBeneath lock, repository.Lock());
    ASSIGN_OR_RETURN(const PrunedBackups pruned, repository.Prune(choice.keep));
    for (const uint32_t number : pruned.backups) reply.add_removed(number);
    reply.set_files(pruned.files);
    reply.set_bytes(pruned.bytes);
  }
  fmt::print("{} backups and {} files removed, {}\n", reply.removed_size(), WithThousands(reply.files()),
             MegaBytes(reply.bytes()));
  return {};
}

Status Verify(const BackupChoice& choice) {
  SetLogLevel(LogLevel::kWarning);
  ASSIGN_OR_RETURN(const BackupRepository repository, BackupRepository::Open(choice.repository));
  ASSIGN_OR_RETURN(const BackupListing backup,
                   repository.Read(choice.number == 0 ? std::nullopt : std::optional<uint32_t>(choice.number)));
  ASSIGN_OR_RETURN(VerifiedBackup verified, VerifyFiles(repository, backup));
  if (choice.restore && verified.problems.empty()) {
    const std::string scratch =
        choice.scratch.empty() ? std::filesystem::temp_directory_path().string() : choice.scratch;
    ASSIGN_OR_RETURN(verified,
                     VerifyByRestore(repository, backup, fmt::format("{}/engram-verify-{}", scratch, ::getpid())));
  }
  for (const std::string& segment : verified.missing_segments) {
    fmt::print("{}: its index will be built again\n", segment);
  }
  if (verified.problems.empty()) {
    fmt::print("backup {} is sound{}\n", backup.number, choice.restore ? ": restored and compared" : "");
    return {};
  }
  for (const std::string& problem : verified.problems) fmt::print("{}\n", problem);
  return Corruption(fmt::format("backup {} has {} problems", backup.number, verified.problems.size()));
}

using BackupWork = Status (*)(const BackupChoice& choice);

std::pair<CLI::App*, std::shared_ptr<BackupChoice>> AddOne(CLI::App* backup, const char* name, const char* what,
                                                           BackupWork work, ChosenCommand* chosen) {
  auto choice = std::make_shared<BackupChoice>();
  CLI::App* command = backup->add_subcommand(name, what);
  command->callback([choice, work, chosen] {
    *chosen = [choice, work] {
      const Status status = work(*choice);
      return status.ok() ? ExitCode::kOk : Fail(status);
    };
  });
  return {command, choice};
}

CLI::Option* AddRepository(CLI::App* command, BackupChoice* choice) {
  return command->add_option("--repo", choice->repository, "The folder of the backups")->type_name("DIR");
}

}  // namespace

void AddBackupCommand(CLI::App& app, ChosenCommand* chosen) {
  CLI::App* backup = app.add_subcommand("backup", "Take, list, check and remove backups");
  backup->footer(kExamples);
  backup->require_subcommand(1);
  auto [create, creates] = AddOne(backup, "create", "Take a backup", &Create, chosen);
  AddAdminOptions(create, &creates->store);
  AddRepository(create, creates.get());
  create->add_flag("--with-key-secret", creates->key_secret,
                   "With --data: also the secret that API keys are hashed under");
  create->add_flag("--no-wait", creates->no_wait, "On a server: don't wait for its end");
  create->add_flag("--json", creates->json, "As the API gives it");
  auto [list, lists] = AddOne(backup, "list", "List backups", &List, chosen);
  AddAdminOptions(list, &lists->store);
  AddRepository(list, lists.get());
  list->add_flag("--json", lists->json, "As the API gives it, one a line");
  auto [cancel, cancels] = AddOne(backup, "cancel", "Stop the backup that a server is taking", &Cancel, chosen);
  AddAdminOptions(cancel, &cancels->store);
  auto [prune, prunes] = AddOne(backup, "prune", "Remove all but the newest backups", &Prune, chosen);
  AddAdminOptions(prune, &prunes->store);
  AddRepository(prune, prunes.get());
  prune->add_option("--keep", prunes->keep, "How many to keep")->required()->check(CLI::PositiveNumber);
  auto [verify, verifies] = AddOne(backup, "verify", "Read every file of a backup and compare", &Verify, chosen);
  AddRepository(verify, verifies.get())->required();
  verify->add_option("--backup", verifies->number, "Which one; the newest otherwise")->check(CLI::PositiveNumber);
  verify->add_flag("--restore", verifies->restore, "Restore it, too, and check every memory and index");
  verify->add_option("--scratch", verifies->scratch, "Where to restore it; the system's folder for such otherwise")
      ->type_name("DIR");
}

}  // namespace engram
