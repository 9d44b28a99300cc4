#include "engine/backup/erasure_ledger.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"

namespace engram {
namespace {

constexpr const char* kName = "erasures";
constexpr uint64_t kLedgerBytesMax = uint64_t{4} << 30;
constexpr size_t kPageErasures = 10'000;
constexpr std::array<std::string_view, 3> kKinds = {"memory", "namespace", "tenant"};

std::string FormatErasure(const Erasure& erasure) {
  const std::string line = fmt::format(
      "{} {} {} {} {} {} {}", erasure.number, kKinds.at(static_cast<size_t>(erasure.kind) - 1), erasure.tenant.value,
      erasure.ns.value, erasure.node.value, erasure.position.value, erasure.time.micros);
  return fmt::format("{} {:016x}\n", line, HashBytes64(line));
}

// The words of a line.
class LedgerWords {
 public:
  explicit LedgerWords(std::string_view line) : line_(line) {}
  bool ok() const { return ok_; }
  std::string_view Word() {
    const size_t end = std::min(line_.find(' '), line_.size());
    const std::string_view word = line_.substr(0, end);
    line_.remove_prefix(std::min(end + 1, line_.size()));
    return word;
  }
  template <class Int>
  Int Number() {
    const std::string_view word = Word();
    Int number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    ok_ &= error == std::errc() && stop == word.data() + word.size();
    return number;
  }
  Erasure::Kind Kind() {
    const std::string_view word = Word();
    for (size_t i = 0; i < kKinds.size(); ++i) {
      if (word == kKinds.at(i)) return static_cast<Erasure::Kind>(i + 1);
    }
    ok_ = false;
    return Erasure::Kind::kMemory;
  }

 private:
  std::string_view line_;
  bool ok_ = true;
};

Result<Erasure> ParseErasure(std::string_view line, uint64_t number) {
  LedgerWords words(line);
  Erasure erasure;
  erasure.number = words.Number<uint64_t>();
  erasure.kind = words.Kind();
  erasure.tenant = TenantId(words.Number<uint32_t>());
  erasure.ns = NamespaceId(words.Number<uint32_t>());
  erasure.node = NodeNumber(words.Number<uint32_t>());
  erasure.position = Position(words.Number<uint64_t>());
  erasure.time = Timestamp{words.Number<int64_t>()};
  if (!words.ok() || erasure.number != number || FormatErasure(erasure) != std::string(line) + "\n") {
    return Corruption(fmt::format("line {} of the ledger of erasures is damaged", number + 1));
  }
  return erasure;
}

// The ledger's whole lines; `bytes` of the file, when given.
Result<std::vector<Erasure>> ParseLedger(std::string_view text, uint64_t* bytes) {
  std::vector<Erasure> erasures;
  uint64_t read = 0;
  while (true) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    ASSIGN_OR_RETURN(Erasure erasure, ParseErasure(text.substr(0, end), erasures.size()));
    erasures.push_back(erasure);
    text.remove_prefix(end + 1);
    read += end + 1;
  }
  *bytes = read;
  return erasures;
}

}  // namespace

Result<std::vector<Erasure>> ReadErasureLedger(const FolderBeneath& folder) {
  const auto text = folder.ReadAll(kName, kLedgerBytesMax);
  if (!text.ok()) {
    if (text.status().code() == StatusCode::kNotFound) return std::vector<Erasure>();
    return text.status();
  }
  uint64_t bytes = 0;
  return ParseLedger(*text, &bytes);
}

Result<uint64_t> ExtendErasureLedger(const BackupSource& source, const FolderBeneath& folder) {
  ASSIGN_OR_RETURN(FileBeneath file, folder.OpenForAppending(kName));
  ASSIGN_OR_RETURN(const std::string text, folder.ReadAll(kName, kLedgerBytesMax));
  uint64_t bytes = 0;
  ASSIGN_OR_RETURN(const auto known, ParseLedger(text, &bytes));
  // The last line that both have.
  if (!known.empty()) {
    ASSIGN_OR_RETURN(const auto same, source.ListErasures(known.back().number, 1));
    if (same.empty() || !(same[0] == known.back())) {
      return FailedPrecondition(fmt::format("{} has the ledger of another store: its erasure {} is none of this one's",
                                            folder.path(), known.back().number));
    }
  }
  if (bytes < text.size()) RETURN_IF_ERROR(file.Truncate(bytes));
  uint64_t next = known.size();
  bool changed = false;
  while (true) {
    ASSIGN_OR_RETURN(const auto page, source.ListErasures(next, kPageErasures));
    if (page.empty()) break;
    std::string lines;
    for (const Erasure& erasure : page) lines += FormatErasure(erasure);
    RETURN_IF_ERROR(file.Append(lines));
    next = page.back().number + 1;
    changed = true;
  }
  if (changed) {
    RETURN_IF_ERROR(file.Sync());
    RETURN_IF_ERROR(folder.SyncFolder(""));
  }
  return next;
}

}  // namespace engram
