// Compares a source with what the store holds after its import: every record, and back.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/search_agreement.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

struct VerifyOptions {
  std::string namespace_name;
  std::string import_id;
  size_t sample = 20;  // records that differ, told field by field
  std::optional<uint64_t> limit;
  // The source gives all that the import has brought, so that what the store has of it and the source has not is extra.
  bool whole = true;
  bool keeps_row = false;  // the import has a row
  AgreementLimits agreement;
};

struct VerifyReport {
  v1::ImportVerification result;
  std::vector<std::string> differences;  // of up to `sample` records: the place, then one line a field
  std::vector<std::string> notes;
  // What is not as the source has it.
  uint64_t unmatched() const {
    return result.missing() + result.different() + result.extra() + result.unreadable() + other_histories();
  }
  // Memories whose former versions are not the source's.
  uint64_t other_histories() const {
    const v1::HistoryVerification& history = result.history();
    return history.missing() + history.extra() + history.kinds() + history.times() + history.texts();
  }
};

// Compares records as they are given. Confined to one thread.
class ImportVerifier {
 public:
  // `client` outlives it. `normalises_cosine`: SourceDescription's.
  ImportVerifier(Client& client, VerifyOptions options, bool normalises_cosine);
  ~ImportVerifier();
  ImportVerifier(ImportVerifier&&) noexcept;
  ImportVerifier& operator=(ImportVerifier&&) = delete;

  // First. NotFound when there is no such namespace.
  Status Begin();
  // No configuration.
  Status Take(SourceRecord record);
  // Last.
  Result<VerifyReport> Finish();

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

// Reads the source, which stands at its beginning, and each record back through the API. Memories are compared as a
// whole (record_diff.h), with their former versions (history_diff.h), nodes, runs and edges by what a user says of
// them. Memories that were edited, deleted or that expired in the store since are classes of their own. Writes nothing.
// Holds 8 bytes for each record, and vectors as `agreement` allows.
Result<VerifyReport> VerifyImport(Client& client, ImportSource& source, const VerifyOptions& options,
                                  Progress& progress);

// How the memory's last life ended: "delete", "expire", or empty for one that lives, never was or was erased.
Result<std::string> HowItEnded(Client& client, const std::string& ns, const std::string& id);

}  // namespace engram
