#include "server/jwt_config.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/served/tokens.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

class JwtConfigTest : public ::testing::Test {
 protected:
  JwtConfigTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "engram_jwt_config_XXXXXX").string();
    folder_ = mkdtemp(pattern.data()) != nullptr ? pattern : std::string();
    Write("ed.pem", TokenSigner::EdDsa().KeyText());
    Write("rs.pem", TokenSigner::Rs256().KeyText());
    Write("weak.pem", TokenSigner::Rs256(1024).KeyText());
    Write("secret", std::string(32, 's') + "\n");
    Write("short", std::string(31, 's') + "\n");
  }
  ~JwtConfigTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    std::filesystem::permissions(folder_ + "/" + name, std::filesystem::perms(0600));
  }
  Result<JwtConfig> Load(const std::string& json) const {
    Write("jwt.json", json);
    return LoadJwtConfig(folder_ + "/jwt.json");
  }
  // The keys as they stand in a file that is good otherwise.
  Result<JwtConfig> LoadKeys(const std::string& keys) const {
    return Load(R"({"issuer":"us","audience":"engram","keys":)" + keys + "}");
  }
  void Refused(const Result<JwtConfig>& config, const std::string& field, const std::string& why) const {
    ASSERT_FALSE(config.ok()) << why;
    EXPECT_EQ(config.status().field(), field);
    EXPECT_THAT(config.status().message(), HasSubstr(why));
    EXPECT_THAT(config.status().message(), HasSubstr("jwt.json"));
  }

  std::string folder_;
};

TEST_F(JwtConfigTest, ReadsKeysOfEachAlgorithmBesideIt) {
  const auto config = Load(R"({"issuer":"us","audience":"engram","leeway_seconds":30,"keys":[
      {"algorithm":"EdDSA","file":"ed.pem","kid":"2026"},
      {"algorithm":"RS256","file":")" +
                           folder_ + R"(/rs.pem"},
      {"algorithm":"HS256","file":"secret"}]})");
  ASSERT_TRUE(config.ok()) << config.status().ToString();
  EXPECT_EQ(config->issuer, "us");
  EXPECT_EQ(config->audience, "engram");
  EXPECT_EQ(config->leeway_seconds, 30);
  ASSERT_EQ(config->keys.size(), 3U);
  EXPECT_EQ(config->keys[0].id(), "2026");
  EXPECT_EQ(config->keys[2].algorithm(), JwtAlgorithm::kHs256);
}

TEST_F(JwtConfigTest, AKeyFitsItsOneAlgorithmAndIsStrong) {
  Refused(LoadKeys(R"([{"algorithm":"none","file":"ed.pem"}])"), "keys[0].algorithm", "HS256, RS256 or EdDSA");
  Refused(LoadKeys(R"([{"algorithm":"RS256","file":"ed.pem"}])"), "keys[0].file", "no RSA key");
  Refused(LoadKeys(R"([{"algorithm":"EdDSA","file":"rs.pem"}])"), "keys[0].file", "no Ed25519 key");
  Refused(LoadKeys(R"([{"algorithm":"RS256","file":"weak.pem"}])"), "keys[0].file", "1024 bits");
  Refused(LoadKeys(R"([{"algorithm":"RS256","file":"secret"}])"), "keys[0].file", "no public key");
  Refused(LoadKeys(R"([{"algorithm":"HS256","file":"short"}])"), "keys[0].file", "31 bytes, fewer than 32");
  Refused(LoadKeys(R"([{"algorithm":"HS256","file":"rs.pem"}])"), "keys[0].file", "no shared secret");
  Refused(LoadKeys(R"([{"algorithm":"HS256","file":"missing"}])"), "keys[0].file", "missing");
  std::filesystem::permissions(folder_ + "/secret", std::filesystem::perms(0604));
  Refused(LoadKeys(R"([{"algorithm":"HS256","file":"secret"}])"), "keys[0].file", "chmod 600");
}

TEST_F(JwtConfigTest, WhatIsMissingOrUnknownIsNamed) {
  const std::string keys = R"("keys":[{"algorithm":"EdDSA","file":"ed.pem"}])";
  Refused(Load(R"({"audience":"engram",)" + keys + "}"), "issuer", "missing");
  Refused(Load(R"({"issuer":"us",)" + keys + "}"), "audience", "missing");
  Refused(Load(R"({"issuer":"us","audience":["engram"],)" + keys + "}"), "audience", "string");
  Refused(Load(R"({"issuer":"us","audience":"engram","jwks_uri":"https://x",)" + keys + "}"), "jwks_uri", "unknown");
  Refused(Load(R"({"issuer":"us","audience":"engram","leeway_seconds":301,)" + keys + "}"), "leeway_seconds", "300");
  Refused(Load(R"({"issuer":"us","audience":"engram","leeway_seconds":"1",)" + keys + "}"), "leeway_seconds", "300");
  Refused(Load(R"({"issuer":"us","audience":"engram"})"), "keys", "1 to 16");
  Refused(LoadKeys("[]"), "keys", "1 to 16");
  Refused(LoadKeys(R"([{"file":"ed.pem"}])"), "keys[0].algorithm", "missing");
  Refused(LoadKeys(R"([{"algorithm":["EdDSA"],"file":"ed.pem"}])"), "keys[0].algorithm", "string");
  Refused(LoadKeys(R"([{"algorithm":"EdDSA"}])"), "keys[0].file", "missing");
  Refused(LoadKeys(R"([{"algorithm":"EdDSA","file":"ed.pem","url":"x"}])"), "keys[0].url", "unknown");
  Refused(LoadKeys(R"([{"algorithm":"EdDSA","file":"ed.pem"},{"algorithm":"EdDSA","file":"ed.pem"}])"), "keys[1]",
          "another key");
  EXPECT_FALSE(Load("{").ok());
  EXPECT_FALSE(LoadJwtConfig(folder_ + "/nothing.json").ok());
}

}  // namespace
}  // namespace engram
