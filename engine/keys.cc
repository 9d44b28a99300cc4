#include "engine/keys.h"

namespace engram::keys {

std::string Scope(TenantId tenant, NamespaceId ns) {
  std::string scope;
  AppendKey16(&scope, kShard.value);
  AppendKey32(&scope, tenant.value);
  AppendKey32(&scope, ns.value);
  return scope;
}

std::string Id(std::string_view id) { return Key(kId).AddRaw(IdSortKey(id)); }

std::string Run(const Scopes& scopes) {
  return Key(kRun)
      .AddString(scopes.run_id)
      .AddString(scopes.user_id)
      .AddString(scopes.agent_id)
      .AddString(scopes.app_id);
}

std::string Duplicate(const Hash128& hash, NodeNumber node) {
  std::string key(1, kDuplicate);
  AppendKey64(&key, hash.high);
  AppendKey64(&key, hash.low);
  AppendKey32(&key, node.value);
  return key;
}

std::string EncodeExpiry(const Expiry& expiry) {
  std::string key = Key(kExpiry).Add(expiry.time).Add(expiry.tenant).Add(expiry.ns);
  key.push_back(expiry.run ? 1 : 0);
  AppendKey32(&key, expiry.number);
  return key;
}

Result<Expiry> DecodeExpiry(std::string_view key) {
  ByteReader in(key);
  if (in.Byte() != kExpiry) in.Fail();
  Expiry expiry;
  expiry.time = {in.KeySigned64()};
  expiry.tenant = TenantId(in.Key32());
  expiry.ns = NamespaceId(in.Key32());
  const uint8_t run = in.Byte();
  if (run > 1) in.Fail();  // one key a row
  expiry.run = run == 1;
  expiry.number = in.Key32();
  RETURN_IF_ERROR(in.Finish("expiry key"));
  return expiry;
}

}  // namespace engram::keys
