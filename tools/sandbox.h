// What the server takes from itself once it needs it no more, so that who gets into the process finds little there:
//
//   no_new_privs, no core files, not to be traced    prctl(2), setrlimit(2)
//   files: only the folders that it is told          Landlock (docs.kernel.org/userspace-api/landlock.html), Linux 5.13
//   system calls: a list of what it uses             seccomp, by a filter of our own; others fail with EPERM
//
// What the kernel lacks is left out and told; what it has and refuses is an error. Under AddressSanitizer, whose
// checker of leaks traces the process at its end, tracing and the system calls stay.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

struct SandboxFolders {
  std::vector<std::string> writable;  // folders that are there: everything beneath may be read and changed
  std::vector<std::string> readable;  // files or folders; one that is not there is left out
};

// How far the two steps came.
struct SandboxState {
  int landlock_abi = 0;  // 0: the kernel has none, or it is switched off
  bool seccomp = false;
};

// The first step: privileges, cores, files. Landlock holds for the calling thread and those that it starts, so this
// comes before any other thread. Beside the folders stay readable what the C library and a process of itself read.
// Unavailable with what the kernel said.
Status ConfineFiles(const SandboxFolders& folders, SandboxState* state);

// The second: system calls, of all threads. No program is started, traced or mounted any more, and no identity
// changed.
Status ConfineSystemCalls(SandboxState* state);

// The process goes on as this user, with its groups, for good. InvalidArgument when there is no such user or it is
// root; Unavailable when the process may not. Before ConfineSystemCalls.
Status BecomeUser(const std::string& name);

}  // namespace engram
