#include "engine/backup/local_backup_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "engine/keys.h"

namespace engram {
namespace {

constexpr const char* kStagingFolder = "/backup-staging";
constexpr std::chrono::milliseconds kLookForCancel{100};

std::string SystemScope() { return keys::Scope(keys::kSystemTenant, keys::kDirectory); }

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  return error ? Unavailable(fmt::format("can't remove {}: {}", path, error.message())) : Status();
}

// Of a checkpoint RocksDB needs these and no others: it keeps notes for people there, too.
bool IsOfStore(std::string_view name) {
  return name == "CURRENT" || name.starts_with("MANIFEST-") || name.starts_with("OPTIONS-") || name.ends_with(".sst") ||
         name.ends_with(".log");
}

Status LinkFile(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return {};
  const std::string reason = std::generic_category().message(errno);
  return errno == ENOENT ? NotFound(fmt::format("{} is gone", from))
                         : Unavailable(fmt::format("can't link {} to {}: {}", from, to, reason));
}

}  // namespace

StagedStore::~StagedStore() {
  (void)RemoveTree(folder_);
  if (gone_) gone_();
}

Status LocalBackupSource::RemoveStaged(const std::string& data_dir) { return RemoveTree(data_dir + kStagingFolder); }

Result<std::unique_ptr<StagedStore>> LocalBackupSource::Stage(const BackupProgress& progress) {
  {
    // The archive's daily base and a backup that somebody asks for: the second waits for the first.
    const MutexLock lock(mutex_);
    while (staged_) {
      RETURN_IF_ERROR(progress.Check());
      unstaged_.WaitFor(mutex_, kLookForCancel);
    }
    staged_ = true;
  }
  const std::string folder = data_dir_ + kStagingFolder;
  auto staged = std::make_unique<StagedStore>(folder, [this] {
    {
      const MutexLock lock(mutex_);
      staged_ = false;
    }
    unstaged_.NotifyAll();
  });
  // Of one that could not be removed.
  RETURN_IF_ERROR(RemoveTree(folder));
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  if (error) return Unavailable(fmt::format("can't make {}: {}", folder, error.message()));
  // Segments that the checkpoint's manifest names must be there until they are linked.
  const SegmentFolder::Hold hold(*segments_);
  RETURN_IF_ERROR(StoreCopies::Of(*store_).Checkpoint(folder + "/rows"));
  RETURN_IF_ERROR(Fill(staged.get()));
  return staged;
}

Status LocalBackupSource::Fill(StagedStore* staged) const {
  FileSystem& files = FileSystem::Posix();
  const std::string& folder = staged->folder();
  {
    StoreOptions options;
    options.path = folder + "/rows";
    options.block_cache_bytes = 8 << 20;
    ASSIGN_OR_RETURN(const auto copy, StoreCopies::OpenForReading(options));
    staged->position = StoreCopies::Of(*copy).LastChange();
    ASSIGN_OR_RETURN(staged->contents, ReadStoreContents(*copy->Snapshot()));
  }
  ASSIGN_OR_RETURN(const auto names, files.ListDirectory(folder + "/rows"));
  for (const std::string& name : names) {
    if (IsOfStore(name)) staged->files.push_back("rows/" + name);
  }
  RETURN_IF_ERROR(files.CreateDirectory(folder + "/segments"));
  for (const SegmentName& segment : staged->contents.segments) {
    const std::string name = "segments/" + SegmentFileName(segment);
    const Status linked = LinkFile(segments_->PathOf(segment), fmt::format("{}/{}", folder, name));
    // One that is gone is made again from rows, here as in what is restored.
    if (linked.code() == StatusCode::kNotFound) continue;
    RETURN_IF_ERROR(linked);
    staged->files.push_back(name);
  }
  std::sort(staged->files.begin(), staged->files.end());
  return {};
}

Result<std::vector<Erasure>> LocalBackupSource::ListErasures(uint64_t from, size_t limit) const {
  const auto snapshot = store_->Snapshot();
  return ReadErasures(ScopedReader(*snapshot, SystemScope()), from, limit);
}

Result<uint64_t> LocalBackupSource::CountErasures() const {
  const auto snapshot = store_->Snapshot();
  return NextErasure(ScopedReader(*snapshot, SystemScope()));
}

Result<std::string> LocalBackupSource::TenantName(TenantId tenant) const {
  const auto snapshot = store_->Snapshot();
  const ScopedReader system(*snapshot, SystemScope());
  const auto it = system.ScanPrefix(std::string(1, keys::kTenantByName));
  for (; it->Valid(); it->Next()) {
    if (ByteReader(it->value()).Key32() == tenant.value) return std::string(it->key().substr(1));
  }
  RETURN_IF_ERROR(it->status());
  return NotFound(fmt::format("there is no tenant number {}", tenant.value));
}

Status LocalBackupSource::EraseOne(const Erasure& erasure) {
  Mutation mutation;
  switch (erasure.kind) {
    case Erasure::Kind::kMemory: {
      const auto snapshot = store_->Snapshot();
      const ScopedReader rows(*snapshot, keys::Scope(erasure.tenant, erasure.ns));
      ASSIGN_OR_RETURN(const auto head, rows.Get(keys::Key(keys::kHead)));
      ASSIGN_OR_RETURN(const auto id, rows.Get(keys::Key(keys::kNode).Add(erasure.node)));
      if (!head || !id) return {};
      DeleteMemory deletion;
      deletion.id = *id;
      deletion.erase = true;
      mutation.operations.emplace_back(std::move(deletion));
      break;
    }
    case Erasure::Kind::kNamespace: mutation.operations.emplace_back(DropNamespace{}); break;
    case Erasure::Kind::kTenant: {
      ASSIGN_OR_RETURN(const std::string name, TenantName(erasure.tenant));
      return engine_->Write(MutationOf({name, DropTenant{}})).status;
    }
  }
  mutation.tenant = erasure.tenant;
  mutation.namespace_id = erasure.ns;
  Status status = engine_->Write(mutation).status;
  if (status.code() != StatusCode::kPermissionDenied) return status;
  // The namespace was read-only when the copy was taken, and not when the memory was erased.
  RETURN_IF_ERROR(SetReadOnly(erasure, false));
  RETURN_IF_ERROR(engine_->Write(std::move(mutation)).status);
  return SetReadOnly(erasure, true);
}

Status LocalBackupSource::SetReadOnly(const Erasure& erasure, bool read_only) {
  Mutation mutation;
  mutation.tenant = erasure.tenant;
  mutation.namespace_id = erasure.ns;
  PatchNamespace change;
  change.patch.read_only = read_only;
  mutation.operations.emplace_back(std::move(change));
  return engine_->Write(std::move(mutation)).status;
}

Status LocalBackupSource::EraseAgain(const std::vector<Erasure>& erasures) {
  for (const Erasure& erasure : erasures) {
    Status status = EraseOne(erasure);
    if (!status.ok() && status.code() != StatusCode::kNotFound) return status;
  }
  return engine_->SweepNow();
}

}  // namespace engram
