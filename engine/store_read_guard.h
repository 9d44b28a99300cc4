// Part of store.cc: RocksDB 7.8 can lose rows when reading a data file fails during a compaction, so a read
// error from the disk stops the process instead of being handed on.
#pragma once

namespace rocksdb {
class Env;
}

namespace engram {

// The default environment, but for such reads. Lives as long as the process.
rocksdb::Env* ReadGuardEnv();

}  // namespace engram
