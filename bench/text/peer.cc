#include "bench/text/peer.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace engram::text_bench {

Result<Peer> Peer::Start(const std::string& command, const std::string& folder) {
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
  // A peer that has gone shows when it is to answer, with how it ended.
  std::signal(SIGPIPE, SIG_IGN);
  Peer peer(process, fdopen(to[1], "w"), fdopen(from[0], "r"));
  std::fputs(fmt::format("O\t{}\n", folder).c_str(), peer.to_);
  ASSIGN_OR_RETURN(const std::string line, peer.ReadLine());
  if (line.starts_with("ready ")) {
    peer.description_ = line.substr(6);
  } else if (line != "empty") {
    return Unavailable("the peer said: " + line);
  }
  return peer;
}

Peer::Peer(Peer&& other) noexcept
    : process_(std::exchange(other.process_, 0)),
      to_(std::exchange(other.to_, nullptr)),
      from_(std::exchange(other.from_, nullptr)),
      description_(std::move(other.description_)) {}

Peer::~Peer() {
  if (to_ != nullptr) std::fclose(to_);
  if (from_ != nullptr) std::fclose(from_);
  if (process_ != 0) waitpid(process_, nullptr, 0);
}

void Peer::Add(const std::string& document) {
  const std::string message = "D\t" + document + "\n";
  std::fwrite(message.data(), 1, message.size(), to_);
}

std::string Peer::Ending() {
  int status = 0;
  waitpid(std::exchange(process_, 0), &status, 0);
  if (WIFSIGNALED(status)) return fmt::format("signal {} has killed the peer", WTERMSIG(status));
  return fmt::format("the peer has ended with status {}", WEXITSTATUS(status));
}

Result<std::string> Peer::ReadLine() {
  std::fflush(to_);
  char* line = nullptr;
  size_t capacity = 0;
  const ssize_t size = getline(&line, &capacity, from_);
  std::string text(line == nullptr ? "" : line, size > 0 ? static_cast<size_t>(size - 1) : 0);
  std::free(line);
  if (size <= 0) return Unavailable(Ending());
  return text;
}

Status Peer::Commit() {
  std::fputs("C\n", to_);
  ASSIGN_OR_RETURN(const std::string line, ReadLine());
  if (!line.starts_with("ready ")) return Unavailable("the peer said: " + line);
  description_ = line.substr(6);
  return {};
}

Result<PeerAnswer> Peer::Search(const Query& query, size_t k) {
  const char* kind = query.phrase ? "phrase" : query.all ? "all" : "any";
  const std::string message = fmt::format("Q\t{}\t{}\t{}\n", k, kind, fmt::join(query.words, " "));
  std::fwrite(message.data(), 1, message.size(), to_);
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
