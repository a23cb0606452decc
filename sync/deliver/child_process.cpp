#include "sync/deliver/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace damsync {
namespace {

constexpr std::size_t kKeptErrors = 1024;
/// How often a stop is looked for.
constexpr Millis kLook{50};

/// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// A file in memory that holds `text` and stands at its beginning: no pipe to fill, nobody to wait for.
int open_text(const std::string& text) {
  const int fd = ::memfd_create("event", MFD_CLOEXEC);
  if (fd < 0) return -1;
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      ::close(fd);
      return -1;
    }
    done += static_cast<std::size_t>(wrote);
  }
  ::lseek(fd, 0, SEEK_SET);
  return fd;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

/// One program; whatever happens, it is gone and reaped afterwards.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// 0, or why not.
  int start(const ChildCall& call) {
    const Descriptor input(open_text(call.input));
    int ends[2];
    if (input.get() < 0 || ::pipe2(ends, O_CLOEXEC) != 0) return errno;
    errors_.reset(ends[0]);
    const Descriptor written(ends[1]);
    return spawn(call, input.get(), written.get());
  }

  /// The state for `WIFEXITED` and the like.
  int reap() {
    int state = 0;
    while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return state;
  }

  [[nodiscard]] bool over() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }

  /// Takes what there is within `wait`, at most; the beginning of it is kept.
  void read_errors(std::string& kept, Millis wait) {
    pollfd ready{errors_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return;
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(errors_.get(), buffer.data(), buffer.size());
    if (got > 0)
      kept.append(buffer.data(),
                  std::min(static_cast<std::size_t>(got), kKeptErrors - std::min(kept.size(), kKeptErrors)));
    else if (got == 0)
      errors_.reset();  // polling a negative descriptor waits without it
  }

 private:
  int spawn(const ChildCall& call, int input, int errors) {
    auto argv = pointers(call.argv);
    auto environment = pointers(call.environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    ::posix_spawn_file_actions_addchdir_np(&actions, "/");
    sigset_t defaults, none;
    ::sigemptyset(&none);
    ::sigemptyset(&defaults);
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ})
      ::sigaddset(&defaults, number);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int failure = ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failure != 0) pid_ = 0;
    return failure;
  }

  pid_t pid_ = 0;
  Descriptor errors_;
};

}  // namespace

ChildEnd run_child(const ChildCall& call, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + call.limit;
  ChildEnd end;
  Child child;
  if (const int failure = child.start(call); failure != 0) return {ChildEnd::Kind::kNotStarted, failure, ""};
  while (!child.over()) {
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (late || stop.stop_requested()) {
      end.kind = late ? ChildEnd::Kind::kTimedOut : ChildEnd::Kind::kStopped;
      return end;
    }
    child.read_errors(end.errors, kLook);
  }
  child.read_errors(end.errors, Millis(0));
  const int state = child.reap();
  end.kind = WIFSIGNALED(state) ? ChildEnd::Kind::kSignalled : ChildEnd::Kind::kExited;
  end.code = WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state);
  return end;
}

std::vector<std::string> child_environment() {
  const auto inherited = [](const std::string& name, const char* otherwise) {
    const char* value = std::getenv(name.c_str());
    return name + "=" + (value != nullptr ? value : otherwise);
  };
  return {inherited("PATH", "/usr/local/bin:/usr/bin:/bin"), inherited("HOME", "/"), "LANG=C.UTF-8"};
}

}  // namespace damsync
