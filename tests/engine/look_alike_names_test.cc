// Names that begin alike, end in the bytes of keys or fold to each other: tenants, namespaces and ids never meet.
#include <map>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

const std::vector<std::string>& Names() {
  static const std::vector<std::string> names = {"a",
                                                 "ab",
                                                 "a\xc3\xbf",
                                                 "a ",
                                                 " a",
                                                 "A",
                                                 "aa",
                                                 "a.b",
                                                 "..",
                                                 ".",
                                                 "%2e%2e%2f",
                                                 "CON",
                                                 "i",
                                                 "\xc3\xa9",
                                                 "e\xcc\x81",
                                                 "\xd0\xb0",
                                                 "a\xe2\x80\x8b",
                                                 "\xe2\x80\xae"
                                                 "a",
                                                 "\xef\xbf\xbf",
                                                 std::string(255, 'a'),
                                                 std::string(254, 'a')};
  return names;
}

// Ids may be longer, and hold a slash; the server's border checks them.
std::vector<std::string> Ids() {
  std::vector<std::string> ids = Names();
  ids.insert(ids.end(),
             {"a/b", "/", "1", "01", "10", "18446744073709551615", "18446744073709551616",
              "123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", std::string(256, 'a')});
  return ids;
}

class LookAlikeNamesTest : public EngineFixture {
 protected:
  using Place = std::pair<size_t, std::string>;         // tenant, namespace
  using Memories = std::map<std::string, std::string>;  // texts by id

  LookAlikeNamesTest() {
    for (const std::string& name : {Names()[0], Names()[1], Names()[2], Names()[5]}) {
      EXPECT_TRUE(engine_->Write(MutationOf({name, CreateTenant{}}), Durability::kBuffered).status.ok()) << name;
      auto tenant = engine_->FindTenant(name, false);
      EXPECT_TRUE(tenant.ok()) << tenant.status().ToString();
      tenants_.push_back(*tenant);
    }
  }

  Status Do(const Place& place, Operation operation) {
    Mutation mutation = NewMutation({std::move(operation)}, place.second);
    mutation.tenant = tenants_[place.first];
    return engine_->Write(std::move(mutation), Durability::kBuffered).status;
  }

  // All memories of the place, whichever way they are asked for.
  Memories Everything(const Place& place) {
    const NamespaceRef ref = {tenants_[place.first], place.second};
    Memories found;
    ListQuery query;
    query.limit = 1'000;
    query.include.text = true;
    auto listed = engine_->List(ref, query, {});
    if (!listed.ok()) {
      EXPECT_EQ(listed.status().code(), StatusCode::kNotFound) << listed.status().ToString();
      return found;
    }
    std::vector<std::string> ids;
    for (const Memory& memory : listed->memories) {
      found[memory.id] = memory.content.text;
      ids.push_back(memory.id);
    }
    const auto got = engine_->Get(ref, ids, query.include, {});
    EXPECT_TRUE(got.ok() && got->memories.size() == ids.size());
    return found;
  }

  std::vector<TenantId> tenants_;
};

TEST_F(LookAlikeNamesTest, NobodyEverSeesAnothersRows) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const int operations = std::getenv("ENGRAM_LONG") != nullptr ? 1'000'000 : 4'000;
  const std::vector<std::string> ids = Ids();
  std::map<Place, Memories> model;
  for (int i = 0; i < operations; ++i) {
    const Place place = {random() % tenants_.size(), Names()[random() % Names().size()]};
    const std::string& id = ids[random() % ids.size()];
    const bool known = model.contains(place);
    switch (random() % 16) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4: {
        const bool there = known && model[place].erase(id) > 0;
        const bool erase = there && random() % 2 == 0;  // a memory that was deleted can still be erased
        const Status status = Do(place, DeleteMemory{id, {}, {}, true, erase});
        ASSERT_EQ(status.ok(), there) << status.ToString();
        break;
      }
      case 5: {
        ASSERT_TRUE(Do(place, DropNamespace{}).ok());  // one that is not there, too
        model.erase(place);
        break;
      }
      default: {
        WriteMemory write;
        write.id = id;
        write.content.text = std::to_string(i);
        ASSERT_TRUE(Do(place, write).ok());
        model[place][id] = std::to_string(i);
        break;
      }
    }
    if (i % 50 == 0) {
      ASSERT_EQ(Everything(place), model.contains(place) ? model[place] : Memories());
    }
  }
  for (size_t tenant = 0; tenant < tenants_.size(); ++tenant) {
    for (const std::string& name : Names()) {
      const Place place = {tenant, name};
      ASSERT_EQ(Everything(place), model.contains(place) ? model[place] : Memories()) << name;
    }
  }
}

TEST_F(LookAlikeNamesTest, NamesThatAreNoneAreRefused) {
  WriteMemory write;
  write.id = "m";
  for (const std::string& name :
       {std::string(), std::string(256, 'a'), std::string("a/b"), std::string("a\0b", 3), std::string("a\xff")}) {
    EXPECT_EQ(Do({0, name}, write).code(), StatusCode::kInvalidArgument) << name;
  }
}

}  // namespace
}  // namespace engram
