#include "tools/import/archive_format.h"

#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "api/base64.h"
#include "api/json.h"
#include "base/check.h"
#include "tools/import/hashed_line.h"

namespace engram {
namespace {

constexpr ArchiveKindNames kNames[kArchiveKinds] = {
    {"memories.jsonl", "memory", "memories"}, {"tombstones.jsonl", "tombstone", "tombstones"},
    {"nodes.jsonl", "node", "nodes"},         {"runs.jsonl", "run", "runs"},
    {"edges.jsonl", "edge", "edges"},         {"retired_edges.jsonl", "retired_edge", "retired_edges"},
};
constexpr const char* kFormat = "engram-archive";

// --- Printing.

void AppendQuoted(std::string_view text, std::string* out) {
  v1::Value value;
  value.set_string_value(std::string(text));
  AppendJson(value, out);
}

std::string FloatBytes(const v1::Vector::Dense& dense) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(static_cast<size_t>(dense.values_size()) * sizeof(float), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), dense.values().data(), bytes.size());
  return bytes;
}

void AppendVector(const v1::Vector& vector, std::string* out) {
  if (vector.has_sparse() || vector.has_multi()) return AppendJson(vector, out);
  out->append("{\"f32_base64\":\"");
  AppendBase64(vector.has_dense() ? FloatBytes(vector.dense()) : vector.dense_f32(), out);
  out->append("\"}");
}

void AppendVectors(const v1::Memory& memory, std::string* out) {
  if (memory.has_vector()) {
    out->append(",\"vector\":");
    AppendVector(memory.vector(), out);
  }
  if (memory.vectors().empty()) return;
  std::map<std::string, const v1::Vector*> sorted;
  for (const auto& [space, vector] : memory.vectors()) sorted[space] = &vector;
  out->append(",\"vectors\":{");
  bool first = true;
  for (const auto& [space, vector] : sorted) {
    if (!std::exchange(first, false)) out->push_back(',');
    AppendQuoted(space, out);
    out->push_back(':');
    AppendVector(*vector, out);
  }
  out->push_back('}');
}

// Behind what `text` prints already, an object of at least one member.
template <class Append>
void Extend(std::string* text, const Append& append) {
  text->pop_back();
  append(text);
  if (text->starts_with("{,")) text->erase(1, 1);
  text->push_back('}');
}

// The API's JSON, and behind it what the API would print otherwise: vectors in base64, here and in the history.
std::string MemoryJson(const v1::Memory& memory) {
  v1::Memory rest = memory;
  rest.clear_vector();
  rest.clear_vectors();
  rest.clear_history();
  std::string text = PrintJson(rest);
  Extend(&text, [&](std::string* out) {
    AppendVectors(memory, out);
    if (memory.history().empty()) return;
    out->append(",\"history\":[");
    for (int i = 0; i < memory.history_size(); ++i) {
      if (i > 0) out->push_back(',');
      v1::HistoryEvent event = memory.history(i);
      event.clear_memory();
      std::string printed = PrintJson(event);
      if (memory.history(i).has_memory()) {
        Extend(&printed, [&](std::string* more) { *more += ",\"memory\":" + MemoryJson(memory.history(i).memory()); });
      }
      out->append(printed);
    }
    out->push_back(']');
  });
  return text;
}

struct Printer {
  std::string operator()(const v1::Memory& memory) const { return MemoryJson(memory); }
  std::string operator()(const Tombstone& tombstone) const { return MemoryJson(tombstone.memory); }
  std::string operator()(const google::protobuf::Message& message) const { return PrintJson(message); }
};

// --- The manifest.

using Members = google::protobuf::Map<std::string, v1::Value>;

v1::Value Text(const std::string& text) {
  v1::Value value;
  value.set_string_value(text);
  return value;
}

v1::Value Number(uint64_t number) {
  v1::Value value;
  value.set_int_value(static_cast<int64_t>(number));
  return value;
}

Result<std::string> TextOf(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end() && found->second.has_string_value()) return found->second.string_value();
  return InvalidArgument("the manifest lacks this text").At(name);
}

Result<uint64_t> NumberOf(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end() && found->second.has_int_value() && found->second.int_value() >= 0) {
    return static_cast<uint64_t>(found->second.int_value());
  }
  return InvalidArgument("the manifest lacks this number").At(name);
}

Result<const Members*> ObjectOf(const Members& members, const std::string& name) {
  const auto found = members.find(name);
  if (found != members.end() && found->second.has_object_value()) return &found->second.object_value().members();
  return InvalidArgument("the manifest lacks this object").At(name);
}

Result<ArchiveManifest::File> ParseFile(const Members& files, const ArchiveKindNames& names) {
  ArchiveManifest::File file;
  file.name = names.file;
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(files, names.file));
  ASSIGN_OR_RETURN(file.lines, NumberOf(*members, "lines"));
  ASSIGN_OR_RETURN(file.bytes, NumberOf(*members, "bytes"));
  ASSIGN_OR_RETURN(file.sha256, TextOf(*members, "sha256"));
  return file;
}

Result<ArchiveManifest> ReadManifest(const Members& members) {
  ASSIGN_OR_RETURN(const std::string format, TextOf(members, "format"));
  ASSIGN_OR_RETURN(const uint64_t version, NumberOf(members, "version"));
  if (format != kFormat || version != kArchiveVersion) {
    return InvalidArgument(
        fmt::format("{} {} is not {} {}, which this program reads", format, version, kFormat, kArchiveVersion));
  }
  ArchiveManifest manifest;
  ASSIGN_OR_RETURN(const Members* source, ObjectOf(members, "source"));
  ASSIGN_OR_RETURN(manifest.system, TextOf(*source, "system"));
  ASSIGN_OR_RETURN(manifest.origin, TextOf(*source, "origin"));
  ASSIGN_OR_RETURN(manifest.created_at, TextOf(members, "created_at"));
  if (const auto config = members.find("namespace"); config != members.end()) {
    RETURN_IF_ERROR(ParseJson(PrintJson(config->second), &manifest.config.emplace()));
  }
  ASSIGN_OR_RETURN(const Members* counts, ObjectOf(members, "counts"));
  ASSIGN_OR_RETURN(const Members* files, ObjectOf(members, "files"));
  for (size_t i = 0; i < kArchiveKinds; ++i) {
    ASSIGN_OR_RETURN(manifest.counts[i], NumberOf(*counts, kNames[i].count));
    ASSIGN_OR_RETURN(manifest.files[i], ParseFile(*files, kNames[i]));
  }
  ASSIGN_OR_RETURN(manifest.versions, NumberOf(*counts, "versions"));
  if (const auto digest = members.find("digest"); digest != members.end())
    manifest.digest = digest->second.string_value();
  if (const auto notes = members.find("notes"); notes != members.end()) {
    for (const v1::Value& note : notes->second.list_value().values()) manifest.notes.push_back(note.string_value());
  }
  if (const auto since = members.find("since"); since != members.end())
    manifest.positions.since = since->second.string_value();
  if (const auto position = members.find("position"); position != members.end())
    manifest.positions.position = position->second.string_value();
  return manifest;
}

Status ParseRecord(std::string_view line, ArchiveKind kind, RecordItem* item) {
  ASSIGN_OR_RETURN(const std::string_view object, UnhashLine(line, NamesOf(kind).record));
  switch (kind) {
    case ArchiveKind::kMemory: return ParseJson(object, &item->emplace<v1::Memory>());
    case ArchiveKind::kTombstone: return ParseJson(object, &item->emplace<Tombstone>().memory);
    case ArchiveKind::kNode: return ParseJson(object, &item->emplace<v1::Node>());
    case ArchiveKind::kRun: return ParseJson(object, &item->emplace<v1::Run>());
    case ArchiveKind::kEdge:
    case ArchiveKind::kRetiredEdge: return ParseJson(object, &item->emplace<v1::Edge>());
  }
  return Internal("no such kind of record");
}

}  // namespace

const ArchiveKindNames& NamesOf(ArchiveKind kind) { return kNames[static_cast<size_t>(kind)]; }

std::optional<ArchiveKind> KindOf(const RecordItem& item) {
  if (std::holds_alternative<v1::Memory>(item)) return ArchiveKind::kMemory;
  if (std::holds_alternative<Tombstone>(item)) return ArchiveKind::kTombstone;
  if (std::holds_alternative<v1::Node>(item)) return ArchiveKind::kNode;
  if (std::holds_alternative<v1::Run>(item)) return ArchiveKind::kRun;
  const auto* edge = std::get_if<v1::Edge>(&item);
  if (edge == nullptr) return std::nullopt;
  return edge->has_retired_at() ? ArchiveKind::kRetiredEdge : ArchiveKind::kEdge;
}

std::string ArchiveLine(const RecordItem& item) {
  const auto kind = KindOf(item);
  ENGRAM_CHECK(kind.has_value());
  return HashedLine(NamesOf(*kind).record, std::visit(Printer(), item));
}

Status ParseArchiveLine(std::string_view line, ArchiveKind kind, RecordItem* item) {
  RETURN_IF_ERROR(ParseRecord(line, kind, item));
  if (KindOf(*item) == kind) return {};
  return InvalidArgument(fmt::format("this is no {}, as it {} retired_at", NamesOf(kind).record,
                                     kind == ArchiveKind::kEdge ? "has" : "has no"));
}

std::string PrintManifest(const ArchiveManifest& manifest) {
  v1::Value root;
  Members& members = *root.mutable_object_value()->mutable_members();
  members["format"] = Text(kFormat);
  members["version"] = Number(kArchiveVersion);
  members["created_at"] = Text(manifest.created_at);
  Members& source = *members["source"].mutable_object_value()->mutable_members();
  source["system"] = Text(manifest.system);
  source["origin"] = Text(manifest.origin);
  if (manifest.config) ENGRAM_CHECK(ParseJson(PrintJson(*manifest.config), &members["namespace"]).ok());
  Members& counts = *members["counts"].mutable_object_value()->mutable_members();
  Members& files = *members["files"].mutable_object_value()->mutable_members();
  for (size_t i = 0; i < kArchiveKinds; ++i) {
    counts[kNames[i].count] = Number(manifest.counts[i]);
    const ArchiveManifest::File& file = manifest.files[i];
    Members& of_file = *files[kNames[i].file].mutable_object_value()->mutable_members();
    of_file["lines"] = Number(file.lines);
    of_file["bytes"] = Number(file.bytes);
    of_file["sha256"] = Text(file.sha256);
  }
  counts["versions"] = Number(manifest.versions);
  if (!manifest.digest.empty()) members["digest"] = Text(manifest.digest);
  if (!manifest.positions.since.empty()) members["since"] = Text(manifest.positions.since);
  if (!manifest.positions.position.empty()) members["position"] = Text(manifest.positions.position);
  auto& notes = *members["notes"].mutable_list_value()->mutable_values();
  for (const std::string& note : manifest.notes) *notes.Add() = Text(note);
  return HashedLine("manifest", PrintJson(root)) + "\n";
}

Result<ArchiveManifest> ParseManifest(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  ASSIGN_OR_RETURN(const std::string_view object, UnhashLine(text, "manifest"));
  v1::Value root;
  RETURN_IF_ERROR(ParseJson(object, &root));
  if (!root.has_object_value()) return InvalidArgument("the manifest is no object");
  return ReadManifest(root.object_value().members());
}

}  // namespace engram
