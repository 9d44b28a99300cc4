// content    := text:string  #fields (name:string text:string)*  #vectors (space:string vector)*
// vector     := 0 floats | 1 indices:(varint delta)* floats | 2 dimensions:varint floats
// attributes := scopes role:string kind:string state:u8 metadata:object event_time:time? source
//               created_at:signed updated_at:signed
// scopes     := user_id agent_id run_id app_id actor_id (strings)
// source     := system:string id:string (0 | 1 version:varint) batch:string
// time?      := 0 | 1 micros:signed
// memory     := "m1" id:string content_hash:16 attributes (0 | 1 ttl_seconds:varint | 2 expires_at:signed)
// with string := varint length, bytes; floats := varint count, little-endian; signed := zigzag varint.
#include "engine/canonical.h"

#include <cstring>

#include "base/value_coding.h"

namespace engram {
namespace {

void AppendVector(std::string* out, const VectorValue& vector) {
  out->push_back(static_cast<char>(vector.index()));
  if (const auto* dense = std::get_if<DenseVector>(&vector)) {
    AppendFloats(out, dense->data(), dense->size());
  } else if (const auto* sparse = std::get_if<SparseVector>(&vector)) {
    AppendVarint(out, sparse->indices.size());
    uint32_t previous = 0;
    for (const uint32_t index : sparse->indices) {
      AppendVarint(out, index - previous);
      previous = index;
    }
    AppendFloats(out, sparse->values.data(), sparse->values.size());
  } else {
    const auto& multi = std::get<MultiVector>(vector);
    AppendVarint(out, multi.dimensions);
    AppendFloats(out, multi.values.data(), multi.values.size());
  }
}

std::vector<float> ReadFloats(ByteReader* in) {
  const size_t n = in->Count(sizeof(float));
  const std::string_view bytes = in->Bytes(n * sizeof(float));
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

bool ReadVector(ByteReader* in, VectorValue* vector) {
  switch (in->Byte()) {
    case 0: *vector = ReadFloats(in); return in->ok();
    case 1: {
      SparseVector sparse;
      const size_t n = in->Count(1);
      sparse.indices.reserve(n);
      uint32_t previous = 0;
      for (size_t i = 0; i < n; ++i) sparse.indices.push_back(previous += static_cast<uint32_t>(in->Varint()));
      sparse.values = ReadFloats(in);
      if (sparse.values.size() != n) in->Fail();
      *vector = std::move(sparse);
      return in->ok();
    }
    case 2: {
      MultiVector multi;
      multi.dimensions = static_cast<uint32_t>(in->Varint());
      multi.values = ReadFloats(in);
      *vector = std::move(multi);
      return in->ok();
    }
    default: in->Fail(); return false;
  }
}

void AppendHash(std::string* out, const Hash128& hash) {
  AppendFixed64(out, hash.low);
  AppendFixed64(out, hash.high);
}

}  // namespace

void AppendContent(std::string* out, const Content& content) {
  AppendString(out, content.text);
  AppendVarint(out, content.fields.size());
  for (const auto& [name, text] : content.fields) {
    AppendString(out, name);
    AppendString(out, text);
  }
  AppendVarint(out, content.vectors.size());
  for (const auto& [space, vector] : content.vectors) {
    AppendString(out, space);
    AppendVector(out, vector);
  }
}

bool ReadContent(ByteReader* in, bool with_vectors, Content* content) {
  content->text = in->String();
  for (size_t n = in->Count(2); n > 0; --n) {
    std::string name(in->String());
    content->fields.insert_or_assign(std::move(name), std::string(in->String()));
  }
  if (!with_vectors) return in->ok();  // they come last
  for (size_t n = in->Count(2); n > 0; --n) {
    std::string space(in->String());
    VectorValue vector;
    if (!ReadVector(in, &vector)) return false;
    content->vectors.insert_or_assign(std::move(space), std::move(vector));
  }
  return in->ok();
}

void AppendScopes(std::string* out, const Scopes& scopes) {
  AppendString(out, scopes.user_id);
  AppendString(out, scopes.agent_id);
  AppendString(out, scopes.run_id);
  AppendString(out, scopes.app_id);
  AppendString(out, scopes.actor_id);
}

bool ReadScopes(ByteReader* in, Scopes* scopes) {
  scopes->user_id = in->String();
  scopes->agent_id = in->String();
  scopes->run_id = in->String();
  scopes->app_id = in->String();
  scopes->actor_id = in->String();
  return in->ok();
}

void AppendOptionalTime(std::string* out, const std::optional<Timestamp>& time) {
  out->push_back(time ? 1 : 0);
  if (time) AppendSignedVarint(out, time->micros);
}

std::optional<Timestamp> ReadOptionalTime(ByteReader* in) {
  if (in->Byte() == 0) return std::nullopt;
  return Timestamp{in->SignedVarint()};
}

void AppendAttributes(std::string* out, const Attributes& attributes) {
  AppendScopes(out, attributes.scopes);
  AppendString(out, attributes.role);
  AppendString(out, attributes.kind);
  out->push_back(static_cast<char>(attributes.state));
  AppendObject(out, attributes.metadata);
  AppendOptionalTime(out, attributes.event_time);
  AppendString(out, attributes.source.system);
  AppendString(out, attributes.source.id);
  out->push_back(attributes.source.version ? 1 : 0);
  if (attributes.source.version) AppendVarint(out, *attributes.source.version);
  AppendString(out, attributes.source.batch);
  AppendSignedVarint(out, attributes.created_at.micros);
  AppendSignedVarint(out, attributes.updated_at.micros);
}

bool ReadAttributes(ByteReader* in, Attributes* attributes) {
  ReadScopes(in, &attributes->scopes);
  attributes->role = in->String();
  attributes->kind = in->String();
  const uint8_t state = in->Byte();
  if (state > static_cast<uint8_t>(MemoryState::kPaused)) in->Fail();
  attributes->state = static_cast<MemoryState>(state);
  ReadObject(in, &attributes->metadata);
  attributes->event_time = ReadOptionalTime(in);
  attributes->source.system = in->String();
  attributes->source.id = in->String();
  if (in->Byte() != 0) attributes->source.version = in->Varint();
  attributes->source.batch = in->String();
  attributes->created_at = {in->SignedVarint()};
  attributes->updated_at = {in->SignedVarint()};
  return in->ok();
}

Hash128 ContentHash(const Content& content) {
  std::string bytes;
  AppendContent(&bytes, content);
  return HashBytes128(bytes);
}

Hash128 MemoryHash(std::string_view id, const Hash128& content_hash, const Attributes& attributes,
                   const StateRecord& state) {
  std::string bytes = "m1";
  AppendString(&bytes, id);
  AppendHash(&bytes, content_hash);
  AppendAttributes(&bytes, attributes);
  if (state.ttl_seconds) {
    bytes.push_back(1);
    AppendVarint(&bytes, *state.ttl_seconds);
  } else if (state.expires_at) {
    bytes.push_back(2);
    AppendSignedVarint(&bytes, state.expires_at->micros);
  } else {
    bytes.push_back(0);
  }
  return HashBytes128(bytes);
}

Hash128 DuplicateHash(const Scopes& scopes, const Content& content) {
  Content words;
  words.text = content.text;
  words.fields = content.fields;
  std::string bytes;
  AppendScopes(&bytes, scopes);
  AppendContent(&bytes, words);
  return HashBytes128(bytes);
}

}  // namespace engram
