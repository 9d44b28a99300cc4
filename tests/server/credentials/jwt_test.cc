// Tokens as attackers make them, one test for each way, beside good ones.
#include "server/jwt.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "server/credential.h"
#include "tests/served/tokens.h"

namespace engram {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'800'000'000;

class JwtTest : public ::testing::Test {
 protected:
  JwtTest() : folder_(MakeFolder()) {
    config_.issuer = "https://idp.example.com";
    config_.audience = "engram";
    config_.keys.push_back(Key(JwtAlgorithm::kEdDsa, "", signer_));
  }
  ~JwtTest() override { std::filesystem::remove_all(folder_); }

  JwtKey Key(JwtAlgorithm algorithm, const std::string& id, const TokenSigner& signer) const {
    const std::string file = folder_ + "/key";
    EXPECT_TRUE(FileSystem::Posix().ReplaceFile(file, signer.KeyText()).ok());
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    auto key = JwtKey::Load(algorithm, id, file);
    EXPECT_TRUE(key.ok()) << key.status().ToString();
    return *std::move(key);
  }
  // What a good token claims, with `more` at its end.
  static std::string Claims(const std::string& more = {}) {
    return fmt::format(R"({{"iss":"https://idp.example.com","aud":"engram","iat":{},"exp":{},)"
                       R"("sub":"ann","tenant":"acme","verbs":["read","write"]{}}})",
                       kNow - 10, kNow + 100, more);
  }
  // The same with one member replaced, or removed where `value` is empty.
  static std::string ClaimsWith(const std::string& name, const std::string& value) {
    const std::vector<std::pair<std::string, std::string>> good = {
        {"iss", "\"https://idp.example.com\""}, {"aud", "\"engram\""},  {"iat", std::to_string(kNow - 10)},
        {"exp", std::to_string(kNow + 100)},    {"tenant", "\"acme\""}, {"verbs", "[\"read\"]"}};
    std::string json;
    bool known = false;
    const auto add = [&json](const std::string& key, const std::string& text) {
      if (!text.empty()) json += fmt::format("{}\"{}\":{}", json.empty() ? "" : ",", key, text);
    };
    for (const auto& [key, text] : good) {
      add(key, key == name ? value : text);
      known |= key == name;
    }
    if (!known) add(name, value);
    return "{" + json + "}";
  }
  Result<JwtClaims> Verify(const std::string& token) const {
    return VerifyJwt(config_, token, Timestamp::FromSeconds(kNow));
  }
  void Refused(const std::string& token, const std::string& why) const {
    const auto claims = Verify(token);
    ASSERT_FALSE(claims.ok()) << why;
    EXPECT_EQ(claims.status().code(), StatusCode::kUnauthenticated);
    EXPECT_THAT(claims.status().message(), HasSubstr(why));
  }

  const std::string folder_;
  const TokenSigner signer_ = TokenSigner::EdDsa();
  JwtConfig config_;

 private:
  static std::string MakeFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_jwt_XXXXXX").string();
    return mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
  }
};

TEST_F(JwtTest, AGoodTokenSaysWhoMayDoWhat) {
  const auto claims = Verify(signer_.Sign(Claims(R"(,"namespaces":["notes","chat-*"])")));
  ASSERT_TRUE(claims.ok()) << claims.status().ToString();
  EXPECT_EQ(claims->subject, "ann");
  EXPECT_EQ(claims->tenant, "acme");
  EXPECT_EQ(claims->rights, static_cast<uint8_t>(Right::kRead) | static_cast<uint8_t>(Right::kWrite));
  ASSERT_NE(claims->namespaces, nullptr);
  EXPECT_THAT(*claims->namespaces, ElementsAre("notes", "chat-*"));
  EXPECT_EQ(claims->expires_at, kNow + 100);
  EXPECT_EQ(Verify(signer_.Sign(Claims()))->namespaces, nullptr);
}

TEST_F(JwtTest, EachAlgorithmIsTakenByItsOwnKey) {
  const TokenSigner hs = TokenSigner::Hs256(std::string(32, 's'));
  const TokenSigner rs = TokenSigner::Rs256();
  config_.keys = {Key(JwtAlgorithm::kHs256, "", hs), Key(JwtAlgorithm::kRs256, "", rs)};
  EXPECT_TRUE(Verify(hs.Sign(Claims())).ok());
  EXPECT_TRUE(Verify(rs.Sign(Claims())).ok());
  Refused(signer_.Sign(Claims()), "a key that this server does not have");
  Refused(TokenSigner::Hs256(std::string(32, 't')).Sign(Claims()), "not right");
  Refused(TokenSigner::Rs256().Sign(Claims()), "not right");
}

TEST_F(JwtTest, AKidChoosesAmongKeysAndIsNothingElse) {
  const TokenSigner next = TokenSigner::EdDsa();
  config_.keys = {Key(JwtAlgorithm::kEdDsa, "old", signer_), Key(JwtAlgorithm::kEdDsa, "new", next)};
  EXPECT_TRUE(Verify(signer_.Sign(R"({"alg":"EdDSA","kid":"old"})", Claims())).ok());
  EXPECT_TRUE(Verify(next.Sign(R"({"alg":"EdDSA","kid":"new"})", Claims())).ok());
  Refused(signer_.Sign(R"({"alg":"EdDSA","kid":"new"})", Claims()), "not right");
  Refused(signer_.Sign(Claims()), "a key that this server does not have");
  for (const char* kid : {R"("../../../dev/null")", R"("/dev/null")", R"("' OR 1=1 --")", R"("old\u0000")", R"("")"}) {
    Refused(signer_.Sign(fmt::format(R"({{"alg":"EdDSA","kid":{}}})", kid), Claims()),
            "a key that this server does not have");
  }
  Refused(signer_.Sign(R"({"alg":"EdDSA","kid":["old"]})", Claims()), "a kid that is no string");
}

TEST_F(JwtTest, AlgNoneIsRefused) {
  for (const char* alg : {"none", "None", "NONE", "nOnE", ""}) {
    const std::string text = Base64UrlOf(fmt::format(R"({{"alg":"{}"}})", alg)) + "." + Base64UrlOf(Claims());
    Refused(text + ".", "an algorithm that is none of");
    Refused(text + "." + Base64UrlOf(signer_.SignatureOf(text)), "an algorithm that is none of");
  }
  Refused(signer_.Sign("{}", Claims()), "an algorithm that is none of");
  Refused(signer_.Sign(R"({"alg":null})", Claims()), "an algorithm that is none of");
  Refused(signer_.Sign(R"({"alg":"eddsa"})", Claims()), "an algorithm that is none of");
}

// The public key, which everybody has, as the secret of an HMAC.
TEST_F(JwtTest, AnRsaKeyIsNoSharedSecret) {
  const TokenSigner rs = TokenSigner::Rs256();
  config_.keys = {Key(JwtAlgorithm::kRs256, "", rs)};
  std::string pem = rs.KeyText();
  Refused(TokenSigner::Hs256(pem).Sign(Claims()), "a key that this server does not have");
  pem.pop_back();
  Refused(TokenSigner::Hs256(pem).Sign(Claims()), "a key that this server does not have");
  Refused(TokenSigner::Hs256(pem).Sign(R"({"alg":"RS256"})", Claims()), "not right");
}

TEST_F(JwtTest, AnEndIsRequiredAndKept) {
  Refused(signer_.Sign(ClaimsWith("exp", "")), "lacks the claim exp");
  Refused(signer_.Sign(ClaimsWith("exp", std::to_string(kNow))), "has expired");
  Refused(signer_.Sign(ClaimsWith("exp", std::to_string(kNow - 1))), "has expired");
  for (const char* time : {"-1", "1e400", "1e30", "\"1900000000\"", "null", "true", "[]"}) {
    EXPECT_FALSE(Verify(signer_.Sign(ClaimsWith("exp", time))).ok()) << time;
  }
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("exp", fmt::format("{}.5", kNow + 1)))).ok());
  config_.leeway_seconds = 30;
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("exp", std::to_string(kNow - 29)))).ok());
  Refused(signer_.Sign(ClaimsWith("exp", std::to_string(kNow - 30))), "has expired");
}

TEST_F(JwtTest, WhatIsNotValidYetIsRefused) {
  Refused(signer_.Sign(ClaimsWith("nbf", std::to_string(kNow + 1))), "not valid yet");
  Refused(signer_.Sign(ClaimsWith("nbf", "\"soon\"")), "no time");
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("nbf", std::to_string(kNow)))).ok());
  Refused(signer_.Sign(ClaimsWith("iat", std::to_string(kNow + 1))), "issued in the future");
  Refused(signer_.Sign(ClaimsWith("iat", "")), "lacks the claim iat");
  config_.leeway_seconds = 30;
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("nbf", std::to_string(kNow + 30)))).ok());
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("iat", std::to_string(kNow + 30)))).ok());
}

TEST_F(JwtTest, AnotherIssuerOrAudienceIsRefused) {
  Refused(signer_.Sign(ClaimsWith("iss", "\"https://evil.example.com\"")), "another issuer");
  Refused(signer_.Sign(ClaimsWith("iss", "\"https://idp.example.com/\"")), "another issuer");
  Refused(signer_.Sign(ClaimsWith("iss", "[\"https://idp.example.com\"]")), "another issuer");
  Refused(signer_.Sign(ClaimsWith("iss", "")), "another issuer");
  Refused(signer_.Sign(ClaimsWith("aud", "\"billing\"")), "another audience");
  Refused(signer_.Sign(ClaimsWith("aud", "[\"billing\",1]")), "another audience");
  Refused(signer_.Sign(ClaimsWith("aud", "[]")), "another audience");
  Refused(signer_.Sign(ClaimsWith("aud", "")), "another audience");
  EXPECT_TRUE(Verify(signer_.Sign(ClaimsWith("aud", "[\"billing\",\"engram\"]"))).ok());
}

TEST_F(JwtTest, HugeAndStrangeClaimsAreRefused) {
  Refused(signer_.Sign(Claims(",\"more\":\"" + std::string(20'000, 'x') + "\"")), "more than 8192 bytes");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "[";
  Refused(signer_.Sign(Claims(",\"more\":" + deep)), "claims that are no JSON object");
  Refused(signer_.Sign("[]"), "claims that are no JSON object");
  Refused(signer_.Sign("{\"exp\":1}\xff"), "claims that are no JSON object");
  Refused(signer_.Sign(ClaimsWith("tenant", "")), "names no tenant");
  Refused(signer_.Sign(ClaimsWith("tenant", "\"\"")), "names no tenant");
  Refused(signer_.Sign(ClaimsWith("tenant", "[\"acme\"]")), "names no tenant");
  Refused(signer_.Sign(ClaimsWith("verbs", "")), "no list of verbs");
  Refused(signer_.Sign(ClaimsWith("verbs", "[]")), "no list of verbs");
  Refused(signer_.Sign(ClaimsWith("verbs", "\"read\"")), "no list of verbs");
  Refused(signer_.Sign(ClaimsWith("verbs", "[\"operate\"]")), "a verb that is none of");
  Refused(signer_.Sign(ClaimsWith("namespaces", "[]")), "namespaces");
  Refused(signer_.Sign(ClaimsWith("namespaces", "\"notes\"")), "namespaces");
  Refused(signer_.Sign(ClaimsWith("namespaces", "[\"\"]")), "namespaces");
  Refused(signer_.Sign(ClaimsWith("namespaces", "[1]")), "namespaces");
  Refused(signer_.Sign(ClaimsWith("sub", "\"" + std::string(256, 'x') + "\"")), "a subject");
  Refused(signer_.Sign(ClaimsWith("sub", "7")), "a subject");
}

TEST_F(JwtTest, MembersThatStandTwiceAreRefused) {
  Refused(signer_.Sign(R"({"alg":"none","alg":"EdDSA"})", Claims()), "header that is no JSON object");
  Refused(signer_.Sign(R"({"alg":"EdDSA","alg":"none"})", Claims()), "header that is no JSON object");
  Refused(signer_.Sign(R"({"alg":"EdDSA","\u0061lg":"none"})", Claims()), "header that is no JSON object");
  Refused(signer_.Sign(Claims(",\"tenant\":\"other\"")), "claims that are no JSON object");
}

TEST_F(JwtTest, ATokenDoesNotSayWhereItsKeyIs) {
  for (const char* member : {R"("jku":"https://evil.example.com/keys")", R"("x5u":"https://evil.example.com/chain")",
                             R"("jwk":{"kty":"OKP"})", R"("x5c":["MIIB"])", R"("crit":["exp"])", R"("crit":[])",
                             R"("b64":false)", R"("zip":"DEF")"}) {
    Refused(signer_.Sign(fmt::format(R"({{"alg":"EdDSA",{}}})", member), Claims()), "in its header");
  }
  Refused(signer_.Sign(R"({"alg":"EdDSA","typ":"JWE"})", Claims()), "another type");
  EXPECT_TRUE(Verify(signer_.Sign(R"({"alg":"EdDSA","typ":"at+JWT"})", Claims())).ok());
}

TEST_F(JwtTest, AMegabyteIsRefusedUnread) { Refused(std::string(1 << 20, 'a') + ".a.a", "more than 8192 bytes"); }

TEST_F(JwtTest, EveryChangedCharacterBreaksIt) {
  const std::string token = signer_.Sign(Claims());
  ASSERT_TRUE(Verify(token).ok());
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(Verify(changed).ok()) << i;
    EXPECT_FALSE(Verify(token.substr(0, i)).ok()) << i;
  }
  for (const char* more : {".", "=", "A", " ", "\n", ".e30"}) EXPECT_FALSE(Verify(token + more).ok()) << more;
}

TEST_F(JwtTest, ARefusalQuotesNothing) {
  const std::string canary = "canary7f3a";
  const std::vector<std::string> claims = {
      ClaimsWith("tenant", "[\"" + canary + "\"]"), ClaimsWith("iss", "\"" + canary + "\""),
      ClaimsWith("verbs", "[\"" + canary + "\"]"), Claims(",\"" + canary + "\":1,\"" + canary + "\":2")};
  for (const std::string& text : claims) {
    EXPECT_THAT(Verify(signer_.Sign(text)).status().ToString(), Not(HasSubstr(canary)));
  }
  const std::string header = R"({"alg":")" + canary + R"(","kid":"x"})";
  EXPECT_THAT(Verify(signer_.Sign(header, Claims())).status().ToString(), Not(HasSubstr(canary)));
}

}  // namespace
}  // namespace engram
