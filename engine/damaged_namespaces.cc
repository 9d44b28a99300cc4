#include "engine/damaged_namespaces.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"

namespace engram {

void DamagedNamespaces::Note(TenantId tenant, const std::string& name, const Status& damage) {
  ENGRAM_CHECK(damage.code() == StatusCode::kCorruption);
  {
    const MutexLock lock(mutex_);
    if (why_.size() >= kKeptMax || !why_.try_emplace({tenant, name}, damage.message()).second) return;
    size_ = why_.size();
  }
  Log(LogLevel::kError, "namespace_damaged",
      {{"tenant", tenant.value}, {"namespace", name}, {"error", damage.ToString()}});
}

Status DamagedNamespaces::Check(TenantId tenant, const std::string& name) const {
  if (size_ == 0) return {};
  const MutexLock lock(mutex_);
  if (!why_.contains({tenant, name})) return {};
  return Unavailable(
      fmt::format("namespace \"{}\" is read-only, as some of its rows are damaged: stop the server and run `engram "
                  "verify --data DIR --repair`, which says what is wrong and what it can't put right",
                  name));
}

}  // namespace engram
