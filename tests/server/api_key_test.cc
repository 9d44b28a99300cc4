#include "server/api_key.h"

#include <set>

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(ApiKeyTest, AKeyIsReadBackAsItsId) {
  std::set<std::string> ids;
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) {
    const NewApiKey key = MakeApiKey();
    const auto id = ParseApiKey(key.token);
    ASSERT_TRUE(id.ok()) << id.status().ToString();
    EXPECT_EQ(*id, key.id);
    EXPECT_EQ(key.token.size(), kApiKeyPrefix.size() + 16 + 1 + 43 + 6);
    ids.insert(key.id);
    tokens.insert(key.token);
  }
  EXPECT_EQ(ids.size(), 100U);
  EXPECT_EQ(tokens.size(), 100U);
  EXPECT_EQ(*ParseApiKey(MakeAdminKey()), kAdminKeyId);
}

// The format is fixed: whoever scans for leaked keys relies on it. The checksum is CRC-32 as zlib computes it.
TEST(ApiKeyTest, TheFormatStaysWhatItIs) {
  const std::string token = "engram_0123456789abcdef_" + std::string(43, 'A') + "3pxJUA";
  const auto id = ParseApiKey(token);
  ASSERT_TRUE(id.ok()) << id.status().ToString();
  EXPECT_EQ(*id, "0123456789abcdef");
}

TEST(ApiKeyTest, EveryWrongMissingOrAddedCharacterIsFound) {
  const std::string token = MakeApiKey().token;
  for (size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(ParseApiKey(wrong).ok()) << i;
    std::string shorter = token;
    shorter.erase(i, 1);
    EXPECT_FALSE(ParseApiKey(shorter).ok()) << i;
    std::string longer = token;
    longer.insert(i, "x");
    EXPECT_FALSE(ParseApiKey(longer).ok()) << i;
  }
  for (const char* text : {"", "engram_", "engram__", "engram_admin", "engram_admin_", "hello", "sk-123456"}) {
    EXPECT_FALSE(ParseApiKey(text).ok()) << text;
  }
}

TEST(ApiKeyTest, ARefusalQuotesNothing) {
  std::string token = MakeApiKey().token;
  token.back() = token.back() == 'x' ? 'y' : 'x';
  const Status refused = ParseApiKey(token).status();
  EXPECT_EQ(refused.ToString().find(token.substr(25, 20)), std::string::npos) << refused.ToString();
}

TEST(ApiKeyTest, SecretsAreTakenOutOfTexts) {
  const NewApiKey key = MakeApiKey();
  EXPECT_EQ(WithoutSecrets("/v1/" + key.token + "/x"), "/v1/engram_" + key.id + "_***/x");
  EXPECT_EQ(WithoutSecrets(key.token + key.token), "engram_" + key.id + "_***engram_" + key.id + "_***");
  EXPECT_EQ(WithoutSecrets(MakeAdminKey()), "engram_admin_***");
  const std::string token = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJ1cyJ9.c2ln-bmF0_dXJl";
  EXPECT_EQ(WithoutSecrets("/v1/" + token + "/x"), "/v1/eyJ***/x");
  EXPECT_EQ(WithoutSecrets(token + " " + token), "eyJ*** eyJ***");
  EXPECT_EQ(WithoutSecrets("eyJhbGciOiJub25lIn0.eyJpc3MiOiJ1cyJ9."), "eyJ***");  // without a signature
  EXPECT_EQ(WithoutSecrets("eyJhbGciOiJub25lIn0.eyJpc3MiOiJ1cyJ9"), "eyJ***");
  for (const char* text : {"", "engram_", "engram_x_y", "nothing of ours", "eyJ", "eyJ.eyJ.x", "eyJ1234567890"}) {
    EXPECT_EQ(WithoutSecrets(text), text);
  }
}

}  // namespace
}  // namespace engram
