#include "base/failpoint.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace engram {
namespace {

constexpr std::array kPlaces = {
    FailpointPlace{"commit.published"},        // indexes know, nobody has a reply
    FailpointPlace{"commit.write", true},      // before the rows are written
    FailpointPlace{"commit.written"},          // they are, indexes don't know
    FailpointPlace{"compaction.begin"},        // of row files
    FailpointPlace{"compaction.end"},          //
    FailpointPlace{"erase.begin", true},       // before segments lose what was erased
    FailpointPlace{"file.replace", true},      // before a small file gets its name
    FailpointPlace{"file.replaced", true},     // it has it, its directory is not synced
    FailpointPlace{"flush.begin"},             // of rows in memory
    FailpointPlace{"flush.end"},               //
    FailpointPlace{"graph.build", true},       //
    FailpointPlace{"manifest.publish", true},  // before rows name segments
    FailpointPlace{"manifest.published"},      // they do, indexes don't know
    FailpointPlace{"merge.begin", true},       //
    FailpointPlace{"seal.begin", true},        //
    FailpointPlace{"segment.remove", true},    // before a segment without a row goes
    FailpointPlace{"segment.rename", true},    // synced, without its name
    FailpointPlace{"segment.renamed", true},   // its directory is not synced
    FailpointPlace{"segment.sync", true},      // written, not synced
    FailpointPlace{"sweep.compact", true},     // rows of a dropped namespace are gone, their bytes are not
    FailpointPlace{"sweep.dropped", true},     // before some of its rows go
    FailpointPlace{"sweep.expired", true},     // before what is due is ended
    FailpointPlace{"tenant.drop", true},       // before its namespaces are dropped
};

enum class Action : uint8_t { kKill, kError, kFull, kStall };

struct Armed {
  std::string name;
  Action action = Action::kKill;
  std::chrono::milliseconds stall{0};
  uint64_t passages = 1;  // until it is done
};

struct State {
  Mutex mutex;
  std::vector<Armed> armed GUARDED_BY(mutex);
  std::shared_ptr<const std::function<Status(std::string_view)>> watch GUARDED_BY(mutex);
};

State& TheState() {
  static auto* state = new State;  // passed also by threads that end with the process
  return *state;
}

const FailpointPlace* FindPlace(std::string_view name) {
  const auto* at = std::find_if(kPlaces.begin(), kPlaces.end(), [&](const auto& place) { return place.name == name; });
  return at == kPlaces.end() ? nullptr : &*at;
}

template <class Number>
bool ParseNumber(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

Result<Armed> ParseOne(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return InvalidArgument("failpoint \"" + std::string(text) + "\": " + why);
  };
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong("expected NAME=ACTION[@N]");
  Armed armed;
  armed.name = text.substr(0, equals);
  std::string_view action = text.substr(equals + 1);
  if (const size_t at = action.find('@'); at != std::string_view::npos) {
    if (!ParseNumber(action.substr(at + 1), &armed.passages) || armed.passages == 0) {
      return wrong("after @ comes a number from 1 on");
    }
    action = action.substr(0, at);
  }
  const FailpointPlace* place = FindPlace(armed.name);
  if (place == nullptr) return wrong("there is no such place");
  if (action == "kill") {
    armed.action = Action::kKill;
  } else if (action == "error" || action == "full") {
    armed.action = action == "full" ? Action::kFull : Action::kError;
    if (!place->fails) return wrong("no error can be told from there");
  } else if (action.starts_with("stall:")) {
    armed.action = Action::kStall;
    int64_t ms = 0;
    if (!ParseNumber(action.substr(6), &ms) || ms < 0) return wrong("stall:MS wants milliseconds");
    armed.stall = std::chrono::milliseconds(ms);
  } else {
    return wrong("actions are kill, error, full and stall:MS");
  }
  return armed;
}

// Takes the one whose turn it is.
std::optional<Armed> TakeDue(State& state, std::string_view name) REQUIRES(state.mutex) {
  std::optional<Armed> due;
  for (auto at = state.armed.begin(); at != state.armed.end();) {
    if (at->name != name || --at->passages > 0) {
      ++at;
      continue;
    }
    due = std::move(*at);
    at = state.armed.erase(at);
    break;
  }
  failpoint::any = state.watch != nullptr || !state.armed.empty();
  return due;
}

Status Do(const Armed& armed) {
  switch (armed.action) {
    case Action::kKill:
      ::kill(::getpid(), SIGKILL);
      while (true) ::pause();
    case Action::kStall: std::this_thread::sleep_for(armed.stall); return {};
    case Action::kError: return Unavailable("failpoint " + armed.name);
    case Action::kFull: return {StatusCode::kOutOfSpace, "failpoint " + armed.name};
  }
  return {};
}

}  // namespace

std::span<const FailpointPlace> FailpointPlaces() { return kPlaces; }

Status SetFailpoints(std::string_view text) {
  std::vector<Armed> armed;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    ASSIGN_OR_RETURN(Armed one, ParseOne(text.substr(0, end)));
    armed.push_back(std::move(one));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  State& state = TheState();
  const MutexLock lock(state.mutex);
  state.armed = std::move(armed);
  failpoint::any = state.watch != nullptr || !state.armed.empty();
  return {};
}

void WatchFailpoints(std::function<Status(std::string_view name)> watch) {
  State& state = TheState();
  const MutexLock lock(state.mutex);
  state.watch = watch ? std::make_shared<const std::function<Status(std::string_view)>>(std::move(watch)) : nullptr;
  failpoint::any = state.watch != nullptr || !state.armed.empty();
}

namespace failpoint {

std::atomic<bool> any{false};

Status Pass(std::string_view name) {
  State& state = TheState();
  std::optional<Armed> due;
  std::shared_ptr<const std::function<Status(std::string_view)>> watch;
  {
    const MutexLock lock(state.mutex);
    due = TakeDue(state, name);
    watch = state.watch;
  }
  if (watch) RETURN_IF_ERROR((*watch)(name));
  return due ? Do(*due) : Status();
}

}  // namespace failpoint
}  // namespace engram
