// The seam between what is stored and where: modules that keep rows (graph/, engine/) see an ordered
// map of byte strings through these two interfaces, never RocksDB. MemoryKv is the in-memory twin
// that tests run on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace engram {

// Walks keys in byte order within the bounds it was made with. Views stay valid until the next move.
// Confined to one thread. A read error ends the walk and stands in status().
class KvIterator {
 public:
  virtual ~KvIterator() = default;
  virtual bool Valid() const = 0;
  virtual void Next() = 0;
  virtual void Prev() = 0;
  // To the first key >= `key` within the bounds.
  virtual void Seek(std::string_view key) = 0;
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
  virtual Status status() const = 0;
};

// One consistent state of an ordered map. Thread-safe when it reads a snapshot; a reader over a batch
// being built (an overlay) is confined to the writer, and its iterators die at the next write.
class KvReader {
 public:
  virtual ~KvReader() = default;
  // Nothing when the key is absent; an error only when reading failed.
  virtual Result<std::optional<std::string>> Get(std::string_view key) const = 0;
  // As many results as keys, in their order.
  virtual Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const = 0;
  // Keys in [begin, end); an empty `end` means no bound. Starts at the first of them.
  virtual std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const = 0;

  // Keys that start with `prefix`.
  std::unique_ptr<KvIterator> ScanPrefix(std::string_view prefix) const;
};

// Changes that commit together or not at all. Nothing is visible to other readers before the commit.
class KvBatch {
 public:
  virtual ~KvBatch() = default;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
};

// The smallest key above every key that starts with `prefix`; empty when there is none.
std::string PrefixEnd(std::string_view prefix);

// An ordered map in memory that is reader and batch at once: writes are visible at once.
// Not thread-safe.
class MemoryKv final : public KvReader, public KvBatch {
 public:
  Result<std::optional<std::string>> Get(std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override;
  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override;
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;

  size_t size() const { return rows_.size(); }

 private:
  std::map<std::string, std::string, std::less<>> rows_;
};

// A reader that sees only the keys under `prefix`, without it: what is above can't form a key outside.
// `base` must outlive it. As thread-safe as `base`.
class ScopedReader final : public KvReader {
 public:
  ScopedReader(const KvReader& base, std::string prefix) : base_(base), prefix_(std::move(prefix)) {}
  Result<std::optional<std::string>> Get(std::string_view key) const override;
  Result<std::vector<std::optional<std::string>>> MultiGet(const std::vector<std::string>& keys) const override;
  std::unique_ptr<KvIterator> Scan(std::string_view begin, std::string_view end) const override;

 private:
  const KvReader& base_;
  std::string prefix_;
};

// The writing half of ScopedReader.
class ScopedBatch final : public KvBatch {
 public:
  ScopedBatch(KvBatch& base, std::string prefix) : base_(base), prefix_(std::move(prefix)) {}
  void Put(std::string_view key, std::string_view value) override;
  void Delete(std::string_view key) override;

 private:
  KvBatch& base_;
  std::string prefix_;
};

}  // namespace engram
