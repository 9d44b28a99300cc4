// How far imports are, what they brought, and taking it back.
#include <map>

#include <gmock/gmock.h>

#include "engine/rows.h"
#include "tests/engine/engine_fixture.h"

namespace engram {
namespace {

using ::testing::IsEmpty;

constexpr const char* kId = "mail";

WriteEdge EdgeOf(const std::string& id, const std::string& source, const std::string& target) {
  WriteEdge write;
  write.edge.id = id;
  write.edge.type = "mentions";
  write.source_id = source;
  write.target_id = target;
  return write;
}

WriteNode NodeOf(const std::string& id, const std::string& name) {
  WriteNode write;
  write.node.id = id;
  write.node.name = name;
  return write;
}

WriteMemory Sourced(const std::string& id, const std::string& text, uint64_t version) {
  WriteMemory write = MemoryOf(id, text);
  write.attributes.source.version = version;
  return write;
}

class ImportStateTest : public EngineFixture {
 protected:
  void TearDown() override { ExpectConsistent(); }

  // A batch of the import.
  MutationResult Import(std::vector<Operation> operations, std::optional<ImportState> state = {},
                        WriteMode mode = WriteMode::kUpsert) {
    ImportProgress progress;
    progress.id = kId;
    progress.cursor = "here";
    progress.rejects = 0;
    progress.state = state;
    operations.emplace_back(std::move(progress));
    Mutation mutation = NewMutation(std::move(operations));
    mutation.mode = mode;
    return engine_->Write(std::move(mutation), Durability::kBuffered);
  }

  MutationResult Step(RollBackImport op) { return engine_->Write(NewMutation({std::move(op)}), Durability::kBuffered); }
  MutationResult RollBack(uint32_t rows = 100, bool finish = true) {
    RollBackImport op;
    op.id = kId;
    op.rows_max = rows;
    op.finish = finish;
    return Step(std::move(op));
  }

  ImportStatus Status() {
    const auto imports = engine_->ListImports(tenant_);
    EXPECT_TRUE(imports.ok()) << imports.status().ToString();
    EXPECT_EQ(imports->size(), 1U);
    return imports->front();
  }

  std::vector<ImportedItem> Items() {
    ImportedQuery query;
    query.import = kId;
    query.limit = 2;
    std::vector<ImportedItem> items;
    do {
      auto page = engine_->ListImported(Ref(), query, {});
      EXPECT_TRUE(page.ok()) << page.status().ToString();
      items.insert(items.end(), page->items.begin(), page->items.end());
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return items;
  }
};

TEST_F(ImportStateTest, TheEndIsWhereSomethingElseBegan) {
  ASSERT_TRUE(Write(MemoryOf("mine", "one")).status.ok());
  ASSERT_TRUE(Import({MemoryOf("a", "one")}).status.ok());
  ASSERT_TRUE(Import({MemoryOf("b", "one")}).status.ok());
  const Position end = Info().position;
  EXPECT_EQ(Status().begin, Position(1));
  EXPECT_EQ(Status().end, end);
  ASSERT_TRUE(Write(MemoryOf("mine", "two")).status.ok());
  ASSERT_TRUE(Import({MemoryOf("c", "one")}).status.ok());
  EXPECT_EQ(Status().end, end);
}

TEST_F(ImportStateTest, AnOlderRowHasNoEnd) {
  ImportStatus status;
  status.id = kId;
  status.notes["source"] = "s";
  const std::string older = EncodeImport(status);
  status.end = Position(7);
  const auto with_end = DecodeImport(EncodeImport(status));
  ASSERT_TRUE(with_end.ok());
  EXPECT_EQ(with_end->end, Position(7));
  const auto without = DecodeImport(older);
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->end.has_value());
  ASSERT_TRUE(Import({MemoryOf("a", "one")}).status.ok());  // for the check at the end
}

TEST_F(ImportStateTest, TheStateMovesWithBatchesAndByItself) {
  ASSERT_TRUE(Write(MemoryOf("before", "x")).status.ok());
  const Position begin = Info().position;
  ASSERT_TRUE(Import({}, ImportState::kPlanned).status.ok());
  EXPECT_EQ(Status().state, ImportState::kPlanned);
  ASSERT_TRUE(Import({MemoryOf("a", "1"), MemoryOf("b", "2"), MemoryOf("before", "y")}).status.ok());
  EXPECT_EQ(Status().state, ImportState::kCopying);
  ImportProgress alone;
  alone.id = kId;
  alone.notes["source"] = "notes";
  ASSERT_TRUE(engine_->Write(NewMutation({alone}), Durability::kBuffered).status.ok());
  const ImportStatus status = Status();
  EXPECT_EQ(status.state, ImportState::kCopying);
  EXPECT_EQ(status.cursor, "here");
  EXPECT_EQ(status.notes.at("source"), "notes");
  EXPECT_EQ(status.begin, begin);
  EXPECT_EQ(status.counts[static_cast<size_t>(ImportedKind::kMemory)].created, 2U);
  EXPECT_EQ(status.counts[static_cast<size_t>(ImportedKind::kMemory)].updated, 1U);
  Reopen();
  EXPECT_EQ(Status().notes.at("source"), "notes");
}

TEST_F(ImportStateTest, ARollbackRemovesWhatNobodyHasWrittenSince) {
  ASSERT_TRUE(Write(MemoryOf("mine", "here before")).status.ok());
  const Hash128 before = Info().memories_digest;
  ASSERT_TRUE(Import({MemoryOf("a", "1"), MemoryOf("b", "2"), MemoryOf("c", "3"), MemoryOf("d", "4")}).status.ok());
  PatchMemory patch;
  patch.id = "b";
  patch.text = "edited";
  ASSERT_TRUE(Write(patch).status.ok());
  ASSERT_TRUE(Write(DeleteMemory{"c", {}, {}, true, false}).status.ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(RollBack(2, /*finish=*/false).status.ok());
  const auto items = Items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_TRUE(items[0].kept && items[1].kept);
  // Once it is over, nobody asks for what is left: those rows are swept, so many a call.
  EXPECT_EQ(RollBack(1).results.back().outcome, Outcome::kUnchanged);
  EXPECT_EQ(Status().state, ImportState::kRolledBack);
  EXPECT_EQ(Items().size(), 1U);
  EXPECT_EQ(RollBack(1).results.back().outcome, Outcome::kDeleted);
  EXPECT_THAT(Items(), IsEmpty());
  EXPECT_EQ(Status().removed, 2U);
  EXPECT_EQ(Status().kept, 2U);
  EXPECT_FALSE(Get("a"));
  EXPECT_FALSE(Get("d"));
  EXPECT_EQ(Get("b")->content.text, "edited");
  EXPECT_EQ(History("c").size(), 2U);
  ASSERT_TRUE(Write(DeleteMemory{"b", {}, {}, true, true}).status.ok());
  EXPECT_EQ(Info().memories_digest, before);
}

TEST_F(ImportStateTest, ARollbackThatWasInterruptedGoesOnAndTakesNoBatchMeanwhile) {
  ASSERT_TRUE(Import({MemoryOf("a", "1"), MemoryOf("b", "2"), MemoryOf("c", "3")}).status.ok());
  ASSERT_TRUE(RollBack(1, /*finish=*/false).status.ok());
  EXPECT_EQ(Status().state, ImportState::kRollingBack);
  EXPECT_EQ(Import({MemoryOf("e", "5")}).status.code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(Get("e"));
  Reopen();
  ASSERT_TRUE(RollBack().status.ok());
  EXPECT_EQ(Status().state, ImportState::kRolledBack);
  EXPECT_EQ(Info().memories, 0U);
  const MutationResult again = RollBack();
  ASSERT_TRUE(again.status.ok());
  EXPECT_EQ(again.results.size(), 1U);  // its own, and nothing else
}

TEST_F(ImportStateTest, WhatWasRolledBackCanBeImportedAgainInEveryMode) {
  for (const WriteMode mode : {WriteMode::kNewer, WriteMode::kInsert, WriteMode::kUpsert}) {
    const MutationResult first = Import({Sourced("a", "1", 7)}, {}, mode);
    ASSERT_TRUE(first.status.ok()) << first.status.ToString();
    EXPECT_EQ(first.results[0].outcome, Outcome::kCreated);
    EXPECT_EQ(Status().memories, 1U);  // counts begin anew
    ASSERT_TRUE(RollBack().status.ok());
    EXPECT_THAT(Items(), IsEmpty());
  }
  (void)Write(MemoryOf("k", "there is a namespace"));
}

TEST_F(ImportStateTest, WhatWasReplacedComesBackAsItWasWithItsEdges) {
  WriteMemory old = MemoryOf("a", "old");
  old.content.vectors["default"] = DenseVector{1, 2};
  old.state.pinned = true;
  ASSERT_TRUE(Write(old).status.ok());
  PatchMemory second;
  second.id = "a";
  second.state = MemoryState::kArchived;
  ASSERT_TRUE(Write(second).status.ok());
  ASSERT_TRUE(Write(MemoryOf("other", "x")).status.ok());
  ASSERT_TRUE(Write(EdgeOf("theirs", "other", "a")).status.ok());
  const std::optional<Memory> was = Get("a");
  const Hash128 digest = Info().memories_digest;

  WriteMemory replacing = Sourced("a", "new", 9);
  replacing.content.vectors["default"] = DenseVector{3, 4};
  ASSERT_TRUE(Import({replacing, MemoryOf("made", "by the import")}).status.ok());
  EXPECT_TRUE(Items()[0].replaced);

  // As an export of the namespace before would have it.
  RollBackImport restore;
  restore.id = kId;
  restore.rows_max = 100;
  restore.finish = true;
  WriteMemory back;
  back.id = "a";
  back.content = was->content;
  back.attributes = was->attributes;
  back.created_at = was->attributes.created_at;
  back.updated_at = was->attributes.updated_at;
  back.version = was->version;
  back.state.pinned = true;
  ImportedVersion first;
  first.version = Version(1);
  first.content = was->content;
  first.attributes = was->attributes;
  first.attributes.state = MemoryState::kActive;
  back.history = {first};
  restore.memories = {back, MemoryOf("made", "not from before")};
  ASSERT_TRUE(Step(restore).status.ok());

  EXPECT_EQ(Status().state, ImportState::kRolledBack);
  EXPECT_EQ(Status().restored, 1U);
  const std::optional<Memory> now = Get("a");
  ASSERT_TRUE(now);
  EXPECT_EQ(now->content, was->content);
  EXPECT_EQ(now->attributes, was->attributes);
  EXPECT_EQ(now->state, was->state);
  EXPECT_EQ(now->version, was->version);
  EXPECT_EQ(History("a").size(), 2U);
  EXPECT_FALSE(Get("made"));
  EXPECT_EQ(Info().memories_digest, digest);
  EXPECT_EQ(Info().edges, 1U);
  // Nothing remembers the import's source version.
  EXPECT_EQ(Import({Sourced("b", "1", 1)}).results[0].outcome, Outcome::kCreated);
}

TEST_F(ImportStateTest, NodesRunsAndEdgesGoUnlessTheyAreInUse) {
  ASSERT_TRUE(Write(NodeOf("person:bob", "Bob")).status.ok());
  WriteMemory talk = MemoryOf("m", "hello");
  talk.attributes.scopes.run_id = "talk";
  WriteRun run;
  run.scopes.run_id = "silent";
  ASSERT_TRUE(
      Import({talk, run, NodeOf("person:ann", "Ann"), NodeOf("person:eve", "Eve"), EdgeOf("e1", "person:ann", "m"),
              EdgeOf("e2", "person:bob", "made by the edge"), EdgeOf("e3", "person:bob", "person:eve")})
          .status.ok());
  ASSERT_TRUE(Write(EdgeOf("theirs", "person:eve", "person:bob")).status.ok());
  ASSERT_TRUE(RollBack(100, /*finish=*/false).status.ok());
  EXPECT_EQ(Info().memories, 0U);
  EXPECT_EQ(Info().edges, 1U);
  EXPECT_EQ(Info().runs, 0U);
  EXPECT_EQ(Info().nodes, 2U);  // Bob was there, and Eve has an edge of somebody's
  const auto items = Items();
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0].id, "person:eve");
}

TEST_F(ImportStateTest, RowsFromBeforeThereWereStatesAreRead) {
  ImportStatus old;
  old.cursor = "c";
  old.rejects = 3;
  old.memories = 7;
  constexpr size_t kOldBytes = 6;  // format, cursor, rejects, memories, updated_at
  const auto read = DecodeImport(EncodeImport(old).substr(0, kOldBytes));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->memories, 7U);
  EXPECT_EQ(read->state, ImportState::kCopying);
  EXPECT_FALSE(DecodeImport(EncodeImport(old).substr(0, kOldBytes + 2)).ok());
  (void)Write(MemoryOf("k", "there is a namespace"));
}

TEST_F(ImportStateTest, CountsFromBeforeThereWereTombstonesAreRead) {
  ImportStatus old;
  old.counts[static_cast<size_t>(ImportedKind::kRun)].created = 3;
  old.notes["source"] = "s";
  const std::string now = EncodeImport(old);
  constexpr size_t kNewBytes = 8;  // four counts of two kinds
  const auto read = DecodeImport(now.substr(0, now.size() - kNewBytes));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->counts[static_cast<size_t>(ImportedKind::kRun)].created, 3U);
  EXPECT_EQ(read->notes.at("source"), "s");
  EXPECT_FALSE(DecodeImport(now.substr(0, now.size() - 1)).ok());
  (void)Write(MemoryOf("k", "there is a namespace"));
}

WriteTombstone DeadAt(const std::string& id, Timestamp time) {
  WriteTombstone dead;
  dead.id = id;
  dead.source_version = 7;
  ImportedVersion lived;
  lived.version = Version(2);
  lived.content.text = "was";
  lived.attributes.updated_at = lived.attributes.created_at = time;
  ImportedVersion end;
  end.version = Version(5);
  end.event = ImportedVersion::Event::kDeleted;
  end.attributes.updated_at = time;
  dead.history = {lived, end};
  return dead;
}

WriteEdge EndedAt(const std::string& id, uint64_t version, Timestamp time) {
  WriteEdge write = EdgeOf(id, "person:ann", "gone");
  write.ended = true;
  write.edge.version = Version(version);
  write.edge.retired = time;
  write.recorded = time;
  return write;
}

TEST_F(ImportStateTest, WhatIsOverIsBroughtAndTakenBack) {
  const Timestamp then{1'000'000};
  ASSERT_TRUE(Write(MemoryOf("mine", "lives")).status.ok());
  const MutationResult brought = Import({DeadAt("gone", then), DeadAt("mine", then), NodeOf("person:ann", "Ann"),
                                         EndedAt("e", 1, then), EndedAt("e", 3, then)});
  ASSERT_TRUE(brought.status.ok()) << brought.status.ToString();
  EXPECT_EQ(brought.results[0].outcome, Outcome::kCreated);
  EXPECT_EQ(brought.results[1].outcome, Outcome::kUnchanged);  // it lives here
  EXPECT_EQ(Get("mine")->content.text, "lives");
  EXPECT_FALSE(Get("gone"));
  ASSERT_EQ(History("gone").size(), 2U);
  EXPECT_EQ(History("gone")[0].memory.content.text, "was");
  EXPECT_EQ(History("gone")[1].kind, HistoryEvent::Kind::kDelete);
  EXPECT_EQ(History("gone")[1].version, Version(5));
  EXPECT_EQ(Info().edges, 0U);
  EXPECT_EQ(Status().counts[static_cast<size_t>(ImportedKind::kTombstone)].created, 1U);
  EXPECT_EQ(Status().counts[static_cast<size_t>(ImportedKind::kTombstone)].unchanged, 1U);
  EXPECT_EQ(Status().counts[static_cast<size_t>(ImportedKind::kEndedEdge)].created, 2U);
  // Again it changes nothing, and numbers go on behind it.
  EXPECT_EQ(Import({DeadAt("gone", then), EndedAt("e", 3, then)}).results[1].outcome, Outcome::kUnchanged);
  EXPECT_EQ(Import({Sourced("gone", "no newer", 7)}, {}, WriteMode::kNewer).results[0].outcome, Outcome::kUnchanged);
  EXPECT_EQ(Import({EndedAt("e", 3, Timestamp{2'000'000})}).status.code(), StatusCode::kAlreadyExists);
  WriteEdge unknown = EndedAt("other", 1, then);
  unknown.target_id = "never here";
  EXPECT_EQ(Import({unknown}).status.code(), StatusCode::kNotFound);
  EXPECT_EQ(Import({EdgeOf("e", "person:ann", "mine")}).results[0].version, Version(4));
  EXPECT_EQ(Import({EndedAt("e", 4, then)}).status.code(), StatusCode::kAlreadyExists);
  ASSERT_TRUE(RollBack().status.ok());
  EXPECT_EQ(engine_->History(Ref(), "gone").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(Info().edges, 0U);
  EXPECT_EQ(Info().nodes, 0U);
  EXPECT_EQ(Import({Sourced("gone", "made anew", 1)}, {}, WriteMode::kNewer).results[0].outcome, Outcome::kCreated);
}

TEST_F(ImportStateTest, WhatExpiredMeanwhileIsToldFromWhatWasDeleted) {
  WriteMemory brief = MemoryOf("brief", "x");
  brief.state.ttl_seconds = 10;
  ASSERT_TRUE(Import({brief, MemoryOf("deleted", "y"), MemoryOf("stays", "z")}).status.ok());
  ASSERT_TRUE(Write(DeleteMemory{"deleted", {}, {}, true, false}).status.ok());
  Advance(11);
  ASSERT_TRUE(engine_->SweepNow().ok());
  std::map<std::string, ImportedItem::Now> now;
  for (const ImportedItem& item : Items()) now[item.id] = item.now;
  EXPECT_EQ(now.at("brief"), ImportedItem::Now::kExpired);
  EXPECT_EQ(now.at("deleted"), ImportedItem::Now::kGone);
  EXPECT_EQ(now.at("stays"), ImportedItem::Now::kAsWritten);
  ASSERT_TRUE(RollBack().status.ok());
  EXPECT_EQ(Status().removed, 2U);
  EXPECT_EQ(Status().kept, 1U);
}

TEST_F(ImportStateTest, TwoImportsOfOneMemoryAreToldApart) {
  ASSERT_TRUE(Import({MemoryOf("a", "first")}).status.ok());
  ImportProgress other;
  other.id = "other";
  ASSERT_TRUE(engine_->Write(NewMutation({MemoryOf("a", "second"), other}), Durability::kBuffered).status.ok());
  ASSERT_TRUE(RollBack().status.ok());
  EXPECT_EQ(Get("a")->content.text, "second");
}

}  // namespace
}  // namespace engram
