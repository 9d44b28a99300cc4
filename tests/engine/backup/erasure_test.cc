// What was erased leaves the files, and does not come back with an older backup.
#include "engine/erasure.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gmock/gmock.h>

#include "base/coding.h"
#include "engine/backup/backup_source.h"
#include "engine/backup/erasure_ledger.h"
#include "tests/engine/backup/backup_fixture.h"

namespace engram {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// Bytes that are found in a file exactly when what holds them is.
constexpr const char* kTextCanary = "kanarienvogeltextqz";
constexpr const char* kFormerCanary = "kanarienvogelfruherqz";
constexpr const char* kMetadataCanary = "kanarienvogelmetaqz";
constexpr const char* kEdgeCanary = "kanarienvogelkanteqz";
constexpr float kVectorCanary[] = {12345.678F, 23456.789F, 34567.891F};

std::string VectorBytes() {
  std::string bytes;
  AppendFloats(&bytes, kVectorCanary, 3);
  return bytes.substr(1);  // without the count
}

class ErasureTest : public BackupFixture {
 protected:
  void PlantCanaries(const std::string& id, const std::string& ns, TenantId tenant) {
    WriteMemory write = MemoryOf(id, std::string("once ") + kFormerCanary);
    write.content.vectors["default"] = DenseVector(std::begin(kVectorCanary), std::end(kVectorCanary));
    WriteTo(tenant, ns, write);
    write.content.text = std::string("now ") + kTextCanary;
    write.attributes.metadata["note"] = Value(std::string(kMetadataCanary));
    WriteTo(tenant, ns, write);
    WriteEdge edge;
    edge.source_id = id;
    edge.target_id = "topic";
    edge.edge.type = "mentions";
    edge.edge.metadata["note"] = Value(std::string(kEdgeCanary));
    WriteTo(tenant, ns, edge);
  }

  void WriteTo(TenantId tenant, const std::string& ns, Operation operation) {
    Mutation mutation = NewMutation({std::move(operation)}, ns);
    mutation.tenant = tenant;
    const MutationResult result = WriteWhenThereIsRoom(engine_.get(), mutation);
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  }

  void Erase(const std::string& id) {
    DeleteMemory deletion;
    deletion.id = id;
    deletion.erase = true;
    const MutationResult result = Write(std::move(deletion));
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  }

  // "<file>: <canary>" for each that is found in the folder.
  static std::vector<std::string> FindCanaries(const std::string& folder) {
    const std::vector<std::pair<std::string, std::string>> canaries = {{"text", kTextCanary},
                                                                       {"former text", kFormerCanary},
                                                                       {"metadata", kMetadataCanary},
                                                                       {"edge", kEdgeCanary},
                                                                       {"vector", VectorBytes()}};
    std::vector<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      for (const auto& [name, canary] : canaries) {
        if (bytes.find(canary) != std::string::npos) found.push_back(entry.path().filename().string() + ": " + name);
      }
    }
    return found;
  }

  std::set<std::string> RowFiles() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.path() + "/rows")) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".sst" || extension == ".log") names.insert(entry.path().filename().string());
    }
    return names;
  }

  // So that canaries are in segments as well as in rows.
  void FillAndSeal() {
    WriteNumbered(0, 100);
    WaitForSealer();
  }
};

TEST_F(ErasureTest, TheCanariesAreFoundBeforeAnythingIsErased) {
  PlantCanaries("secret", "ns", tenant_);
  EXPECT_THAT(FindCanaries(directory_.path()), SizeIs(5)) << "the search for canaries sees nothing";
}

TEST_F(ErasureTest, NoFileHoldsAnErasedMemory) {
  PlantCanaries("secret", "ns", tenant_);
  FillAndSeal();
  ASSERT_TRUE(BackUp().ok());  // what was in memory is in files of the store now
  const std::set<std::string> before = RowFiles();
  Erase("secret");
  ASSERT_TRUE(engine_->SweepNow().ok());
  WaitForSealer();
  EXPECT_THAT(FindCanaries(directory_.path()), IsEmpty());
  // They are compressed there, where nobody would find a canary: none of these files may be left.
  const std::set<std::string> after = RowFiles();
  std::vector<std::string> left;
  std::set_intersection(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(left));
  EXPECT_THAT(left, IsEmpty());
  EXPECT_THAT(engine_->Status().gauges, Contains(Pair("engram_erasures_waiting_for_compaction", 0.0)));
  ExpectConsistent();
}

TEST_F(ErasureTest, NoFileHoldsADroppedNamespace) {
  WriteNumbered(0, 10);
  for (int i = 0; i < 100; ++i) WriteTo(tenant_, "doomed", Numbered(i));
  PlantCanaries("secret", "doomed", tenant_);
  ASSERT_TRUE(engine_->Count(Ref("doomed"), std::nullopt, {}).ok());
  WaitForSealer();
  ASSERT_TRUE(engine_->Write(NewMutation({DropNamespace{}}, "doomed")).status.ok());
  ASSERT_TRUE(engine_->SweepNow().ok());
  WaitForSealer();
  EXPECT_THAT(FindCanaries(directory_.path()), IsEmpty());
}

TEST_F(ErasureTest, NoFileHoldsADroppedTenant) {
  WriteNumbered(0, 10);
  const TenantId doomed = *engine_->FindTenant("doomed", true);
  PlantCanaries("secret", "theirs", doomed);
  ASSERT_TRUE(engine_->Write(MutationOf({"doomed", DropTenant{}})).status.ok());
  ASSERT_TRUE(engine_->SweepNow().ok());
  WaitForSealer();
  EXPECT_THAT(FindCanaries(directory_.path()), IsEmpty());
}

TEST_F(ErasureTest, WorkThatACrashCutOffIsDoneAfterTheNextStart) {
  PlantCanaries("secret", "ns", tenant_);
  FillAndSeal();
  Erase("secret");
  OpenSmall(directory_.path());
  ASSERT_TRUE(engine_->Count(Ref(), std::nullopt, {}).ok());
  WaitForSealer();
  ASSERT_TRUE(engine_->SweepNow().ok());
  EXPECT_THAT(FindCanaries(directory_.path()), IsEmpty());
}

TEST_F(ErasureTest, ARestoredOlderBackupHasNothingThatWasErasedSince) {
  const TenantId doomed_tenant = *engine_->FindTenant("doomed", true);
  PlantCanaries("secret", "ns", tenant_);
  PlantCanaries("a", "doomed", tenant_);
  PlantCanaries("b", "theirs", doomed_tenant);
  FillAndSeal();
  ASSERT_TRUE(BackUp().ok());
  Erase("secret");
  ASSERT_TRUE(engine_->Write(NewMutation({DropNamespace{}}, "doomed")).status.ok());
  ASSERT_TRUE(engine_->Write(MutationOf({"doomed", DropTenant{}})).status.ok());
  ASSERT_TRUE(engine_->SweepNow().ok());
  WriteNumbered(100, 110);
  ASSERT_TRUE(BackUp().ok());

  const std::string folder = NewFolder();
  const auto report = RestoreBackup(Repository(), 1, SmallOptions(folder));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_GE(report->erased_again, 3U);
  OpenSmall(folder);
  ASSERT_TRUE(engine_->Count(Ref(), std::nullopt, {}).ok());
  WaitForSealer();
  EXPECT_FALSE(Get("secret").has_value());
  EXPECT_TRUE(Get("m5").has_value());
  EXPECT_EQ(engine_->FindNamespace(Ref("doomed")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(engine_->DescribeTenant("doomed").status().code(), StatusCode::kNotFound);
  EXPECT_THAT(FindCanaries(folder), IsEmpty());
  ExpectConsistent();
}

TEST_F(ErasureTest, WhatWasWrittenAnewAfterItsErasureStays) {
  PlantCanaries("secret", "ns", tenant_);
  ASSERT_TRUE(BackUp().ok());
  Erase("secret");
  ASSERT_TRUE(Write(MemoryOf("secret", "another life")).status.ok());
  ASSERT_TRUE(BackUp().ok());
  const std::string folder = NewFolder();
  const auto report = RestoreBackup(Repository(), 2, SmallOptions(folder));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->erased_again, 0U);
  OpenSmall(folder);
  ASSERT_TRUE(Get("secret").has_value());
  EXPECT_EQ(Get("secret")->content.text, "another life");
}

TEST_F(ErasureTest, AReadOnlyNamespaceIsErasedFromAllTheSame) {
  PlantCanaries("secret", "ns", tenant_);
  PatchNamespace lock;
  lock.patch.read_only = true;
  ASSERT_TRUE(Write(lock).status.ok());
  ASSERT_TRUE(BackUp().ok());
  lock.patch.read_only = false;
  ASSERT_TRUE(Write(lock).status.ok());
  Erase("secret");
  ASSERT_TRUE(BackUp().ok());
  const std::string folder = NewFolder();
  ASSERT_TRUE(RestoreBackup(Repository(), 1, SmallOptions(folder)).ok());
  OpenSmall(folder);
  EXPECT_FALSE(Get("secret").has_value());
  EXPECT_TRUE(Info().config.read_only);
}

TEST_F(ErasureTest, ARestoredStoreGoesOnWithTheSameLedger) {
  WriteNumbered(0, 10);
  ASSERT_TRUE(BackUp().ok());
  Erase("m1");
  Erase("m2");
  ASSERT_TRUE(BackUp().ok());
  const std::string folder = NewFolder();
  ASSERT_TRUE(RestoreBackup(Repository(), 1, SmallOptions(folder)).ok());
  OpenSmall(folder);
  Erase("m3");
  const auto made = BackUp();
  ASSERT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_EQ(made->manifest.erasures, 3U);
  const auto ledger = ReadErasureLedger(Repository().folder());
  ASSERT_TRUE(ledger.ok()) << ledger.status().ToString();
  EXPECT_THAT(*ledger, SizeIs(3));

  const std::string again = NewFolder();
  ASSERT_TRUE(RestoreBackup(Repository(), 1, SmallOptions(again)).ok());
  OpenSmall(again);
  EXPECT_EQ(Info().memories, 7U);
}

TEST_F(ErasureTest, AnotherStoresLedgerIsRefused) {
  WriteNumbered(0, 10);
  Erase("m1");
  ASSERT_TRUE(BackUp().ok());
  OpenSmall(NewFolder());
  WriteNumbered(0, 10);
  EXPECT_EQ(BackUp().status().code(), StatusCode::kFailedPrecondition);
  Advance(5);
  Erase("m1");
  const auto made = BackUp();
  EXPECT_EQ(made.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(made.status().message(), HasSubstr("another store"));
}

TEST_F(ErasureTest, ADamagedLedgerStopsARestoreAndATornLastLineDoesNot) {
  WriteNumbered(0, 10);
  ASSERT_TRUE(BackUp().ok());
  Erase("m1");
  Erase("m2");
  ASSERT_TRUE(BackUp().ok());
  const std::string ledger = repository_ + "/erasures";
  std::ofstream(ledger, std::ios::app) << "2 memory 1";
  ASSERT_TRUE(RestoreBackup(Repository(), 1, SmallOptions(NewFolder())).ok());
  Erase("m3");
  ASSERT_TRUE(BackUp().ok());
  EXPECT_THAT(ReadErasureLedger(Repository().folder()).value(), SizeIs(3));

  std::string text;
  {
    std::ifstream in(ledger);
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text[3] = 'x';
  std::ofstream(ledger) << text;
  const auto report = RestoreBackup(Repository(), 1, SmallOptions(NewFolder()));
  EXPECT_EQ(report.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(report.status().message(), HasSubstr("line 1"));
}

TEST_F(ErasureTest, TheLedgerHoldsNothingThatAUserWrote) {
  PlantCanaries("secret-id", "secret-namespace", tenant_);
  Erase("nobody");
  ASSERT_TRUE(engine_->Write(NewMutation({DropNamespace{}}, "secret-namespace")).status.ok());
  ASSERT_TRUE(BackUp().ok());
  std::ifstream in(repository_ + "/erasures");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, HasSubstr("namespace"));
  EXPECT_EQ(text.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace engram
