#include "base/kv.h"

#include <random>

#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

Rows Forwards(KvIterator& it) {
  Rows rows;
  for (; it.Valid(); it.Next()) rows.emplace_back(it.key(), it.value());
  return rows;
}

Rows Backwards(KvIterator& it) {
  Rows rows;
  for (it.SeekToLast(); it.Valid(); it.Prev()) rows.emplace(rows.begin(), it.key(), it.value());
  return rows;
}

// Short keys over few bytes, so that bounds meet keys often.
std::string RandomKey(std::mt19937_64& random) {
  static constexpr char kBytes[] = {'\0', 'a', 'b', '\xff'};
  std::string key(random() % 4, ' ');
  for (char& c : key) c = kBytes[random() % sizeof kBytes];
  return key;
}

// What [begin, end) holds, from a plain copy.
Rows Between(const std::map<std::string, std::string>& model, const std::string& begin, const std::string& end) {
  Rows rows;
  for (const auto& [key, value] : model) {
    if (key >= begin && (end.empty() || key < end)) rows.emplace_back(key, value);
  }
  return rows;
}

// Checks that a fresh iterator over `expected`'s rows answers every move as the plain list does.
void ExpectWalks(const KvReader& reader, const std::string& begin, const std::string& end, const Rows& expected,
                 std::mt19937_64& random) {
  const auto it = reader.Scan(begin, end);
  ASSERT_EQ(Forwards(*it), expected);
  ASSERT_EQ(Backwards(*it), expected);
  it->SeekToFirst();
  ASSERT_EQ(Forwards(*it), expected);
  const std::string target = RandomKey(random);
  it->Seek(target);
  Rows rest;
  for (const auto& row : expected) {
    if (row.first >= target) rest.push_back(row);
  }
  ASSERT_EQ(Forwards(*it), rest) << testing::PrintToString(target);
  it->Seek(target);
  if (rest.empty()) return;
  it->Prev();
  const size_t before = expected.size() - rest.size();
  ASSERT_EQ(it->Valid(), before > 0);
  if (before > 0) {
    ASSERT_EQ(it->key(), expected[before - 1].first);
  }
  ASSERT_TRUE(it->status().ok());
}

TEST(MemoryKvTest, WalksLikeAnOrderedMapWithinItsBounds) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    MemoryKv kv;
    std::map<std::string, std::string> model;
    for (int i = 0; i < 30; ++i) {
      const std::string key = RandomKey(random);
      if (random() % 3 == 0) {
        kv.Delete(key);
        model.erase(key);
      } else {
        kv.Put(key, std::to_string(i));
        model[key] = std::to_string(i);
      }
    }
    ASSERT_EQ(kv.size(), model.size());
    for (int i = 0; i < 20; ++i) {
      const std::string begin = RandomKey(random);
      const std::string end = RandomKey(random);
      SCOPED_TRACE(testing::PrintToString(begin) + " to " + testing::PrintToString(end));
      ASSERT_NO_FATAL_FAILURE(ExpectWalks(kv, begin, end, Between(model, begin, end), random));
    }
  }
}

TEST(MemoryKvTest, GetAndMultiGetTellPresentFromAbsent) {
  MemoryKv kv;
  kv.Put("a", "1");
  kv.Put("empty", "");
  EXPECT_EQ(*kv.Get("a"), "1");
  EXPECT_EQ(*kv.Get("empty"), "");
  EXPECT_EQ(*kv.Get("b"), std::nullopt);
  const auto values = kv.MultiGet({"b", "a", "a"});
  EXPECT_EQ(*values, (std::vector<std::optional<std::string>>{std::nullopt, "1", "1"}));
}

TEST(KvTest, PrefixEndIsTheNextKeyAbove) {
  EXPECT_EQ(PrefixEnd("ab"), "ac");
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
  EXPECT_EQ(PrefixEnd("\xff\xff"), "");
  EXPECT_EQ(PrefixEnd(""), "");
}

TEST(KvTest, ScanPrefixFindsExactlyTheKeysUnderIt) {
  MemoryKv kv;
  for (const char* key : {"a", "b", "b\xff", "b\xff\xff", "ba", "c"}) kv.Put(key, "");
  EXPECT_EQ(Forwards(*kv.ScanPrefix("b")).size(), 4u);
  EXPECT_EQ(Forwards(*kv.ScanPrefix("b\xff")).size(), 2u);
  EXPECT_EQ(Forwards(*kv.ScanPrefix("")).size(), 6u);
}

TEST(ScopedKvTest, SeesItsOwnKeysOnlyAndWithoutThePrefix) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 200; ++round) {
    MemoryKv kv;
    // "\xff" has no key above it: its scans end where the map ends.
    const std::string prefix = std::vector<std::string>{"t1", "a", "\xff"}[random() % 3];
    ScopedBatch batch(kv, prefix);
    std::map<std::string, std::string> model;
    for (int i = 0; i < 20; ++i) {
      const std::string foreign = RandomKey(random);
      if (!foreign.starts_with(prefix)) kv.Put(foreign, "foreign");
      const std::string key = RandomKey(random);
      if (random() % 3 == 0) {
        batch.Delete(key);
        model.erase(key);
      } else {
        batch.Put(key, std::to_string(i));
        model[key] = std::to_string(i);
      }
    }
    const ScopedReader reader(kv, prefix);
    for (int i = 0; i < 10; ++i) {
      const std::string begin = RandomKey(random);
      const std::string end = RandomKey(random);
      ASSERT_NO_FATAL_FAILURE(ExpectWalks(reader, begin, end, Between(model, begin, end), random));
      const auto it = model.find(begin);
      ASSERT_EQ(*reader.Get(begin), it == model.end() ? std::nullopt : std::optional(it->second));
    }
    const auto values = reader.MultiGet({"a", "b"});
    ASSERT_EQ((*values)[0].has_value(), model.contains("a"));
    ASSERT_EQ((*values)[1].has_value(), model.contains("b"));
  }
}

}  // namespace
}  // namespace engram
