#include "engine/doctor/doctor.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/coding.h"
#include "engine/doctor/directory_check.h"
#include "engine/doctor/namespace_check.h"
#include "engine/keys.h"
#include "engine/segments/segment_rows.h"
#include "engine/store.h"

namespace engram {
namespace {

// Progress is told, and the caller asked, at every so many rows.
constexpr uint64_t kRowsBetweenLooks = 256;

// Between which tenants and namespaces a file has rows.
std::string RangeOf(const DataFile& file) {
  const auto scope = [](std::string_view bytes) {
    ByteReader key(bytes);
    (void)key.Key16();
    const uint32_t tenant = key.Key32();
    const uint32_t ns = key.Key32();
    return fmt::format("tenant {}, namespace {}", tenant, ns);
  };
  return fmt::format("rows of {} to {}", scope(file.first_key), scope(file.last_key));
}

class Pass {
 public:
  Pass(const ReadOnlyStore& store, const SegmentFolder& folder, const DoctorOptions& options, KvBatch* repairs,
       std::vector<SegmentName>* discarded, DoctorReport* report)
      : store_(store), folder_(folder), options_(options), repairs_(repairs), discarded_(discarded), report_(*report) {}

  Status Run() {
    const bool whole = !options_.tenant && !options_.after;
    if (whole && options_.depth == DoctorDepth::kFull) RETURN_IF_ERROR(CheckFiles());
    const auto snapshot = store_.Snapshot();
    const auto entries = ListEntries(*snapshot);
    if (!entries.ok()) return Unreadable(entries.status(), {}, {}, "", "the rows of the store");
    if (whole) {
      const DirectoryCheck check{*snapshot, &report_.findings, repairs_, [this] { return GoOn(); }};
      const Status status = CheckDirectories(check, *entries, options_.depth == DoctorDepth::kFull);
      if (!status.ok()) RETURN_IF_ERROR(Unreadable(status, {}, {}, "", "the rows of the store"));
    }
    for (const NamespaceEntry& entry : *entries) {
      if (options_.tenant && entry.tenant != *options_.tenant) continue;
      if (options_.ns && entry.ns != *options_.ns) continue;
      const std::pair at(entry.tenant, entry.ns);
      if (options_.after && at <= *options_.after) continue;
      RETURN_IF_ERROR(CheckNamespace(*snapshot, entry));
      report_.last = at;
      ++report_.namespaces;
      Tell();
      report_.more = &entry != &entries->back();
      if (options_.enough()) return {};
    }
    report_.more = false;
    return {};
  }

 private:
  // Damage is a finding; what is left are the errors that end a pass.
  Status Unreadable(const Status& status, TenantId tenant, NamespaceId ns, const std::string& name,
                    const std::string& what) {
    if (status.code() != StatusCode::kCorruption) return status;
    report_.findings.Add({FindingKind::kDataFileDamaged, tenant, ns, name, what, "", status.message()});
    return {};
  }

  Status GoOn() {
    if (++looks_ % kRowsBetweenLooks != 0) return {};
    Tell();
    return options_.go_on();
  }
  void Tell() { options_.progress({report_.namespaces, report_.memories, report_.file_bytes}); }

  Status CheckFiles() {
    for (const DataFile& file : store_.Files()) {
      RETURN_IF_ERROR(options_.go_on());
      const Status status = store_.CheckFile(file);
      RETURN_IF_ERROR(Unreadable(status, {}, {}, "", fmt::format("{}, {}", file.path, RangeOf(file))));
      ++report_.files;
      report_.file_bytes += file.bytes;
      Tell();
    }
    return {};
  }

  Status CheckNamespace(const KvReader& snapshot, const NamespaceEntry& entry) {
    const std::string scope = keys::Scope(entry.tenant, entry.ns);
    const std::string system_scope = keys::Scope(keys::kSystemTenant, keys::kDirectory);
    const ScopedReader rows(snapshot, scope);
    const ScopedReader system(snapshot, system_scope);
    std::optional<ScopedBatch> batch;
    std::optional<ScopedBatch> system_batch;
    if (repairs_ != nullptr) {
      batch.emplace(*repairs_, scope);
      system_batch.emplace(*repairs_, system_scope);
    }
    NamespaceCheck check{entry.tenant, entry.ns, rows, system};
    check.now = options_.now;
    check.go_on = [this] { return GoOn(); };
    check.findings = &report_.findings;
    check.repairs = batch ? &*batch : nullptr;
    check.system_repairs = system_batch ? &*system_batch : nullptr;
    const size_t before = report_.findings.kept().size();
    Status status = Look(&check);
    report_.memories += check.memories;
    for (size_t i = before; i < report_.findings.kept().size(); ++i) report_.findings.kept()[i].name = entry.name;
    return status.ok() ? status : Unreadable(status, entry.tenant, entry.ns, entry.name, "rows of the namespace");
  }

  Status Look(NamespaceCheck* check) {
    ASSIGN_OR_RETURN(const bool begun, BeginCheck(check));
    if (!begun) return {};
    const bool quick = options_.depth == DoctorDepth::kQuick;
    if (options_.depth == DoctorDepth::kFull) RETURN_IF_ERROR(CheckRows(check));
    if (options_.depth == DoctorDepth::kSample) RETURN_IF_ERROR(SampleRows(check, options_.sample, options_.seed));
    ASSIGN_OR_RETURN(const bool sound, CheckSegments(*check, folder_, quick || options_.depth == DoctorDepth::kSample));
    if (!sound && repairs_ != nullptr) RETURN_IF_ERROR(DiscardSegments(*check));
    return {};
  }

  // The index is what the rows say without them.
  Status DiscardSegments(const NamespaceCheck& check) {
    const auto it = check.rows.ScanPrefix(std::string(1, keys::kSegment));
    for (; it->Valid(); it->Next()) {
      ByteReader key(it->key().substr(1));
      discarded_->push_back({check.tenant, check.ns, key.Key32()});
      check.repairs->Delete(it->key());
    }
    return it->status();
  }

  const ReadOnlyStore& store_;
  const SegmentFolder& folder_;
  const DoctorOptions& options_;
  KvBatch* repairs_;
  std::vector<SegmentName>* discarded_;
  DoctorReport& report_;
  uint64_t looks_ = 0;
};

// Repairs to come, in memory: most passes have none.
class CollectedRepairs final : public KvBatch {
 public:
  void Put(std::string_view key, std::string_view value) override { rows_[std::string(key)] = value; }
  void Delete(std::string_view key) override { rows_[std::string(key)] = std::nullopt; }
  bool empty() const { return rows_.empty(); }
  void ApplyTo(KvBatch* batch) const {
    for (const auto& [key, value] : rows_) value ? batch->Put(key, *value) : batch->Delete(key);
  }

 private:
  std::map<std::string, std::optional<std::string>> rows_;
};

Result<TenantId> FindTenant(const KvReader& rows, const std::string& name) {
  const ScopedReader system(rows, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  ASSIGN_OR_RETURN(const auto bytes, system.Get(keys::Key(keys::kTenantByName).AddRaw(name)));
  if (!bytes) return NotFound(fmt::format("there is no tenant \"{}\"", name));
  return TenantId(ByteReader(*bytes).Key32());
}

Result<NamespaceId> FindByName(const KvReader& rows, TenantId tenant, const std::string& name) {
  const ScopedReader directory(rows, keys::Scope(tenant, keys::kDirectory));
  ASSIGN_OR_RETURN(auto bytes, directory.Get(keys::Key(keys::kNamespaceByName).AddRaw(name)));
  if (!bytes) {
    ASSIGN_OR_RETURN(bytes, directory.Get(keys::Key(keys::kNamespaceByAlias).AddRaw(name)));
  }
  if (!bytes) return NotFound(fmt::format("there is no namespace \"{}\"", name));
  return NamespaceId(ByteReader(*bytes).Key32());
}

Status CommitRepairs(const FolderOptions& options, const CollectedRepairs& repairs,
                     const std::vector<SegmentName>& discarded, const SegmentFolder& folder) {
  StoreOptions writable;
  writable.path = options.data_dir + "/rows";
  ASSIGN_OR_RETURN(const auto store, Store::Open(writable));
  auto overlay = store->NewOverlay();
  repairs.ApplyTo(overlay.get());
  RETURN_IF_ERROR(store->Commit(std::move(overlay), /*sync=*/true));
  for (const SegmentName& name : discarded) RETURN_IF_ERROR(folder.Remove(name));
  return {};
}

}  // namespace

Status Examine(const ReadOnlyStore& store, const SegmentFolder& folder, const DoctorOptions& options, KvBatch* repairs,
               std::vector<SegmentName>* discarded, DoctorReport* report) {
  return Pass(store, folder, options, repairs, discarded, report).Run();
}

Result<DoctorReport> ExamineFolder(const FolderOptions& options) {
  FileSystem& files = FileSystem::Posix();
  ASSIGN_OR_RETURN(const bool there, files.Exists(options.data_dir + "/rows"));
  if (!there) return NotFound(fmt::format("there is no store in {}", options.data_dir));
  auto lock = files.Lock(options.data_dir + "/LOCK");
  if (lock.status().code() == StatusCode::kFailedPrecondition) {
    return Unavailable(fmt::format("another process is using {}", options.data_dir));
  }
  RETURN_IF_ERROR(lock.status());
  DoctorReport report;
  const std::string rows = options.data_dir + "/rows";
  Status lost;
  auto store = ReadOnlyStore::Open(rows, &lost);
  if (!store.ok()) {
    // RocksDB has no one code for a file that is damaged, gone or cut.
    report.findings.Add(
        {FindingKind::kDataFileDamaged, {}, {}, "", rows, "a store that opens", store.status().message()});
    return report;
  }
  if (!lost.ok()) {
    report.findings.Add({FindingKind::kLogTailLost, {}, {}, "", rows, "all that was committed", lost.message()});
  }
  const auto folder = SegmentFolder::Open(&files, options.data_dir + "/segments");
  RETURN_IF_ERROR(folder.status());
  DoctorOptions pass = options.pass;
  {
    const auto snapshot = (*store)->Snapshot();
    if (!options.tenant.empty()) {
      ASSIGN_OR_RETURN(pass.tenant, FindTenant(*snapshot, options.tenant));
    }
    if (!options.namespace_name.empty()) {
      if (!pass.tenant) return InvalidArgument("a namespace is one of a tenant's").At("tenant");
      ASSIGN_OR_RETURN(pass.ns, FindByName(*snapshot, *pass.tenant, options.namespace_name));
    }
    const auto last = LastLogTime(*snapshot);
    pass.now = options.clock->Now();
    if (last.ok() && *last > pass.now) pass.now = *last;
  }
  CollectedRepairs repairs;
  std::vector<SegmentName> discarded;
  RETURN_IF_ERROR(Examine(**store, *folder, pass, options.repair ? &repairs : nullptr, &discarded, &report));
  store->reset();
  if (options.repair && !repairs.empty()) RETURN_IF_ERROR(CommitRepairs(options, repairs, discarded, *folder));
  return report;
}

}  // namespace engram
