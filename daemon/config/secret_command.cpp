#include "daemon/config/secret_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace damsync {
namespace {

constexpr int kLookMillis = 100;  ///< how often a stop is looked for

Error failed(const std::vector<std::string>& command, const std::string& why) {
  return make_error(ErrorCode::kSettings, fmt::format("the program {} {}", command.front(), why));
}

/// A spawned program with its output pipe; whatever happens, it is gone and reaped afterwards.
class Child {
 public:
  ~Child() {
    if (output_ >= 0) ::close(output_);
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    reap();
  }

  int start(const std::vector<std::string>& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
    output_ = ends[0];
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    sigset_t defaults, none;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (error != 0) pid_ = 0;
    return error;
  }

  int reap() {
    int state = 0;
    while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return state;
  }

  [[nodiscard]] int output() const noexcept { return output_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

int left(std::chrono::steady_clock::time_point deadline) {
  const auto rest = std::chrono::ceil<Millis>(deadline - std::chrono::steady_clock::now());
  return rest.count() > 0 ? static_cast<int>(rest.count()) : 0;
}

/// Waits for the exit until the deadline or a stop; true when it is over and can be reaped.
bool exited(pid_t pid, std::chrono::steady_clock::time_point deadline, const std::stop_token& stop) {
  for (;;) {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid)
      return true;
    if (left(deadline) == 0 || stop.stop_requested()) return false;
    ::poll(nullptr, 0, 5);
  }
}

}  // namespace

Result<std::string> run_secret_command(const std::vector<std::string>& command, const CommandLimits& limits,
                                       const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  const auto too_slow = [&] {
    if (stop.stop_requested())
      return make_error(ErrorCode::kCancelled, fmt::format("the program {} was stopped", command.front()));
    return failed(command, fmt::format("did not finish within {} s", static_cast<double>(limits.time.count()) / 1000));
  };
  Child child;
  if (const int error = child.start(command); error != 0)
    return failed(command, fmt::format("cannot be started: {}", std::strerror(error)));

  std::string out;
  for (;;) {
    pollfd ready{child.output(), POLLIN, 0};
    const int count = ::poll(&ready, 1, std::min(left(deadline), kLookMillis));
    if (count < 0 && errno == EINTR) continue;
    if (stop.stop_requested() || (count <= 0 && left(deadline) == 0)) return too_slow();
    if (count <= 0) continue;
    char buffer[4096];
    const ssize_t got = ::read(child.output(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
    if (out.size() > limits.max_bytes) return failed(command, "wrote more than a secret can be");
  }
  if (!exited(child.pid(), deadline, stop)) return too_slow();
  const int state = child.reap();
  if (WIFSIGNALED(state)) return failed(command, fmt::format("was ended by signal {}", WTERMSIG(state)));
  if (WEXITSTATUS(state) != 0) return failed(command, fmt::format("failed with exit code {}", WEXITSTATUS(state)));
  return out;
}

}  // namespace damsync
