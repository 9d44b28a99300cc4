#include "engine/known_namespaces.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

constexpr TenantId kTenant{1};
constexpr TenantId kOther{2};

KnownNamespaces::Found Known(uint32_t number) {
  KnownNamespace known;
  known.number = NamespaceId(number);
  return std::make_shared<KnownNamespace>(std::move(known));
}

Publication Change(TenantId tenant, uint32_t ns, IndexEvent event) {
  Publication publication;
  publication.tenant = tenant;
  publication.namespace_id = NamespaceId(ns);
  publication.events.push_back(std::move(event));
  return publication;
}

TEST(KnownNamespacesTest, FindsByTenantAndName) {
  KnownNamespaces known;
  EXPECT_EQ(known.Find(kTenant, "a"), nullptr);
  known.Keep(kTenant, "a", known.version(), Known(7));
  ASSERT_NE(known.Find(kTenant, "a"), nullptr);
  EXPECT_EQ(known.Find(kTenant, "a")->number, NamespaceId(7));
  EXPECT_EQ(known.Find(kOther, "a"), nullptr);
  EXPECT_EQ(known.Find(kTenant, "aa"), nullptr);
}

TEST(KnownNamespacesTest, ForgetsAllNamesOfWhatChangedAndNothingElse) {
  for (const IndexEvent& event : {IndexEvent(ConfigChanged{}), IndexEvent(NamespaceDropped{})}) {
    KnownNamespaces known;
    known.Keep(kTenant, "a", known.version(), Known(7));
    known.Keep(kTenant, "alias", known.version(), Known(7));
    known.Keep(kTenant, "b", known.version(), Known(8));
    known.Keep(kOther, "a", known.version(), Known(7));
    known.Apply(Change(kTenant, 7, event));
    EXPECT_EQ(known.Find(kTenant, "a"), nullptr);
    EXPECT_EQ(known.Find(kTenant, "alias"), nullptr);
    EXPECT_NE(known.Find(kTenant, "b"), nullptr);
    EXPECT_NE(known.Find(kOther, "a"), nullptr);
  }
}

TEST(KnownNamespacesTest, KeepsNothingThatWasReadBeforeAChange) {
  KnownNamespaces known;
  const uint64_t before = known.version();
  known.Apply(Change(kTenant, 9, NamespaceDropped{}));
  known.Keep(kTenant, "a", before, Known(7));
  EXPECT_EQ(known.Find(kTenant, "a"), nullptr);
  EXPECT_NE(known.version(), before);
}

TEST(KnownNamespacesTest, OtherEventsChangeNothing) {
  KnownNamespaces known;
  known.Keep(kTenant, "a", known.version(), Known(7));
  const uint64_t before = known.version();
  known.Apply(Change(kTenant, 7, SlotRemoved{Slot(1)}));
  EXPECT_EQ(known.version(), before);
  EXPECT_NE(known.Find(kTenant, "a"), nullptr);
}

TEST(KnownNamespacesTest, StaysBounded) {
  KnownNamespaces known;
  size_t found = 0;
  for (uint32_t i = 0; i < 5000; ++i) known.Keep(kTenant, std::to_string(i), known.version(), Known(i));
  for (uint32_t i = 0; i < 5000; ++i) found += known.Find(kTenant, std::to_string(i)) ? 1 : 0;
  EXPECT_GT(found, 0U);
  EXPECT_LE(found, 1024U);
}

}  // namespace
}  // namespace engram
