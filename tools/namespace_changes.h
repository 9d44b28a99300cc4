// What changed in a namespace since a position, as it was at one position, though it comes in pages while others write:
// what came last of each id counts (api: ChangesReply). Waits in a file without a name meanwhile.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/import/source.h"
#include "tools/progress.h"

namespace engram {

// Confined to one thread. Holds about 80 bytes of memory for each id.
class NamespaceChanges {
 public:
  // `since` empty: from the beginning. PositionExpired when the store's log is not kept so far back.
  static Result<std::unique_ptr<NamespaceChanges>> Read(Client& client, const std::string& ns, const std::string& since,
                                                        bool with_history, Progress& progress);

  // The next changes go on from here.
  const std::string& position() const { return position_; }
  uint64_t memories() const { return memories_; }
  uint64_t ended() const { return records_.size() - memories_; }
  uint64_t erased() const { return erased_; }  // gone, with ids that nobody knows any more
  uint64_t histories_cut() const { return histories_cut_; }
  size_t size() const { return records_.size(); }

  // Each once, v1::Memory or Tombstone, `number` counting from 0 in the same order every time. Ends with the visitor's
  // error.
  Status ForEach(const std::function<Status(size_t number, RecordItem item)>& visit);

 private:
  struct Record {
    bool ended = false;
    int64_t offset = 0;
    size_t bytes = 0;
  };

  NamespaceChanges() : file_(std::tmpfile(), &std::fclose) {}
  Status Keep(const v1::Memory& memory, bool ended);

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  int64_t size_ = 0;
  std::map<Hash128, Record> last_;  // by id, until all have come
  std::vector<Record> records_;     // in the order of their places in the file
  std::string position_;
  uint64_t memories_ = 0;
  uint64_t erased_ = 0;
  uint64_t histories_cut_ = 0;
};

}  // namespace engram
