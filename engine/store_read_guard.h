// Part of store.cc: RocksDB 7.8 can lose rows when reading a data file fails during a compaction, so a read
// error from the disk stops the process instead of being handed on.
#pragma once

#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace engram {

// The same files, but for such reads.
std::shared_ptr<rocksdb::FileSystem> GuardReads(std::shared_ptr<rocksdb::FileSystem> files);

}  // namespace engram
