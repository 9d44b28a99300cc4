#include "tests/crash/loop_disk.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

#include "tests/served/server_process.h"

namespace engram {
namespace {

// What it prints goes to a file beside the disk, and into the error.
Status Run(const std::string& folder, const std::vector<std::string>& command) {
  std::vector<char*> argv;
  std::string line;
  for (const std::string& word : command) {
    argv.push_back(const_cast<char*>(word.c_str()));
    line += (line.empty() ? "" : " ") + word;
  }
  argv.push_back(nullptr);
  const std::string log = folder + "/disk.log";
  const pid_t child = fork();
  if (child == 0) {
    const int out = ::open(log.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return Unavailable("can't run \"" + line + "\"");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return Unavailable("\"" + line + "\" failed: " + ReadWholeFile(log));
}

Status CloneFile(const std::string& from, const std::string& to) {
  const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC);
  const int target = ::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool cloned = source >= 0 && target >= 0 && ::ioctl(target, FICLONE, source) == 0;
  const int error = errno;
  if (source >= 0) ::close(source);
  if (target >= 0) ::close(target);
  return cloned ? Status() : Unavailable("can't clone " + from + ": " + std::strerror(error));
}

}  // namespace

Result<std::unique_ptr<LoopDisk>> LoopDisk::Make(const std::string& folder) {
  if (::geteuid() != 0) return Unavailable("mounting takes root");
  auto disk = std::unique_ptr<LoopDisk>(new LoopDisk(folder));
  std::error_code failed;
  for (const std::string& made : {disk->path(), disk->Outer()}) {
    std::filesystem::create_directories(made, failed);
    if (failed) return Unavailable("can't make " + made + ": " + failed.message());
  }
  const std::string outer = folder + "/outer.img";
  RETURN_IF_ERROR(Run(folder, {"truncate", "-s", "2G", outer}));
  RETURN_IF_ERROR(Run(folder, {"mkfs.xfs", "-q", "-m", "reflink=1", outer}));
  RETURN_IF_ERROR(Run(folder, {"mount", "-o", "loop", outer, disk->Outer()}));
  disk->outer_mounted_ = true;
  RETURN_IF_ERROR(Run(folder, {"truncate", "-s", "512M", disk->Image()}));
  RETURN_IF_ERROR(Run(folder, {"mkfs.ext4", "-q", "-F", disk->Image()}));
  RETURN_IF_ERROR(Run(folder, {"mount", "-o", "loop", disk->Image(), disk->path()}));
  disk->mounted_ = true;
  return disk;
}

LoopDisk::~LoopDisk() {
  for (const auto& [mounted, place] : {std::pair(mounted_, path()), {outer_mounted_, Outer()}}) {
    if (!mounted) continue;
    if (const Status status = Run(folder_, {"umount", place}); !status.ok()) {
      std::fprintf(stderr, "%s\n", status.ToString().c_str());
    }
  }
}

Status LoopDisk::Cut() { return CloneFile(Image(), CutImage()); }

Status LoopDisk::Restart() {
  RETURN_IF_ERROR(Run(folder_, {"umount", path()}));
  mounted_ = false;
  RETURN_IF_ERROR(Run(folder_, {"mv", CutImage(), Image()}));
  RETURN_IF_ERROR(Run(folder_, {"mount", "-o", "loop", Image(), path()}));
  mounted_ = true;
  return {};
}

}  // namespace engram
