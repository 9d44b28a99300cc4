// What the columns of a SQLite table mean, as a user writes it down in JSON:
//
//   {"table": "notes",                                   an ordinary table, or an FTS5 one
//    "id": "note_id",                                    absent: the row number
//    "text": "body",                                     likewise role, kind, state, user_id, agent_id, run_id, app_id,
//                                                        actor_id, created_at, updated_at, event_time, expires_at,
//                                                        importance, pinned: the column of each
//    "fields": {"title": "headline"},                    texts beside the text: name -> column
//    "metadata": {"topic": "topic",                      name -> column,
//                 "tags": {"json": "tags_column"}},      or the column that holds its JSON
//    "metadata_object": "extra",                         a column with a JSON object whose members are metadata
//    "vectors": {"default": {"column": "embedding", "format": "f32", "metric": "cosine"},
//                "image": {"sqlite_vec": "vec_notes", "column": "image", "metric": "l2"}},
//    "constants": {"user_id": "ann"},                    texts among the parts that are the same for every row
//    "route": {"namespace": …}}                          which row goes to which namespace: route.h
//
// Formats of vectors: f32 (default) and f64, little-endian blobs; json, a text with an array. A sqlite_vec table is
// joined by its rowid. Metrics: cosine (default), dot, l2.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engram/v1/namespace.pb.h"

namespace engram {

enum class VectorFormat : uint8_t { kF32, kF64, kJson };

struct SqliteMapping {
  struct MetadataColumn {
    std::string column;
    bool json = false;
  };
  struct VectorColumn {
    std::string sqlite_vec;  // not empty: the vec0 table that `column` is in
    std::string column;      // empty with sqlite_vec: its only one
    VectorFormat format = VectorFormat::kF32;
    v1::Metric metric = v1::METRIC_COSINE;
  };

  std::string table;
  std::string id;                            // empty: the row number
  std::map<std::string, std::string> parts;  // "text", "user_id" …  -> column
  std::map<std::string, std::string> constants;
  std::map<std::string, std::string> fields;
  std::map<std::string, MetadataColumn> metadata;
  std::string metadata_object;
  std::map<std::string, VectorColumn> vectors;
};

// InvalidArgument names what is missing, unknown or of the wrong type, with its place as the field.
Result<SqliteMapping> ParseSqliteMapping(std::string_view json);
// Out of a file, which its errors name.
Result<SqliteMapping> ReadSqliteMapping(const std::string& path);

}  // namespace engram
