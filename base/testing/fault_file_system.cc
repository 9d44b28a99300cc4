#include "base/testing/fault_file_system.h"

#include <algorithm>

namespace engram {
namespace {

Status Missing(const std::string& path) { return NotFound("no such file: " + path); }

constexpr std::array<size_t, 2> kSectorSizes = {512, 4096};

// Any of the tail's sectors, or pages, reached the disk; the others are zeros.
std::string Reordered(std::string_view tail, size_t offset, size_t sector, std::mt19937_64& random) {
  std::string kept(tail);
  for (size_t at = 0; at < kept.size();) {
    const size_t n = std::min(sector - (offset + at) % sector, kept.size() - at);
    if (random() % 2 == 0) std::fill_n(kept.begin() + static_cast<ptrdiff_t>(at), n, '\0');
    at += n;
  }
  return kept;
}

// What a torn write leaves of `tail`, which begins at `offset` of its file: a random part whose last byte may be wrong,
// or some of its sectors.
std::string Torn(std::string_view tail, size_t offset, std::mt19937_64& random) {
  const size_t sector = kSectorSizes[random() % kSectorSizes.size()];
  if (tail.size() > sector && random() % 3 == 0) return Reordered(tail, offset, sector, random);
  std::string kept(tail.substr(0, random() % (tail.size() + 1)));
  if (!kept.empty() && random() % 2 == 0) kept.back() = static_cast<char>(random());
  return kept;
}

}  // namespace

class FaultFileSystem::File final : public WritableFile {
 public:
  File(FaultFileSystem& files, std::shared_ptr<Node> node, uint64_t generation)
      : files_(files), node_(std::move(node)), generation_(generation) {}

  Status Append(std::string_view bytes) override {
    MutexLock lock(files_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    if (Status error = files_.Step(FileOperation::kWrite); !error.ok()) {
      node_->bytes += bytes.substr(0, bytes.size() / 2);
      return error;
    }
    if (bytes.size() > files_.free_space_) {
      node_->bytes += bytes.substr(0, files_.free_space_);
      files_.free_space_ = 0;
      return {StatusCode::kOutOfSpace, "the disk is full"};
    }
    files_.free_space_ -= bytes.size();
    node_->bytes += bytes;
    return {};
  }

  Status Sync() override {
    MutexLock lock(files_.mutex_);
    while (files_.syncs_stall_) files_.syncs_go_on_.Wait(files_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    if (Status error = files_.Step(FileOperation::kSync); !error.ok()) {
      node_->sync_is_lost = true;
      return error;
    }
    if (!node_->sync_is_lost) node_->durable = node_->bytes;
    return {};
  }

  Status Close() override {
    MutexLock lock(files_.mutex_);
    RETURN_IF_ERROR(CheckOpen());
    return files_.Step(FileOperation::kClose);
  }

 private:
  Status CheckOpen() const REQUIRES(files_.mutex_) {
    return generation_ == files_.generation_ ? Status() : Unavailable("opened before the crash");
  }

  FaultFileSystem& files_;
  std::shared_ptr<Node> node_;
  uint64_t generation_;
};

class FaultFileSystem::Mapping final : public MappedFile {
 public:
  explicit Mapping(std::string_view bytes) : lines_(bytes.size() / sizeof(Line) + 1), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(lines_.data()));
  }

  std::string_view bytes() const override { return {reinterpret_cast<const char*>(lines_.data()), size_}; }
  void Release(uint64_t /*offset*/, uint64_t /*size*/) const override {}

 private:
  struct alignas(64) Line {
    char bytes[64];
  };
  std::vector<Line> lines_;
  size_t size_;
};

class FaultFileSystem::HeldLock final : public FileLock {
 public:
  HeldLock(FaultFileSystem& files, std::string path, uint64_t generation)
      : files_(files), path_(std::move(path)), generation_(generation) {}
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;
  ~HeldLock() override {
    MutexLock lock(files_.mutex_);
    if (generation_ == files_.generation_) files_.locked_.erase(path_);
  }

 private:
  FaultFileSystem& files_;
  std::string path_;
  uint64_t generation_;
};

FaultFileSystem::FaultFileSystem() {
  for (const char* root : {"/", "."}) {
    const auto node = std::make_shared<Node>();
    node->directory = true;
    names_.emplace(root, node);
  }
  durable_names_ = names_;
}

FaultFileSystem::~FaultFileSystem() = default;

uint64_t FaultFileSystem::operations() const {
  MutexLock lock(mutex_);
  return operations_all_;
}

uint64_t FaultFileSystem::operations(FileOperation kind) const {
  MutexLock lock(mutex_);
  return operations_[static_cast<size_t>(kind)];
}

void FaultFileSystem::FailAfter(uint64_t n, Status error) {
  MutexLock lock(mutex_);
  fault_ = Fault{std::nullopt, operations_all_ + n, std::move(error)};
}

void FaultFileSystem::FailAfter(FileOperation kind, uint64_t n, Status error) {
  MutexLock lock(mutex_);
  fault_ = Fault{kind, operations_[static_cast<size_t>(kind)] + n, std::move(error)};
}

void FaultFileSystem::StallSyncs(bool stall) {
  MutexLock lock(mutex_);
  syncs_stall_ = stall;
  syncs_go_on_.NotifyAll();
}

void FaultFileSystem::SetFreeSpace(uint64_t bytes) {
  MutexLock lock(mutex_);
  free_space_ = bytes;
}

void FaultFileSystem::FlipByte(const std::string& path, size_t offset) {
  MutexLock lock(mutex_);
  const auto node = names_.at(path);
  node->bytes.at(offset) = static_cast<char>(~node->bytes.at(offset));
  if (offset < node->durable.size()) node->durable[offset] = static_cast<char>(~node->durable[offset]);
}

void FaultFileSystem::Crash() {
  MutexLock lock(mutex_);
  Restart(nullptr);
}

void FaultFileSystem::CrashTorn(uint64_t seed) {
  MutexLock lock(mutex_);
  std::mt19937_64 random(seed);
  Restart(&random);
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::Copy(EndOf what, uint64_t seed) const {
  auto copy = std::make_unique<FaultFileSystem>();
  MutexLock lock(copy->mutex_);
  std::map<const Node*, std::shared_ptr<Node>> nodes;
  const auto copied = [&](const std::shared_ptr<Node>& node) {
    auto& own = nodes[node.get()];
    if (own == nullptr) {
      own = std::make_shared<Node>(*node);
      if (what == EndOf::kProcess) own->durable = own->bytes;
    }
    return own;
  };
  std::mt19937_64 random(seed);
  copy->names_.clear();
  for (const auto& [path, node] : what == EndOf::kProcess ? names_ : durable_names_) {
    copy->names_.emplace(path, copied(node));
  }
  const size_t happened = what == EndOf::kProcess ? 0 : random() % (unsynced_names_.size() + 1);
  for (size_t i = 0; i < happened; ++i) {
    for (const auto& [path, node] : unsynced_names_[i]) {
      if (node == nullptr) {
        copy->names_.erase(path);
      } else {
        copy->names_.insert_or_assign(path, copied(node));
      }
    }
  }
  copy->durable_names_ = copy->names_;
  copy->free_space_ = free_space_;
  copy->Restart(what == EndOf::kPower ? &random : nullptr);
  return copy;
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::After(EndOf what, uint64_t seed) const {
  MutexLock lock(mutex_);
  return Copy(what, seed);
}

void FaultFileSystem::EndAfter(uint64_t n, EndOf what, uint64_t seed, std::function<void()> then) {
  MutexLock lock(mutex_);
  ended_.reset();
  end_ = End{operations_all_ + n, what, seed, std::move(then)};
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::TakeEnd() {
  MutexLock lock(mutex_);
  end_.reset();
  return std::move(ended_);
}

void FaultFileSystem::Restart(std::mt19937_64* torn) {
  ++generation_;
  locked_.clear();
  fault_.reset();
  if (torn != nullptr) {
    std::set<std::string> paths;
    for (const auto& [path, node] : names_) paths.insert(path);
    for (const auto& [path, node] : durable_names_) paths.insert(path);
    for (const std::string& path : paths) {
      if ((*torn)() % 2 == 0) continue;
      if (const auto it = names_.find(path); it != names_.end()) {
        durable_names_[path] = it->second;
      } else {
        durable_names_.erase(path);
      }
    }
  }
  // A name may have survived while its directory has not.
  names_.clear();
  for (const auto& [path, node] : durable_names_) {
    if (durable_names_.contains(ParentDirectory(path))) names_.emplace(path, node);
  }
  durable_names_ = names_;
  unsynced_names_.clear();
  std::set<Node*> settled;
  for (const auto& [path, node] : names_) {
    if (!settled.insert(node.get()).second) continue;
    if (torn != nullptr && !node->sync_is_lost) {
      const bool grew = node->bytes.starts_with(node->durable);
      const size_t kept = grew ? node->durable.size() : 0;
      if (grew || (*torn)() % 2 == 0) {
        node->durable = node->bytes.substr(0, kept) + Torn(std::string_view(node->bytes).substr(kept), kept, *torn);
      }
    }
    node->bytes = node->durable;
    node->sync_is_lost = false;
  }
}

Status FaultFileSystem::Step(FileOperation kind) const {
  const uint64_t number = operations_all_++;
  const uint64_t of_kind = operations_[static_cast<size_t>(kind)]++;
  if (end_ && end_->number == number) {
    ended_ = Copy(end_->what, end_->seed);
    end_->then();
    end_.reset();
  }
  if (!fault_) return {};
  if (fault_->kind ? (fault_->kind != kind || fault_->number != of_kind) : fault_->number != number) return {};
  Status error = std::move(fault_->error);
  fault_.reset();
  return error;
}

Result<std::shared_ptr<FaultFileSystem::Node>> FaultFileSystem::Find(const std::string& path) const {
  const auto it = names_.find(path);
  if (it == names_.end()) return Missing(path);
  return it->second;
}

void FaultFileSystem::Change(NameChange change) {
  for (const auto& [path, node] : change) {
    if (node == nullptr) {
      names_.erase(path);
    } else {
      names_.insert_or_assign(path, node);
    }
  }
  unsynced_names_.push_back(std::move(change));
}

Status FaultFileSystem::RequireParent(const std::string& path) const {
  ASSIGN_OR_RETURN(const auto parent, Find(ParentDirectory(path)));
  return parent->directory ? Status() : Unavailable("not a directory: " + ParentDirectory(path));
}

Result<std::string> FaultFileSystem::ReadFile(const std::string& path) const {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kRead));
  ASSIGN_OR_RETURN(const auto node, Find(path));
  if (node->directory) return Unavailable("is a directory: " + path);
  return node->bytes;
}

Result<std::unique_ptr<MappedFile>> FaultFileSystem::Map(const std::string& path) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return std::unique_ptr<MappedFile>(std::make_unique<Mapping>(bytes));
}

Result<std::unique_ptr<WritableFile>> FaultFileSystem::OpenForWriting(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kOpen));
  RETURN_IF_ERROR(RequireParent(path));
  if (!names_.contains(path)) Change({{path, std::make_shared<Node>()}});
  const auto node = names_.at(path);
  if (node->directory) return Unavailable("is a directory: " + path);
  node->bytes.clear();
  return std::unique_ptr<WritableFile>(std::make_unique<File>(*this, node, generation_));
}

Result<uint64_t> FaultFileSystem::FileSize(const std::string& path) const {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  ASSIGN_OR_RETURN(const auto node, Find(path));
  return uint64_t{node->bytes.size()};
}

Result<bool> FaultFileSystem::Exists(const std::string& path) const {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  return names_.count(path) > 0;
}

Status FaultFileSystem::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kRename));
  RETURN_IF_ERROR(Find(path).status());
  const bool has_children = std::any_of(names_.begin(), names_.end(), [&](const auto& entry) {
    return entry.first != path && ParentDirectory(entry.first) == path;
  });
  if (has_children) return Unavailable("directory is not empty: " + path);
  Change({{path, nullptr}});
  return {};
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kRename));
  ASSIGN_OR_RETURN(const auto node, Find(from));
  if (node->directory) return Unavailable("renaming directories is not simulated: " + from);
  RETURN_IF_ERROR(RequireParent(to));
  if (from != to) Change({{to, node}, {from, nullptr}});
  return {};
}

Status FaultFileSystem::CreateDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  for (std::string at = path; names_.count(at) == 0; at = ParentDirectory(at)) {
    const auto node = std::make_shared<Node>();
    node->directory = true;
    names_.emplace(at, node);
    durable_names_.emplace(at, node);
  }
  return names_.at(path)->directory ? Status() : Unavailable("not a directory: " + path);
}

Result<std::vector<std::string>> FaultFileSystem::ListDirectory(const std::string& path) const {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  ASSIGN_OR_RETURN(const auto directory, Find(path));
  if (!directory->directory) return Unavailable("not a directory: " + path);
  std::vector<std::string> names;
  for (const auto& [name, node] : names_) {
    if (name != path && ParentDirectory(name) == path) names.push_back(name.substr(name.find_last_of('/') + 1));
  }
  return names;
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kSyncDirectory));
  RETURN_IF_ERROR(Find(path).status());
  std::erase_if(durable_names_, [&](const auto& entry) { return ParentDirectory(entry.first) == path; });
  for (const auto& [name, node] : names_) {
    if (ParentDirectory(name) == path) durable_names_[name] = node;
  }
  std::erase_if(unsynced_names_, [&](const NameChange& change) { return ParentDirectory(change[0].first) == path; });
  return {};
}

Result<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  RETURN_IF_ERROR(RequireParent(path));
  if (!locked_.insert(path).second) return FailedPrecondition("locked by another process: " + path);
  if (!names_.contains(path)) Change({{path, std::make_shared<Node>()}});
  return std::unique_ptr<FileLock>(std::make_unique<HeldLock>(*this, path, generation_));
}

Result<uint64_t> FaultFileSystem::FreeSpace(const std::string& path) const {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(Step(FileOperation::kLook));
  RETURN_IF_ERROR(Find(path).status());
  return free_space_;
}

}  // namespace engram
