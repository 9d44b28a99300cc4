// No comparison of a secret ends sooner for one that is nearly right: all of them go through OpenSSL's comparison, over
// digests of one size. How evenly that runs is measured by bench/keys.
#include <gmock/gmock.h>

#include "base/file.h"
#include "server/api_key.h"
#include "server/key_authenticator.h"
#include "server/key_vault.h"
#include "tests/served/tokens.h"
#include "tests/server/credentials/comparisons.h"
#include "tests/server/credentials/temporary_store.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ConstantTimeTest, TextsOfOneSizeAreComparedAsAWhole) {
  (void)TakeComparisons();
  EXPECT_TRUE(EqualInConstantTime("abcd", "abcd"));
  EXPECT_FALSE(EqualInConstantTime("abcd", "xbcd"));
  EXPECT_FALSE(EqualInConstantTime("abcd", "abcx"));
  EXPECT_THAT(TakeComparisons(), ElementsAre(4, 4, 4));
  EXPECT_FALSE(EqualInConstantTime("abcd", "abc"));
  EXPECT_THAT(TakeComparisons(), IsEmpty());
}

class ConstantTimeKeysTest : public TemporaryStore {};

TEST_F(ConstantTimeKeysTest, EveryKeyKnownOrNotIsComparedOnceByItsDigest) {
  KeyVault vault(folder_ + "/data");
  const NewApiKey made = MakeApiKey();
  const std::string admin = MakeAdminKey();
  ChangeTenant("acme", CreateTenant{});
  ApiKey key;
  key.id = made.id;
  key.hash = *vault.Hash(made.token);
  key.rights = static_cast<uint8_t>(Right::kRead);
  ChangeTenant("acme", CreateApiKey{key});
  const KeyAuthenticator authenticator(*engine_, vault, clock_, *vault.Hash(admin));
  const auto let_in = [&](const std::string& token) {
    HttpRequest request;
    request.authorization = "Bearer " + token;
    return authenticator.Authenticate(request).ok();
  };
  (void)TakeComparisons();
  EXPECT_TRUE(let_in(made.token));
  EXPECT_THAT(TakeComparisons(), ElementsAre(kApiKeyHashBytes));
  EXPECT_TRUE(let_in(admin));
  EXPECT_THAT(TakeComparisons(), ElementsAre(kApiKeyHashBytes));
  EXPECT_FALSE(let_in(MakeApiKey().token));  // an unknown id
  EXPECT_THAT(TakeComparisons(), ElementsAre(kApiKeyHashBytes));
  EXPECT_FALSE(let_in(MakeAdminKey()));
  EXPECT_THAT(TakeComparisons(), ElementsAre(kApiKeyHashBytes));
}

TEST_F(ConstantTimeKeysTest, ASharedSecretsSignatureIsComparedAsAWholeAndOnceForATokenThatIsRemembered) {
  const TokenSigner signer = TokenSigner::Hs256(std::string(32, 's'));
  const std::string file = folder_ + "/secret";
  ASSERT_TRUE(FileSystem::Posix().ReplaceFile(file, signer.KeyText()).ok());
  std::filesystem::permissions(file, std::filesystem::perms(0600));
  JwtConfig config;
  config.issuer = "us";
  config.audience = "engram";
  config.keys.push_back(*JwtKey::Load(JwtAlgorithm::kHs256, "", file));
  ChangeTenant("acme", CreateTenant{});
  JwtAuthenticator authenticator(*engine_, clock_, std::move(config));
  const std::string token =
      signer.Sign(R"({"iss":"us","aud":"engram","iat":1800000000,"exp":1800000100,"tenant":"acme","verbs":["read"]})");
  (void)TakeComparisons();
  EXPECT_TRUE(authenticator.Authenticate(token).ok());
  EXPECT_THAT(TakeComparisons(), ElementsAre(32));
  EXPECT_TRUE(authenticator.Authenticate(token).ok());
  EXPECT_THAT(TakeComparisons(), IsEmpty());
  const std::string unsigned_part = token.substr(0, token.rfind('.') + 1);
  EXPECT_FALSE(authenticator.Authenticate(unsigned_part + Base64UrlOf(std::string(32, 'x'))).ok());
  EXPECT_THAT(TakeComparisons(), ElementsAre(32));
  EXPECT_FALSE(authenticator.Authenticate(unsigned_part + Base64UrlOf("short")).ok());
  EXPECT_THAT(TakeComparisons(), IsEmpty());
}

}  // namespace
}  // namespace engram
