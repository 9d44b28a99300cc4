#include "tools/sandbox.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

namespace engram {
namespace {

#ifdef ENGRAM_CHECKS_LEAKS
constexpr bool kTracesItself = true;
#else
constexpr bool kTracesItself = false;
#endif

// Neither a core file nor a debugger of the same user gets at what is in memory.
bool ForbidTracing() { return kTracesItself || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

Status Refused(std::string_view what) { return Unavailable(fmt::format("{}: {}", what, std::strerror(errno))); }

// --- Landlock. The C library has no functions for it.

constexpr uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWriteFile = kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE;
// What of the first ABI a data folder is for: files, folders and their removal.
constexpr uint64_t kChange = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG;
constexpr uint64_t kFirstAbi = (uint64_t{1} << 13) - 1;  // execute … make_sym
// Later rights, by their bit, for headers that are older than the kernel.
constexpr uint64_t kRefer = uint64_t{1} << 13;     // ABI 2: renames between folders
constexpr uint64_t kTruncate = uint64_t{1} << 14;  // ABI 3

int LandlockAbi() {
  const auto abi = static_cast<int>(syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  return abi > 0 ? abi : 0;
}

uint64_t HandledBy(int abi) { return kFirstAbi | (abi >= 2 ? kRefer : 0) | (abi >= 3 ? kTruncate : 0); }

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) (void)close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

enum class IfAbsent : bool { kFails, kLeftOut };

Status Allow(const Descriptor& rules, const std::string& path, uint64_t access, IfAbsent if_absent) {
  const Descriptor folder(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (folder.get() < 0 && if_absent == IfAbsent::kLeftOut) return {};
  struct stat status = {};
  if (folder.get() < 0 || fstat(folder.get(), &status) != 0) return Refused("can't open " + path);
  // Rights over folders make no sense for a file, and are refused for one.
  if (!S_ISDIR(status.st_mode)) access &= kWriteFile | kTruncate;
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = access;
  rule.parent_fd = folder.get();
  if (syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return Refused("Landlock refuses a rule for " + path);
  }
  return {};
}

// What the C library, libstdc++, OpenSSL and RocksDB look at, and our gauges.
constexpr const char* kSystemFiles[] = {
    "/usr/lib",           "/usr/share/zoneinfo", "/lib",        "/lib64",         "/proc",         "/sys",
    "/etc/ld.so.cache",   "/etc/localtime",      "/etc/hosts",  "/etc/host.conf", "/etc/gai.conf", "/etc/services",
    "/etc/nsswitch.conf", "/etc/resolv.conf",    "/etc/passwd", "/etc/group",     "/etc/ssl",      "/dev/urandom",
    "/dev/random",
};

Status RestrictFiles(const SandboxFolders& folders, int abi) {
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = HandledBy(abi);
  // The first member alone: an older kernel knows no other.
  const Descriptor rules(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes.handled_access_fs), 0)));
  if (rules.get() < 0) return Refused("Landlock makes no rules");
  const uint64_t change = (kChange | kRefer | kTruncate) & HandledBy(abi);
  for (const std::string& folder : folders.writable) RETURN_IF_ERROR(Allow(rules, folder, change, IfAbsent::kFails));
  for (const std::string& path : folders.readable) RETURN_IF_ERROR(Allow(rules, path, kRead, IfAbsent::kLeftOut));
  for (const char* path : kSystemFiles) RETURN_IF_ERROR(Allow(rules, path, kRead, IfAbsent::kLeftOut));
  RETURN_IF_ERROR(Allow(rules, "/dev/null", kWriteFile, IfAbsent::kLeftOut));
  if (syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0) return Refused("Landlock restricts nothing");
  return {};
}

}  // namespace

Status ConfineFiles(const SandboxFolders& folders, SandboxState* state) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Refused("no_new_privs");
  const rlimit none = {0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return Refused("can't switch core files off");
  if (!ForbidTracing()) return Refused("can't forbid to be traced");
  state->landlock_abi = LandlockAbi();
  return state->landlock_abi > 0 ? RestrictFiles(folders, state->landlock_abi) : Status();
}

Status BecomeUser(const std::string& name) {
  errno = 0;
  const passwd* user = getpwnam(name.c_str());  // NOLINT: before any other thread could ask
  if (user == nullptr) return InvalidArgument(fmt::format("there is no user \"{}\"", name)).At("user");
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  if (uid == 0) return InvalidArgument("the user to become is root").At("user");
  if (geteuid() == uid) return {};
  if (initgroups(name.c_str(), gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
    return Refused(fmt::format("can't become the user \"{}\"", name));
  }
  // There must be no way back.
  if (setuid(0) == 0) return Internal("became another user, and could become root again");
  // The change of identity made the process one that may be traced.
  if (!ForbidTracing()) return Refused("can't forbid to be traced");
  return {};
}

}  // namespace engram
