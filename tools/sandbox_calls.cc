// The filter of system calls: BPF (Linux' Documentation/userspace-api/seccomp_filter.rst), an allow-list in the manner
// of systemd's @system-service without what starts, traces or mounts anything.
//
// filter := load arch; not ours: kill | load number; x32: EPERM | (equals a call of the list: allow)* | EPERM

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "tools/sandbox.h"

namespace engram {
namespace {

#if defined(ENGRAM_CHECKS_LEAKS)
constexpr uint32_t kArchitecture = 0;  // the checker of leaks traces the process when it ends
#elif defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kArchitecture = 0;
#endif

constexpr long kAllowed[] = {
    // Memory and threads.
    SYS_brk,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_mincore,
    SYS_mlock,
    SYS_munlock,
    SYS_msync,
    SYS_membarrier,
    SYS_clone,
    SYS_clone3,
    SYS_exit,
    SYS_exit_group,
    SYS_futex,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_set_tid_address,
    SYS_gettid,
    SYS_getpid,
    SYS_getppid,
    SYS_tgkill,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_setaffinity,
    SYS_sched_getparam,
    SYS_sched_setscheduler,
    SYS_sched_getscheduler,
    SYS_getpriority,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_ioprio_get,
    SYS_getcpu,
    SYS_restart_syscall,
    // Signals and time.
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_rt_sigsuspend,
    SYS_sigaltstack,
    SYS_kill,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_times,
    // Files.
    SYS_openat,
    SYS_close,
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_lseek,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_fsync,
    SYS_fdatasync,
    SYS_sync_file_range,
    SYS_ftruncate,
    SYS_truncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_readahead,
    SYS_flock,
    SYS_fcntl,
    SYS_dup,
    SYS_dup3,
    SYS_getdents64,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_linkat,
    SYS_readlinkat,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_umask,
    SYS_getcwd,
    SYS_ioctl,
    SYS_copy_file_range,
    SYS_utimensat,
    // Sockets and waiting for them.
    SYS_socket,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_connect,
    SYS_shutdown,
    SYS_sendto,
    SYS_recvfrom,
    SYS_sendmsg,
    SYS_recvmsg,
    SYS_sendmmsg,
    SYS_getsockopt,
    SYS_setsockopt,
    SYS_getsockname,
    SYS_getpeername,
    SYS_socketpair,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_eventfd2,
    SYS_pipe2,
    SYS_ppoll,
    // What there is to know of oneself.
    SYS_getrandom,
    SYS_getrusage,
    SYS_prlimit64,
    SYS_sysinfo,
    SYS_uname,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_prctl,
#if defined(__x86_64__)
    // The same by their older names.
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_link,
    SYS_readlink,
    SYS_chmod,
    SYS_getdents,
    SYS_dup2,
    SYS_pipe,
    SYS_poll,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_eventfd,
    SYS_getrlimit,
    SYS_arch_prctl,
    SYS_time,
#endif
};

sock_filter Statement(int code, uint32_t k) { return {static_cast<uint16_t>(code), 0, 0, k}; }
sock_filter JumpIf(int condition, uint32_t k, uint8_t yes, uint8_t no) {
  return {static_cast<uint16_t>(BPF_JMP | condition | BPF_K), yes, no, k};
}

std::vector<sock_filter> Filter() {
  constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  constexpr uint32_t kX32Bit = 0x40000000;  // the other table of numbers on x86-64
  std::vector<sock_filter> filter;
  filter.push_back(Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)));
  filter.push_back(JumpIf(BPF_JEQ, kArchitecture, 1, 0));
  filter.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  filter.push_back(Statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  filter.push_back(JumpIf(BPF_JGE, kX32Bit, 0, 1));
  filter.push_back(Statement(BPF_RET | BPF_K, kRefuse));
  for (const long call : kAllowed) {
    filter.push_back(JumpIf(BPF_JEQ, static_cast<uint32_t>(call), 0, 1));
    filter.push_back(Statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  filter.push_back(Statement(BPF_RET | BPF_K, kRefuse));
  return filter;
}

}  // namespace

Status ConfineSystemCalls(SandboxState* state) {
  if (kArchitecture == 0) return {};
  std::vector<sock_filter> filter = Filter();
  const sock_fprog program = {static_cast<uint16_t>(filter.size()), filter.data()};
  const long refused = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  if (refused == 0) {
    state->seccomp = true;
    return {};
  }
  // A kernel without it.
  if (refused < 0 && (errno == ENOSYS || errno == EINVAL)) return {};
  if (refused > 0) return Unavailable(fmt::format("seccomp: thread {} can't be confined with the others", refused));
  return Unavailable(fmt::format("seccomp: {}", std::strerror(errno)));
}

}  // namespace engram
