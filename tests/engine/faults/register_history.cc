#include "tests/engine/faults/register_history.h"

#include <algorithm>
#include <map>

namespace engram {
namespace {

std::string Show(const RegisterCall& call) {
  return std::string(call.replaced ? "write of " : "read of ") + std::to_string(call.version) + " in [" +
         std::to_string(call.begin) + ", " + std::to_string(call.end) + "]";
}

}  // namespace

std::optional<std::string> FindContradiction(std::vector<RegisterCall> calls) {
  std::map<uint64_t, const RegisterCall*> writes;
  for (const RegisterCall& call : calls) {
    if (!call.replaced) continue;
    if (!writes.emplace(call.version, &call).second) return "two writes made one version: " + Show(call);
  }
  uint64_t before = 0;
  for (const auto& [version, write] : writes) {
    if (*write->replaced != before) {
      return Show(*write) + " replaced " + std::to_string(*write->replaced) + ", the one before is " +
             std::to_string(before);
    }
    before = version;
  }
  for (const RegisterCall& call : calls) {
    if (call.version == 0) continue;
    const auto made = writes.find(call.version);
    if (made == writes.end()) return Show(call) + ", which nobody wrote";
    if (call.end < made->second->begin) return Show(call) + " before it was written: " + Show(*made->second);
  }
  // By now versions are the only order there can be: no call may end before one begins that saw less.
  std::sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<const RegisterCall*> by_end;
  for (const RegisterCall& call : calls) by_end.push_back(&call);
  std::sort(by_end.begin(), by_end.end(), [](const auto* a, const auto* b) { return a->end < b->end; });
  const RegisterCall* most = nullptr;  // of those that have ended
  size_t ended = 0;
  for (const RegisterCall& call : calls) {
    for (; ended < by_end.size() && by_end[ended]->end < call.begin; ++ended) {
      if (!most || by_end[ended]->version > most->version) most = by_end[ended];
    }
    if (most && most->version > call.version) return Show(call) + " after " + Show(*most);
  }
  return std::nullopt;
}

}  // namespace engram
