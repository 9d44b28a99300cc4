// The archive of a tenant: its own file. Through a store: tenant_cli_test.cc.
#include "tools/tenant_archive.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "base/message_digest.h"
#include "tests/tools/cli_run.h"

namespace engram {
namespace {

using ::testing::HasSubstr;

TenantArchive Example() {
  TenantArchive archive;
  archive.tenant = "acme \"2\"";
  archive.origin = "./data";
  archive.created_at = "2026-01-02T03:04:05Z";
  archive.limits.set_memories(7);
  archive.limits.set_requests_per_second(2.5);
  archive.namespaces = {{"a", NamespaceFolder(0), "11", 3}, {"b\n", NamespaceFolder(1), "22", 0}};
  return archive;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(TenantArchiveTest, WhatIsWrittenComesBack) {
  const std::string text = PrintTenantArchive(Example());
  const auto read = ParseTenantArchive(text);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->tenant, "acme \"2\"");
  EXPECT_EQ(read->limits.memories(), 7U);
  EXPECT_EQ(read->limits.requests_per_second(), 2.5);
  EXPECT_FALSE(read->limits.has_bytes());
  ASSERT_EQ(read->namespaces.size(), 2U);
  EXPECT_EQ(read->namespaces[1].name, "b\n");
  EXPECT_EQ(read->memories(), 3U);
  EXPECT_EQ(PrintTenantArchive(*read), text);
}

TEST(TenantArchiveTest, EveryChangedOrMissingByteIsFound) {
  const std::string text = PrintTenantArchive(Example());
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    EXPECT_FALSE(ParseTenantArchive(changed).ok()) << "byte " << i;
    EXPECT_FALSE(ParseTenantArchive(text.substr(0, i)).ok()) << "cut at " << i;
  }
  const auto cut = ParseTenantArchive(text.substr(0, text.find('\n') + 1));
  EXPECT_EQ(cut.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(cut.status().message(), HasSubstr("0 namespaces of 2"));
}

TEST(TenantArchiveTest, NoFolderLeadsOutOfIt) {
  TenantArchive archive = Example();
  archive.namespaces[1].folder = "namespaces/../../etc";
  const auto read = ParseTenantArchive(PrintTenantArchive(archive));
  EXPECT_EQ(read.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(read.status().message(), HasSubstr("line 3"));
}

TEST(TenantArchiveTest, AnotherVersionIsRefused) {
  const std::string text = PrintTenantArchive(TenantArchive());
  const auto read = ParseTenantArchive(Replaced(text, "\"version\":1", "\"version\":2"));
  EXPECT_EQ(read.status().code(), StatusCode::kCorruption) << "the hash tells first";
}

class TenantArchiveFolderTest : public CliTest {};

TEST_F(TenantArchiveFolderTest, AManifestThatWasChangedIsTold) {
  EXPECT_EQ(OpenTenantArchive(Path("nothing")).status().code(), StatusCode::kNotFound);
  TenantArchive archive = Example();
  archive.namespaces.resize(1);
  Sha256 sha256;
  sha256.Update("as it was");
  archive.namespaces[0].sha256 = sha256.FinishHex();
  std::filesystem::create_directories(Path("acme/namespaces/000001"));
  WriteFile("acme/tenant.jsonl", PrintTenantArchive(archive));
  WriteFile("acme/namespaces/000001/manifest.json", "as it was");
  EXPECT_TRUE(OpenTenantArchive(Path("acme")).ok());
  WriteFile("acme/namespaces/000001/manifest.json", "as it wasn't");
  const auto changed = OpenTenantArchive(Path("acme"));
  EXPECT_EQ(changed.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(changed.status().message(), HasSubstr("000001/manifest.json"));
}

}  // namespace
}  // namespace engram
