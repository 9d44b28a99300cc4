// A table of a SQLite file as the place that memories go back to: captures (captures_source.h), or any table by its
// mapping (sqlite_mapping.h) read backwards. A batch is one transaction, begun before the rows are looked at: it finds
// what other programs have committed and writes over nothing else. Of a row that is there, the columns alone are
// written whose meaning has changed; times are written as the column has them. Triggers of the file are run, so that a
// full-text index that they keep up goes on being true.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tools/import/push_target.h"
#include "tools/import/sqlite_mapping.h"

namespace engram {

// `mapping` absent: captures. With Access::kWrite a transaction that a crash has left half done is undone first, as by
// anybody who opens the file. Checks the file as the importer does. InvalidArgument for a mapping that can be read and
// not be written: full-text tables, vectors in tables of sqlite-vec.
Result<std::unique_ptr<PushTarget>> OpenSqliteTarget(const std::string& path, std::optional<SqliteMapping> mapping,
                                                     PushTarget::Access access, bool quick);

}  // namespace engram
