// The one canonical encoding of a memory's parts: equal parts give equal bytes on every machine. Rows store it,
// hashes and digests are taken over it, importers compute the same (docs/formats.md "Canonical encoding").
#pragma once

#include <string>
#include <string_view>

#include "base/coding.h"
#include "base/hash.h"
#include "engine/memory.h"

namespace engram {

// Text, fields in name order, vectors in space order with their bytes as given.
void AppendContent(std::string* out, const Content& content);
// False, with `in` failed, on malformed bytes. Vectors are skipped unless `with_vectors`.
bool ReadContent(ByteReader* in, bool with_vectors, Content* content);

void AppendScopes(std::string* out, const Scopes& scopes);
bool ReadScopes(ByteReader* in, Scopes* scopes);

void AppendAttributes(std::string* out, const Attributes& attributes);
bool ReadAttributes(ByteReader* in, Attributes* attributes);

void AppendOptionalTime(std::string* out, const std::optional<Timestamp>& time);
std::optional<Timestamp> ReadOptionalTime(ByteReader* in);

Hash128 ContentHash(const Content& content);

// The hash of a memory, as replies show it and digests sum it: over its id, content, attributes and time to live
// (ttl_seconds, or expires_at where there is none), not over its version or access counts.
Hash128 MemoryHash(std::string_view id, const Hash128& content_hash, const Attributes& attributes,
                   const StateRecord& state);

// What "the same content" means for deduplication: all scopes, text and fields.
Hash128 DuplicateHash(const Scopes& scopes, const Content& content);

}  // namespace engram
