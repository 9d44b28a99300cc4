#include "tools/verify_server.h"

#include <chrono>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "tools/progress.h"

namespace engram {
namespace {

constexpr std::chrono::milliseconds kVerifyLook{200};

}  // namespace

Result<v1::VerifyJob> VerifyOnServer(const StoreClient& client, const v1::VerifyStoreRequest& request) {
  RETURN_IF_ERROR(client.Verify(request).status());
  Progress progress = Progress::OnStderr("verify", "memories");
  while (true) {
    ASSIGN_OR_RETURN(v1::VerifyJob job, client.GetVerify());
    if (job.state() == "running") {
      progress.Update(job.memories(), std::nullopt);
      std::this_thread::sleep_for(kVerifyLook);
      continue;
    }
    progress.Finish();
    if (job.state() == "done") return job;
    return Unavailable(
        fmt::format("the verification {}{}{}", job.state(), job.error().empty() ? "" : ": ", job.error()));
  }
}

}  // namespace engram
