#include "index/segment_file.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr SlotRange kSlots = {Slot(7), Slot(90)};
constexpr Position kPosition(12345);

class SegmentFileTest : public testing::Test {
 protected:
  SegmentFileTest() { EXPECT_TRUE(files_.CreateDirectory("/d").ok()); }

  // Three sections; one empty, one of several blocks.
  Status Write(FileSystem& files) {
    ASSIGN_OR_RETURN(SegmentWriter writer, SegmentWriter::Create(files, "/d/s", SegmentKind::kText, "english/1"));
    RETURN_IF_ERROR(writer.Section("small", "abc"));
    RETURN_IF_ERROR(writer.Section("empty", ""));
    RETURN_IF_ERROR(writer.Begin("large"));
    for (const std::string_view piece : {std::string_view(large_).substr(0, 1), std::string_view(large_).substr(1)}) {
      RETURN_IF_ERROR(writer.Append(piece));
    }
    return writer.Finish(kSlots, kPosition);
  }

  Result<std::shared_ptr<const SegmentFile>> Open(std::string_view fingerprint = "english/1") const {
    return SegmentFile::Open(files_, "/d/s", SegmentKind::kText, fingerprint);
  }

  FaultFileSystem files_;
  std::string large_ = std::string(150'000, 'x') + "end";
};

TEST_F(SegmentFileTest, GivesBackWhatWasWritten) {
  ASSERT_TRUE(Write(files_).ok());
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  const SegmentFile& file = **opened;
  EXPECT_EQ(file.slots(), kSlots);
  EXPECT_EQ(file.position(), kPosition);
  EXPECT_EQ(*(*file.Section("small"))->Bytes(), "abc");
  EXPECT_EQ(*(*file.Section("empty"))->Bytes(), "");
  EXPECT_EQ(*(*file.Section("large"))->Bytes(), large_);
  EXPECT_EQ(*(*file.Section("large"))->Range(149'999, 4), "xend");
  EXPECT_EQ((*file.Section("large"))->Load()->bytes().substr(0, large_.size()), large_);
  EXPECT_EQ(file.FindSection("other"), nullptr);
  EXPECT_EQ(file.Section("other").status().code(), StatusCode::kCorruption);
  EXPECT_TRUE(file.CheckAll().ok());
  EXPECT_THAT(*files_.ListDirectory("/d"), ElementsAre("s"));
}

TEST_F(SegmentFileTest, SectionsAreArraysOfAlignedNumbers) {
  const std::vector<uint64_t> numbers = {1, 2, UINT64_MAX};
  auto writer = std::move(SegmentWriter::Create(files_, "/d/s", SegmentKind::kText, "english/1")).value();
  ASSERT_TRUE(writer.Section("odd", "abc").ok());
  ASSERT_TRUE(writer.Begin("numbers").ok());
  ASSERT_TRUE(writer.AppendArray(std::span(numbers)).ok());
  ASSERT_TRUE(writer.Finish(kSlots, kPosition).ok());
  const auto file = *Open();
  const auto read = (*file->Section("numbers"))->Array<uint64_t>();
  EXPECT_THAT(*read, testing::ElementsAreArray(numbers));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(read->data()) % 64, 0U);
  EXPECT_THAT((*file->Section("odd"))->Array<uint64_t>().status().message(), HasSubstr("\"odd\" has 3 bytes"));
}

TEST_F(SegmentFileTest, WhatIsOfNoUseIsToldFromWhatIsDamaged) {
  EXPECT_EQ(Open().status().code(), StatusCode::kNotFound);
  ASSERT_TRUE(Write(files_).ok());
  const Status other = Open("english/2").status();
  EXPECT_EQ(other.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(other.details(), ElementsAre(std::pair("expected", "english/2"), std::pair("got", "english/1")));
  EXPECT_EQ(SegmentFile::Open(files_, "/d/s", SegmentKind::kVector, "english/1").status().code(),
            StatusCode::kFailedPrecondition);
}

// No byte of the file is without a checksum: header, sections, padding, directory, footer.
TEST_F(SegmentFileTest, EveryFlippedByteIsNoticed) {
  large_ = "a section of one block";
  ASSERT_TRUE(Write(files_).ok());
  const uint64_t size = *files_.FileSize("/d/s");
  for (uint64_t offset = 0; offset < size; ++offset) {
    files_.FlipByte("/d/s", offset);
    const auto file = Open();
    const Status status = file.ok() ? (*file)->CheckAll() : file.status();
    ASSERT_EQ(status.code(), StatusCode::kCorruption) << "byte " << offset << ": " << status.ToString();
    ASSERT_THAT(status.message(), HasSubstr("/d/s"));
    files_.FlipByte("/d/s", offset);
  }
  EXPECT_TRUE((*Open())->CheckAll().ok());
}

TEST_F(SegmentFileTest, ADamagedBlockSpoilsItsOwnRangeAndNamesItsSection) {
  ASSERT_TRUE(Write(files_).ok());
  files_.FlipByte("/d/s", 64 + 64 + 70'000);  // after the header and "small"
  const auto file = *Open();
  const SegmentSection* large = *file->Section("large");
  EXPECT_TRUE(large->Range(0, 65'536).ok());
  EXPECT_TRUE(large->Range(140'000, 10).ok());
  for (int twice = 0; twice < 2; ++twice) {
    const Status status = large->Range(65'535, 2).status();
    EXPECT_EQ(status.code(), StatusCode::kCorruption);
    EXPECT_THAT(status.message(), HasSubstr("section \"large\" is damaged at byte 65536"));
  }
  EXPECT_EQ(large->Load().status().code(), StatusCode::kCorruption);
  EXPECT_EQ(*(*file->Section("small"))->Bytes(), "abc");
}

TEST_F(SegmentFileTest, EveryShortenedFileIsNoticed) {
  large_ = "a section of one block";
  ASSERT_TRUE(Write(files_).ok());
  const std::string whole = *files_.ReadFile("/d/s");
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(files_.ReplaceFile("/d/s", whole.substr(0, size)).ok());
    ASSERT_EQ(Open().status().code(), StatusCode::kCorruption) << size;
  }
}

// Failed at each of its operations and then crashed, the writer leaves a whole file or none; once it has said
// OK, a whole one.
TEST_F(SegmentFileTest, WritingIsAtomicAtEveryPointOfFailure) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  bool finished = false;
  for (uint64_t n = 0; !finished; ++n) {
    ASSERT_LT(n, 50U);
    for (uint64_t round = 0; round < 20; ++round) {
      FaultFileSystem files;
      ASSERT_TRUE(files.CreateDirectory("/d").ok());
      files.FailAfter(n, Unavailable("bad disk"));
      finished = Write(files).ok();
      files.CrashTorn(seed * 1000 + round);
      const auto file = SegmentFile::Open(files, "/d/s", SegmentKind::kText, "english/1");
      if (file.ok()) {
        ASSERT_TRUE((*file)->CheckAll().ok()) << "operation " << n;
      } else {
        ASSERT_FALSE(finished);
        ASSERT_EQ(file.status().code(), StatusCode::kNotFound) << "operation " << n;
      }
    }
  }
}

TEST_F(SegmentFileTest, AnUnfinishedWriterLeavesNothing) {
  {
    auto writer = std::move(SegmentWriter::Create(files_, "/d/s", SegmentKind::kText, "english/1")).value();
    ASSERT_TRUE(writer.Section("small", "abc").ok());
  }
  EXPECT_THAT(*files_.ListDirectory("/d"), testing::IsEmpty());
}

}  // namespace
}  // namespace engram
