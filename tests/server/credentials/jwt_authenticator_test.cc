#include "server/jwt_authenticator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/file.h"
#include "tests/served/tokens.h"
#include "tests/server/credentials/temporary_store.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kStart = 1'800'000'000;

class JwtAuthenticatorTest : public TemporaryStore {
 protected:
  void SetUp() override {
    TemporaryStore::SetUp();
    const std::string file = folder_ + "/key.pem";
    ASSERT_TRUE(FileSystem::Posix().ReplaceFile(file, signer_.KeyText()).ok());
    JwtConfig config;
    config.issuer = "us";
    config.audience = "engram";
    config.keys.push_back(*JwtKey::Load(JwtAlgorithm::kEdDsa, "", file));
    authenticator_ = std::make_unique<JwtAuthenticator>(*engine_, clock_, std::move(config));
    ChangeTenant("acme", CreateTenant{});
  }
  void TearDown() override {
    authenticator_.reset();
    TemporaryStore::TearDown();
  }
  std::string Token(int64_t issued_at = kStart, const std::string& tenant = "acme", int number = 0) const {
    return signer_.Sign(fmt::format(R"({{"iss":"us","aud":"engram","iat":{},"exp":{},"sub":"ann",)"
                                    R"("tenant":"{}","verbs":["read","admin"],"namespaces":["notes"],"n":{}}})",
                                    issued_at, issued_at + 3600, tenant, number));
  }

  const TokenSigner signer_ = TokenSigner::EdDsa();
  std::unique_ptr<JwtAuthenticator> authenticator_;
};

TEST_F(JwtAuthenticatorTest, ATokenIsItsTenantsWithTheRightsItSays) {
  for (int i = 0; i < 2; ++i) {  // as new, and as remembered
    const auto credential = authenticator_->Authenticate(Token());
    ASSERT_TRUE(credential.ok()) << credential.status().ToString();
    EXPECT_EQ(credential->tenant, *engine_->FindTenant("acme", false));
    EXPECT_EQ(credential->tenant_name, "acme");
    EXPECT_EQ(credential->key_id, "jwt:ann");
    EXPECT_TRUE(credential->May(Right::kRead) && credential->May(Right::kManage) && credential->May(Right::kStatus));
    EXPECT_FALSE(credential->May(Right::kWrite) || credential->May(Right::kOperate));
    EXPECT_TRUE(credential->MayUse("notes"));
    EXPECT_FALSE(credential->MayUse("other"));
  }
}

TEST_F(JwtAuthenticatorTest, ARememberedTokenEndsWhenItSays) {
  const std::string token = Token();
  EXPECT_TRUE(authenticator_->Authenticate(token).ok());
  clock_.Advance(std::chrono::seconds(3599));
  EXPECT_TRUE(authenticator_->Authenticate(token).ok());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(authenticator_->Authenticate(token).status().message(), HasSubstr("has expired"));
}

TEST_F(JwtAuthenticatorTest, ATokenEndsWithItsTenant) {
  const std::string token = Token();
  EXPECT_TRUE(authenticator_->Authenticate(token).ok());
  ChangeTenant("acme", DropTenant{});
  EXPECT_EQ(authenticator_->Authenticate(token).status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(authenticator_->Authenticate(Token(kStart, "nobody")).status().code(), StatusCode::kUnauthenticated);
  // Another of the same name is not the one it was for.
  clock_.Advance(std::chrono::seconds(60));
  ChangeTenant("acme", CreateTenant{});
  EXPECT_EQ(authenticator_->Authenticate(token).status().code(), StatusCode::kUnauthenticated);
  const auto again = authenticator_->Authenticate(Token(kStart + 60));
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_EQ(again->tenant, *engine_->FindTenant("acme", false));
}

TEST_F(JwtAuthenticatorTest, AChangedRateHoldsWithinASecond) {
  const std::string token = Token();
  EXPECT_FALSE(authenticator_->Authenticate(token)->requests_per_second.has_value());
  PatchTenant patch;
  patch.limits.requests_per_second = std::optional<double>(7);
  ChangeTenant("acme", patch);
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(authenticator_->Authenticate(token)->requests_per_second, 7.0);
}

TEST_F(JwtAuthenticatorTest, MoreTokensThanAreRememberedAreAllTaken) {
  const std::string first = Token();
  EXPECT_TRUE(authenticator_->Authenticate(first).ok());
  for (size_t i = 1; i <= JwtAuthenticator::kRememberedMax + 10; ++i) {
    ASSERT_TRUE(authenticator_->Authenticate(Token(kStart, "acme", static_cast<int>(i))).ok()) << i;
  }
  EXPECT_TRUE(authenticator_->Authenticate(first).ok());
}

}  // namespace
}  // namespace engram
