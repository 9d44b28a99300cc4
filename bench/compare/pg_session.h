// One libpq connection with prepared statements and binary parameters.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/compare/peer.h"

namespace engram::compare {

struct PgConnectionCloser {
  void operator()(void* connection) const;
};
// A PGconn; libpq's header stays in the .cc file.
using PgConnection = std::unique_ptr<void, PgConnectionCloser>;

Result<PgConnection> ConnectPg(uint16_t port);
// Runs `sql`, possibly several statements; the first value of the last result, if it has one.
Result<std::string> RunPg(const PgConnection& connection, const std::string& sql);

// Binary parameters.
std::string PgInt(int32_t value);
// pgvector's binary form: dimensions and a zero, 16 bits each, then floats, all big-endian.
std::string PgVector(std::span<const float> values);

// COPY `table` (row, u, text, v) FROM STDIN in binary form.
Status CopyRecords(const PgConnection& connection, const std::string& table, const Records& records, size_t begin,
                   size_t end);

// Prepares each statement of Prepared::bytes when it first comes. `set` is run once, before anything else.
Result<std::unique_ptr<Session>> MakePgSession(uint16_t port, const std::string& set);

}  // namespace engram::compare
