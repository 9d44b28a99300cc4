// Part of store.cc: the files that hold the rows, and whether they hold what was written.
#pragma once

#include <vector>

#include "engine/read_only_store.h"

namespace rocksdb {
class DB;
}

namespace engram {

std::vector<DataFile> ListDataFiles(rocksdb::DB* db);
// As ReadOnlyStore::CheckFile.
Status CheckDataFile(const DataFile& file);

}  // namespace engram
