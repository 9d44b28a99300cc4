// Part of store.cc: what is replayed of the log after a crash is a beginning of it.
//
// A power cut may leave out pages in the middle of what was not synced. RocksDB 7.8 takes such a page, which reads as
// zeros, for padding, and goes on with the next block of 32 KiB; if a record begins there, the writes in between are
// gone and later ones are not (log_reader.cc, kZeroType). Every record says which number its first row has, so a gap
// shows, but for one at the beginning of what is replayed: there can be none, as the first commit of every log is
// synced.
#pragma once

#include <memory>

namespace rocksdb {
class WalFilter;
}

namespace engram {

// Ends the replay at the first gap, and logs it. For one opening of one database, which it must outlive.
std::unique_ptr<rocksdb::WalFilter> NewLogOrderCheck();

}  // namespace engram
