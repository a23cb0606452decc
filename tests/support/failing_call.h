#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <thread>

namespace damsync {

/// Runs `work` in a thread for which, and for whose children, every system call of that number fails with that error.
/// `work` must not throw. False when the kernel takes no such rule.
inline bool with_failing_call(unsigned number, unsigned error, const std::function<void()>& work) {
  bool possible = false;
  std::thread([&] {
    std::array<sock_filter, 4> rules = {{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{rules.size(), rules.data()};
    possible = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
    if (possible) work();
  }).join();
  return possible;
}

/// The kernel has no openat2, as inside a unit with RestrictSUIDSGID=.
inline bool without_openat2(const std::function<void()>& work) { return with_failing_call(SYS_openat2, ENOSYS, work); }

}  // namespace damsync
