// Another engine in a process of its own, fed over a pipe with the same documents and queries.
//
//   to it:    O <folder>         first of all: where its index is kept; without a folder nowhere. Answers "ready
//                                <description>" when one is complete there, else "empty"
//             D <words>          a document; the first is number 0
//             C                  all documents have come: answers "ready <description>"
//             Q <k> <kind> <words>   kind: any, all or phrase; answers "<nanoseconds> <document>:<score> …"
// Every message and every answer is a line, with tabs between its fields and spaces between words. The time is
// CPU time of the peer's thread, around the search alone, so that the pipe costs it nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/text/query_mixes.h"

namespace engram::text_bench {

struct PeerHit {
  uint32_t document;
  double score;
};

struct PeerAnswer {
  double microseconds = 0;
  std::vector<PeerHit> hits;
};

class Peer {
 public:
  // Runs `command` in a shell. With a folder, the index stays there for another time.
  static Result<Peer> Start(const std::string& command, const std::string& folder);
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  // Whether an earlier run's index was there: then no document comes and no Commit.
  bool has_index() const { return !description_.empty(); }
  void Add(const std::string& document);
  // After this no document comes.
  Status Commit();
  // What it is, with its version. REQUIRES: has an index or was committed.
  const std::string& description() const { return description_; }
  Result<PeerAnswer> Search(const Query& query, size_t k);

 private:
  Peer(pid_t process, std::FILE* to, std::FILE* from) : process_(process), to_(to), from_(from) {}
  Result<std::string> ReadLine();
  // How its process ended, to put into an error.
  std::string Ending();

  pid_t process_;
  std::FILE* to_;
  std::FILE* from_;
  std::string description_;
};

}  // namespace engram::text_bench
