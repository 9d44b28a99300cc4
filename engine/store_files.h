// Part of store.cc: the files that RocksDB works on, and those of their failures that must stop the process.
//
// A failed sync stops it there and then, whatever the reason: the kernel may have dropped the pages, so nobody may try
// again, nor acknowledge what was to be synced. What failed reads do is in store_read_guard.h.
#pragma once

#include <memory>

#include "base/file.h"

namespace rocksdb {
class Env;
}

namespace engram {

// RocksDB's own way to the operating system's files; any other `files`, such as the twin that fails on demand, by way
// of base/file.h, without a log of RocksDB's beside the data. Threads and clocks are the process's. `files` must
// outlive it, and it the database.
std::shared_ptr<rocksdb::Env> StoreEnv(FileSystem& files);

}  // namespace engram
