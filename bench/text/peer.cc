#include "bench/text/peer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace engram::text_bench {

Result<Peer> Peer::Start(const std::string& command) {
  int to[2];
  int from[2];
  if (pipe(to) != 0 || pipe(from) != 0) return Unavailable("no pipes for the peer");
  const pid_t process = fork();
  if (process < 0) return Unavailable("no process for the peer");
  if (process == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    for (const int end : {to[0], to[1], from[0], from[1]}) close(end);
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    std::_Exit(127);
  }
  close(to[0]);
  close(from[1]);
  return Peer(process, fdopen(to[1], "w"), fdopen(from[0], "r"));
}

Peer::Peer(Peer&& other) noexcept
    : process_(std::exchange(other.process_, 0)),
      to_(std::exchange(other.to_, nullptr)),
      from_(std::exchange(other.from_, nullptr)) {}

Peer::~Peer() {
  if (process_ == 0) return;
  std::fclose(to_);
  std::fclose(from_);
  waitpid(process_, nullptr, 0);
}

void Peer::Add(const std::string& document) { fmt::print(to_, "D\t{}\n", document); }

Result<std::string> Peer::ReadLine() {
  std::fflush(to_);
  char* line = nullptr;
  size_t capacity = 0;
  const ssize_t size = getline(&line, &capacity, from_);
  std::string text(line == nullptr ? "" : line, size > 0 ? static_cast<size_t>(size - 1) : 0);
  std::free(line);
  if (size <= 0) return Unavailable("the peer has gone");
  return text;
}

Result<std::string> Peer::Commit() {
  fmt::print(to_, "C\n");
  ASSIGN_OR_RETURN(const std::string line, ReadLine());
  if (!line.starts_with("ready ")) return Unavailable("the peer said: " + line);
  return line.substr(6);
}

Result<PeerAnswer> Peer::Search(const Query& query, size_t k) {
  fmt::print(to_, "Q\t{}\t{}\t{}\n", k,
             query.phrase ? "phrase"
             : query.all  ? "all"
                          : "any",
             fmt::join(query.words, " "));
  ASSIGN_OR_RETURN(const std::string line, ReadLine());
  std::istringstream in(line);
  double nanoseconds = 0;
  in >> nanoseconds;
  if (!in) return Unavailable("the peer said: " + line);
  PeerAnswer answer;
  answer.microseconds = nanoseconds / 1e3;
  PeerHit hit{};
  for (char colon = 0; in >> hit.document >> colon >> hit.score;) answer.hits.push_back(hit);
  return answer;
}

}  // namespace engram::text_bench
