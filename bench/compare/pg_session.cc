#include "bench/compare/pg_session.h"

#include <bit>
#include <cstring>
#include <unordered_map>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace engram::compare {
namespace {

using PgResult = std::unique_ptr<PGresult, decltype(&PQclear)>;

PGconn* RawOf(const PgConnection& connection) { return static_cast<PGconn*>(connection.get()); }

Status ErrorOf(const PgConnection& connection, std::string_view what) {
  return Internal(fmt::format("{}: {}", what.substr(0, 200), PQerrorMessage(RawOf(connection))));
}

bool IsGood(const PgResult& result) {
  const ExecStatusType status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

void AppendBigEndian(uint32_t value, std::string* out) {
  for (const int shift : {24, 16, 8, 0}) *out += static_cast<char>(value >> shift & 0xFF);
}

void AppendShort(size_t value, std::string* out) {
  *out += static_cast<char>(value >> 8 & 0xFF);
  *out += static_cast<char>(value & 0xFF);
}

void AppendField(std::string_view bytes, std::string* out) {
  AppendBigEndian(static_cast<uint32_t>(bytes.size()), out);
  *out += bytes;
}

class PgSession final : public Session {
 public:
  explicit PgSession(PgConnection connection) : connection_(std::move(connection)) {}

  Status Exchange(const Prepared& request) override {
    const size_t count = request.parameters.size();
    values_.resize(count);
    lengths_.resize(count);
    formats_.assign(count, 1);
    for (size_t i = 0; i < count; ++i) {
      values_[i] = request.parameters[i].data();
      lengths_[i] = static_cast<int>(request.parameters[i].size());
    }
    const auto [statement, fresh] = statements_.try_emplace(request.bytes, fmt::format("s{}", statements_.size()));
    if (fresh) {
      const PgResult prepared(
          PQprepare(RawOf(connection_), statement->second.c_str(), request.bytes.c_str(), 0, nullptr), &PQclear);
      if (!IsGood(prepared)) return ErrorOf(connection_, request.bytes);
    }
    result_.reset(PQexecPrepared(RawOf(connection_), statement->second.c_str(), static_cast<int>(count), values_.data(),
                                 lengths_.data(), formats_.data(), 1));
    return IsGood(result_) ? Status() : ErrorOf(connection_, request.bytes);
  }

  Status ReadRows(std::vector<uint32_t>* rows) override {
    rows->clear();
    for (int i = 0; i < PQntuples(result_.get()); ++i) {
      uint32_t row = 0;
      std::memcpy(&row, PQgetvalue(result_.get(), i, 0), sizeof row);
      rows->push_back(__builtin_bswap32(row));
    }
    return {};
  }

 private:
  const PgConnection connection_;
  std::unordered_map<std::string, std::string> statements_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  PgResult result_{nullptr, &PQclear};
};

}  // namespace

void PgConnectionCloser::operator()(void* connection) const { PQfinish(static_cast<PGconn*>(connection)); }

Result<PgConnection> ConnectPg(uint16_t port) {
  const std::string where = fmt::format(
      "host=127.0.0.1 port={} user=compare dbname=postgres sslmode=disable "
      "gssencmode=disable",
      port);
  PgConnection connection(PQconnectdb(where.c_str()));
  if (PQstatus(RawOf(connection)) != CONNECTION_OK) {
    return Unavailable(fmt::format("can't connect to PostgreSQL: {}", PQerrorMessage(RawOf(connection))));
  }
  PQsetNoticeProcessor(
      RawOf(connection), [](void*, const char*) {}, nullptr);
  return connection;
}

Result<std::string> RunPg(const PgConnection& connection, const std::string& sql) {
  const PgResult result(PQexec(RawOf(connection), sql.c_str()), &PQclear);
  if (!IsGood(result)) return ErrorOf(connection, sql);
  if (PQntuples(result.get()) == 0) return std::string();
  return std::string(PQgetvalue(result.get(), 0, 0));
}

std::string PgInt(int32_t value) {
  std::string bytes;
  AppendBigEndian(static_cast<uint32_t>(value), &bytes);
  return bytes;
}

std::string PgVector(std::span<const float> values) {
  std::string bytes;
  bytes.reserve(4 + 4 * values.size());
  AppendShort(values.size(), &bytes);
  AppendShort(0, &bytes);
  for (const float value : values) AppendBigEndian(std::bit_cast<uint32_t>(value), &bytes);
  return bytes;
}

Status CopyRecords(const PgConnection& connection, const std::string& table, const Records& records, size_t begin,
                   size_t end) {
  PGconn* raw = RawOf(connection);
  const std::string sql = fmt::format("COPY {} (id, u, text, v) FROM STDIN WITH (FORMAT BINARY)", table);
  const PgResult started(PQexec(raw, sql.c_str()), &PQclear);
  if (PQresultStatus(started.get()) != PGRES_COPY_IN) return ErrorOf(connection, sql);
  std::string bytes("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  for (size_t i = begin; i < end; ++i) {
    const Record record = records.At(i);
    AppendShort(4, &bytes);
    AppendField(PgInt(static_cast<int32_t>(record.row)), &bytes);
    AppendField(PgInt(static_cast<int32_t>(record.u)), &bytes);
    AppendField(record.text, &bytes);
    AppendField(PgVector(record.vector), &bytes);
    if (bytes.size() < 256 << 10) continue;
    if (PQputCopyData(raw, bytes.data(), static_cast<int>(bytes.size())) != 1) return ErrorOf(connection, sql);
    bytes.clear();
  }
  AppendShort(0xFFFF, &bytes);
  if (PQputCopyData(raw, bytes.data(), static_cast<int>(bytes.size())) != 1 || PQputCopyEnd(raw, nullptr) != 1) {
    return ErrorOf(connection, sql);
  }
  const PgResult ended(PQgetResult(raw), &PQclear);
  if (!IsGood(ended)) return ErrorOf(connection, sql);
  PQclear(PQgetResult(raw));
  return {};
}

Result<std::unique_ptr<Session>> MakePgSession(uint16_t port, const std::string& set) {
  ASSIGN_OR_RETURN(PgConnection connection, ConnectPg(port));
  RETURN_IF_ERROR(RunPg(connection, set).status());
  return std::unique_ptr<Session>(new PgSession(std::move(connection)));
}

}  // namespace engram::compare
