// The engine over one directory: what Engine::Open makes. Split over local_engine*.cc by subject.
//
// Members are in the order of their dependence; they are destroyed from the bottom up, so that the background stops
// before the committer, and the committer before the store.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/file.h"
#include "engine/background.h"
#include "engine/backup/local_backup_source.h"
#include "engine/backup/open_engine.h"
#include "engine/committer.h"
#include "engine/damaged_namespaces.h"
#include "engine/doctor/live_store.h"
#include "engine/engine.h"
#include "engine/erasure_sweep.h"
#include "engine/free_space.h"
#include "engine/index_registry.h"
#include "engine/known_namespaces.h"
#include "engine/log_clock.h"
#include "engine/position_waits.h"
#include "engine/read_view.h"
#include "engine/segments/sealer.h"
#include "engine/store.h"
#include "engine/tenant_table.h"

namespace engram {

class LocalEngine final : public Engine {
 public:
  static Result<std::unique_ptr<LocalEngine>> Open(const EngineOptions& options, const OpenedFor& use);
  ~LocalEngine() override;

  // local_engine_tenants.cc
  Result<TenantId> FindTenant(const std::string& name, bool create) override;
  Result<TenantInfo> DescribeTenant(const std::string& name) override;
  Result<TenantPage> ListTenants(uint32_t limit, const std::string& cursor) override;
  Result<std::vector<ApiKey>> ListApiKeys(const std::string& tenant) override;
  std::optional<KnownKey> FindApiKey(std::string_view id) override { return tenants_.FindKey(id); }
  bool HasApiKeys() override { return tenants_.HasKeys(); }

  void Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done) override;

  // local_engine_filters.cc
  Result<FilterWriteReply> DeleteByFilter(const NamespaceRef& ns, const Filter& filter, bool erase,
                                          Durability durability,
                                          std::optional<Mutation::Idempotency> idempotency) override;
  Result<FilterWriteReply> UpdateByFilter(const NamespaceRef& ns, const Filter& filter, const UpdateMemory& change,
                                          Durability durability,
                                          std::optional<Mutation::Idempotency> idempotency) override;
  Result<FilterWriteReply> DeleteEdgesByFilter(const NamespaceRef& ns, const Filter& filter, Durability durability,
                                               std::optional<Mutation::Idempotency> idempotency) override;

  // local_engine_directory.cc
  Result<NamespaceId> FindNamespace(const NamespaceRef& ns) override;
  Result<NamespaceInfo> DescribeNamespace(const NamespaceRef& ns, const ReadOptions& options) override;
  Result<NamespacePage> ListNamespaces(TenantId tenant, const std::string& prefix, uint32_t limit,
                                       const std::string& cursor) override;
  Result<Run> FindRun(const NamespaceRef& ns, const Scopes& scopes) override;
  Result<RunPage> ListRuns(const NamespaceRef& ns, const Scopes& scopes, uint32_t limit,
                           const std::string& cursor) override;
  Result<ExportPage> Export(const NamespaceRef& ns, const ExportQuery& query, const ReadOptions& options) override;
  Result<ChangesPage> Changes(const NamespaceRef& ns, const ChangesQuery& query, const ReadOptions& options) override;
  Result<std::vector<ImportStatus>> ListImports(TenantId tenant) override;
  Result<ImportedPage> ListImported(const NamespaceRef& ns, const ImportedQuery& query,
                                    const ReadOptions& options) override;

  // local_engine.cc
  void AwaitPosition(TenantId tenant, NamespaceId ns, Position position, std::chrono::nanoseconds deadline,
                     std::function<void(engram::Status)> done) override;
  void EndWaits() override { position_waits_->End(); }
  void EndReads() override { reads_ended_ = true; }
  Result<GetReply> Get(const NamespaceRef& ns, const std::vector<std::string>& ids, const Include& include,
                       const ReadOptions& options) override;
  Result<MemoryPage> List(const NamespaceRef& ns, const ListQuery& query, const ReadOptions& options) override;
  Result<std::pair<uint64_t, Position>> Count(const NamespaceRef& ns, const std::optional<Filter>& filter,
                                              const ReadOptions& options) override;
  Result<FacetPage> Facet(const NamespaceRef& ns, const FacetQuery& query, const ReadOptions& options) override;
  Result<std::vector<HistoryEvent>> History(const NamespaceRef& ns, const std::string& id) override;
  Result<SearchReply> Search(const NamespaceRef& ns, const SearchRequest& request, const ReadOptions& options) override;
  Result<NamedEdgePage> ListEdges(const NamespaceRef& ns, const EdgeListQuery& query) override;
  Result<NodeView> GetNode(const NamespaceRef& ns, const std::string& id) override;
  Result<ExpandReply> Expand(const NamespaceRef& ns, const WalkRequest& request) override;
  Result<PathReply> FindPath(const NamespaceRef& ns, const WalkRequest& request) override;
  Result<RankReply> Rank(const NamespaceRef& ns, const WalkRequest& request) override;
  EngineStatus Status() override;
  engram::Status SweepNow() override;
  Result<CheckReport> CheckNamespace(const NamespaceRef& ns) override;

  BackupSource& backup_source() { return *backup_source_; }
  LiveStore& live_store() { return *live_store_; }

 private:
  explicit LocalEngine(const EngineOptions& options);

  // A read's consistent start: DeadlineExceeded before min_position, NotFound when the namespace is not there.
  Result<ReadView> View(const NamespaceRef& ns, const ReadOptions& options);
  // A namespace as a snapshot has it.
  struct Resolved {
    KnownNamespaces::Found known;
    std::shared_ptr<const KvReader> snapshot;
  };
  Result<Resolved> Resolve(const NamespaceRef& ns);
  // Renews the TTL of memories that ask for it.
  void NoteReads(const ReadView& view, const Memory& memory);
  // OutOfSpace while the disk is too full for it.
  engram::Status CheckSpace(const Mutation& mutation);
  // RateLimited when the mutation may add to an index that the sealer is far behind with.
  engram::Status CheckBacklog(const Mutation& mutation);

  const EngineOptions options_;
  std::atomic<bool> reads_ended_{false};
  DamagedNamespaces damaged_;
  std::optional<FreeSpace> space_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<LogClock> log_clock_;
  std::optional<SegmentFolder> segments_;
  SealQueue seal_queue_;
  std::unique_ptr<IndexRegistry> registry_;
  KnownNamespaces known_;
  TenantTable tenants_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<PositionWaits> position_waits_;
  std::unique_ptr<ErasureSweep> erasure_sweep_;
  std::unique_ptr<Background> background_;
  std::unique_ptr<Sealer> sealer_;
  std::unique_ptr<LocalBackupSource> backup_source_;
  std::optional<LiveStore> live_store_;
};

}  // namespace engram
