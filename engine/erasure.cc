#include "engine/erasure.h"

#include "base/coding.h"
#include "engine/keys.h"

namespace engram {
namespace {

// erasure := 1 kind:u8 tenant namespace node position (varints) time:signed
constexpr char kFormat = 1;

// Under the system's directory: "l" number:u64 -> erasure, "g" -> number of the next one:u64. Never renumber.
constexpr char kErasure = 'l';
constexpr char kErasureCounter = 'g';

std::string ErasureKey(uint64_t number) { return keys::Key(kErasure).Add(Position(number)); }

}  // namespace

std::string EncodeErasure(const Erasure& erasure) {
  std::string out(1, kFormat);
  out.push_back(static_cast<char>(erasure.kind));
  AppendVarint(&out, erasure.tenant.value);
  AppendVarint(&out, erasure.ns.value);
  AppendVarint(&out, erasure.node.value);
  AppendVarint(&out, erasure.position.value);
  AppendSignedVarint(&out, erasure.time.micros);
  return out;
}

Result<Erasure> DecodeErasure(uint64_t number, std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  Erasure erasure;
  erasure.number = number;
  erasure.kind = static_cast<Erasure::Kind>(in.Byte());
  if (erasure.kind < Erasure::Kind::kMemory || erasure.kind > Erasure::Kind::kTenant) in.Fail();
  erasure.tenant = TenantId(static_cast<uint32_t>(in.Varint()));
  erasure.ns = NamespaceId(static_cast<uint32_t>(in.Varint()));
  erasure.node = NodeNumber(static_cast<uint32_t>(in.Varint()));
  erasure.position = Position(in.Varint());
  erasure.time = Timestamp{in.SignedVarint()};
  RETURN_IF_ERROR(in.Finish("erasure"));
  return erasure;
}

Result<uint64_t> NextErasure(const KvReader& system) {
  ASSIGN_OR_RETURN(const auto bytes, system.Get(keys::Key(kErasureCounter)));
  if (!bytes) return uint64_t{0};
  ByteReader in(*bytes);
  const uint64_t next = in.Key64();
  RETURN_IF_ERROR(in.Finish("number of erasures"));
  return next;
}

Result<std::vector<Erasure>> ReadErasures(const KvReader& system, uint64_t from, size_t limit) {
  std::vector<Erasure> erasures;
  const auto it = system.ScanPrefix(std::string(1, kErasure));
  for (it->Seek(ErasureKey(from)); it->Valid() && erasures.size() < limit; it->Next()) {
    ByteReader key(it->key().substr(1));
    const uint64_t number = key.Key64();
    RETURN_IF_ERROR(key.Finish("number of an erasure"));
    ASSIGN_OR_RETURN(Erasure erasure, DecodeErasure(number, it->value()));
    erasures.push_back(erasure);
  }
  RETURN_IF_ERROR(it->status());
  return erasures;
}

void PutErasures(const std::vector<Erasure>& erasures, uint64_t next, KvBatch& system) {
  for (const Erasure& erasure : erasures) system.Put(ErasureKey(erasure.number), EncodeErasure(erasure));
  std::string counter;
  AppendKey64(&counter, next);
  system.Put(keys::Key(kErasureCounter), counter);
}

void RemoveErasure(uint64_t number, KvBatch& system) { system.Delete(ErasureKey(number)); }

}  // namespace engram
