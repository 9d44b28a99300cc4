// Who comes with which credential: API keys as the engine's last commit has them, the admin key, and JSON Web Tokens
// where the operator has said whose.
//
// A key is looked up by its public id and compared, as a whole, by its HMAC in constant time; an unknown id costs the
// same. Only who has shown the right secret learns that a key is revoked or has expired.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "engine/engine.h"
#include "server/credential.h"
#include "server/jwt_authenticator.h"
#include "server/key_vault.h"

namespace engram {

// The admin key's text out of its file: one line, whose end is dropped. InvalidArgument when it is none that
// MakeAdminKey made; NotFound and others as the file system says.
Result<std::string> ReadAdminKey(const std::string& path);

class KeyAuthenticator final : public Authenticator {
 public:
  // `admin_hash` is vault.Hash of the admin key; empty: there is none. `tokens` null: no JSON Web Token is taken.
  // Engine, vault and clock outlive it.
  KeyAuthenticator(Engine& engine, KeyVault& vault, const Clock& clock, std::string admin_hash,
                   std::unique_ptr<JwtAuthenticator> tokens = nullptr);
  Result<Credential> Authenticate(const HttpRequest& request) const override;

 private:
  Result<Credential> OfKey(std::string_view id, std::string_view hash) const;

  Engine& engine_;
  KeyVault& vault_;
  const Clock& clock_;
  const std::string admin_hash_;
  const std::unique_ptr<JwtAuthenticator> tokens_;
};

}  // namespace engram
