// Part of store.cc: what a store had when it was closed, in the file CLOSED beside its own.
//
// RocksDB takes a log or a manifest that ends early for one that a crash cut off, and opens with what is left: of a
// store that was closed in order, that is damage which nobody would be told of. A store that is open has no mark.
//
//   mark := "engram-closed 1\n" "sequence " number "\n" ("file " name "\n")* "end " XXH3-64 of all before, in hex "\n"
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/status.h"

namespace rocksdb {
class DB;
}

namespace engram {

// Of a store that was flushed and has nothing at work in the background any more.
std::string MakeCloseMark(rocksdb::DB* db);
// Once it is closed; durable when OK. `path` is the store's folder.
Status WriteCloseMark(FileSystem& files, const std::string& path, std::string_view mark);

// Holds what opened against the mark, if there is a whole one. Corruption says what is missing.
Status CheckCloseMark(rocksdb::DB* db, const FileSystem& files, const std::string& path);
Result<bool> HasCloseMark(const FileSystem& files, const std::string& path);
// Before the first change; durable when OK. Fine when there is none.
Status RemoveCloseMark(FileSystem& files, const std::string& path);

}  // namespace engram
