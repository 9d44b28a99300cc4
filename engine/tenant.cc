#include "engine/tenant.h"

#include "base/coding.h"

namespace engram {
namespace {

constexpr char kFormat = 1;
constexpr uint8_t kDropped = 1;

std::string NewRow() { return std::string(1, kFormat); }

ByteReader OpenRow(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.Byte() != kFormat) in.Fail();
  return in;
}

void AppendOptional(std::string* out, const std::optional<uint64_t>& v) {
  out->push_back(v ? 1 : 0);
  if (v) AppendVarint(out, *v);
}
void AppendOptional(std::string* out, const std::optional<double>& v) {
  out->push_back(v ? 1 : 0);
  if (v) AppendDouble(out, *v);
}
void AppendOptional(std::string* out, const std::optional<Timestamp>& v) {
  out->push_back(v ? 1 : 0);
  if (v) AppendSignedVarint(out, v->micros);
}

std::optional<uint64_t> OptionalVarint(ByteReader* in) {
  if (in->Byte() == 0) return std::nullopt;
  return in->Varint();
}
std::optional<double> OptionalDouble(ByteReader* in) {
  if (in->Byte() == 0) return std::nullopt;
  return in->Double();
}
std::optional<Timestamp> OptionalTime(ByteReader* in) {
  if (in->Byte() == 0) return std::nullopt;
  return Timestamp{in->SignedVarint()};
}

}  // namespace

bool IsOver(const ApiKey& key, Timestamp now) {
  return key.revoked_at.has_value() || (key.expires_at && *key.expires_at <= now);
}

std::string EncodeTenant(const TenantRecord& tenant) {
  std::string out = NewRow();
  out.push_back(tenant.dropped ? kDropped : 0);
  AppendString(&out, tenant.name);
  AppendSignedVarint(&out, tenant.created_at.micros);
  AppendOptional(&out, tenant.limits.memories);
  AppendOptional(&out, tenant.limits.bytes);
  AppendOptional(&out, tenant.limits.namespaces);
  AppendOptional(&out, tenant.limits.requests_per_second);
  AppendOptional(&out, tenant.limits.worker_ms_per_second);
  return out;
}

Result<TenantRecord> DecodeTenant(TenantId id, std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  TenantRecord tenant;
  tenant.id = id;
  tenant.dropped = in.Byte() == kDropped;
  tenant.name = in.String();
  tenant.created_at = Timestamp{in.SignedVarint()};
  tenant.limits.memories = OptionalVarint(&in);
  tenant.limits.bytes = OptionalVarint(&in);
  tenant.limits.namespaces = OptionalVarint(&in);
  tenant.limits.requests_per_second = OptionalDouble(&in);
  tenant.limits.worker_ms_per_second = OptionalDouble(&in);
  RETURN_IF_ERROR(in.Finish("tenant"));
  return tenant;
}

std::string EncodeTenantUsage(const TenantUsage& usage) {
  std::string out = NewRow();
  for (const uint64_t number : {usage.memories, usage.bytes, usage.namespaces}) AppendVarint(&out, number);
  return out;
}

Result<TenantUsage> DecodeTenantUsage(std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  TenantUsage usage;
  usage.memories = in.Varint();
  usage.bytes = in.Varint();
  usage.namespaces = in.Varint();
  RETURN_IF_ERROR(in.Finish("tenant's usage"));
  return usage;
}

std::string EncodeApiKey(const ApiKey& key) {
  std::string out = NewRow();
  out += key.hash;
  AppendString(&out, key.label);
  out.push_back(static_cast<char>(key.rights));
  AppendVarint(&out, key.namespaces.size());
  for (const std::string& name : key.namespaces) AppendString(&out, name);
  AppendSignedVarint(&out, key.created_at.micros);
  AppendOptional(&out, key.expires_at);
  AppendOptional(&out, key.revoked_at);
  return out;
}

Result<ApiKey> DecodeApiKey(TenantId tenant, std::string_view id, std::string_view bytes) {
  ByteReader in = OpenRow(bytes);
  ApiKey key;
  key.tenant = tenant;
  key.id = id;
  key.hash = in.Bytes(kApiKeyHashBytes);
  key.label = in.String();
  key.rights = in.Byte();
  key.namespaces.resize(in.Count(1));
  for (std::string& name : key.namespaces) name = in.String();
  key.created_at = Timestamp{in.SignedVarint()};
  key.expires_at = OptionalTime(&in);
  key.revoked_at = OptionalTime(&in);
  RETURN_IF_ERROR(in.Finish("API key"));
  return key;
}

}  // namespace engram
