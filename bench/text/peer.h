// Another engine in a process of its own, fed over a pipe with the same documents and queries.
//
//   to it:    D <words>          a document; the first is number 0
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
  // Runs `command` in a shell.
  static Result<Peer> Start(const std::string& command);
  Peer(Peer&& other) noexcept;
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  void Add(const std::string& document);
  // What it is, with its version. After this no document comes.
  Result<std::string> Commit();
  Result<PeerAnswer> Search(const Query& query, size_t k);

 private:
  Peer(pid_t process, std::FILE* to, std::FILE* from) : process_(process), to_(to), from_(from) {}
  Result<std::string> ReadLine();

  pid_t process_;
  std::FILE* to_;
  std::FILE* from_;
};

}  // namespace engram::text_bench
