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
#include <utility>

namespace damsync {
namespace {

constexpr std::size_t kKeptErrors = 1024;
/// How often a stop is looked for.
constexpr Millis kLook{50};
constexpr Millis kLookClosed{5};  ///< with nothing left to read, so that its end is not waited for longer

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

/// The reading end of what a child writes, kept up to a limit.
class Pipe {
 public:
  /// The end to write to; none and errno when there can be no pipe.
  int open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    read_.reset(ends[0]);
    return ends[1];
  }
  [[nodiscard]] int get() const noexcept { return read_.get(); }  ///< negative: nobody writes any more
  /// Takes what there is, as far as a pipe can hold it; what is beyond `limit` is lost.
  void take(std::string& kept, std::size_t limit) {
    std::array<char, 4096> buffer{};
    for (int reads = 0; reads < kMostReads && read_.get() >= 0; ++reads) {
      const ssize_t got = ::read(read_.get(), buffer.data(), buffer.size());
      if (got > 0) kept.append(buffer.data(), std::min(static_cast<std::size_t>(got), limit - kept.size()));
      if (got == 0) read_.reset();
      if (got < 0 && errno != EINTR) return;
    }
  }

 private:
  /// A pipe holds 64 KiB, in pieces as they were written; who writes without an end does not keep us here.
  static constexpr int kMostReads = 64;
  Descriptor read_;
};

/// One program; whatever happens, it is gone and reaped afterwards.
class Child {
 public:
  explicit Child(const ChildCall& call) : call_(call) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// 0, or why not.
  int start() {
    const Descriptor input(open_text(call_.input));
    if (input.get() < 0) return errno;
    const Descriptor errors(errors_.open());
    if (errors.get() < 0) return errno;
    const Descriptor output(call_.max_output > 0 ? output_.open() : ::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (output.get() < 0) return errno;
    return spawn(input.get(), output.get(), errors.get());
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

  /// Waits for something to read, not for long, and takes it. False: more came than is wanted.
  bool read(ChildEnd& end, Millis wait) {
    pollfd ready[] = {{errors_.get(), POLLIN, 0}, {output_.get(), POLLIN, 0}};
    const bool closed = errors_.get() < 0 && output_.get() < 0;
    ::poll(ready, 2, static_cast<int>((closed ? std::min(wait, kLookClosed) : wait).count()));
    errors_.take(end.errors, kKeptErrors);
    output_.take(end.output, call_.max_output + 1);
    return end.output.size() <= call_.max_output;
  }

 private:
  int spawn(int input, int output, int errors) {
    auto argv = pointers(call_.argv);
    auto environment = pointers(call_.environment);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_adddup2(&actions, input, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, 1);
    ::posix_spawn_file_actions_adddup2(&actions, errors, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    ::posix_spawn_file_actions_addchdir_np(&actions, call_.directory.c_str());
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

  const ChildCall& call_;
  pid_t pid_ = 0;
  Pipe errors_, output_;
};

}  // namespace

ChildEnd run_child(const ChildCall& call, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + call.limit;
  ChildEnd end;
  const auto ended = [&end](ChildEnd::Kind kind, int code = 0) {
    end.kind = kind;
    end.code = code;
    return std::move(end);
  };
  Child child(call);
  if (const int failure = child.start(); failure != 0) return ended(ChildEnd::Kind::kNotStarted, failure);
  while (!child.over()) {
    if (std::chrono::steady_clock::now() >= deadline) return ended(ChildEnd::Kind::kTimedOut);
    if (stop.stop_requested()) return ended(ChildEnd::Kind::kStopped);
    if (!child.read(end, kLook)) return ended(ChildEnd::Kind::kTooMuchOutput);
  }
  if (!child.read(end, Millis(0))) return ended(ChildEnd::Kind::kTooMuchOutput);
  const int state = child.reap();
  return WIFSIGNALED(state) ? ended(ChildEnd::Kind::kSignalled, WTERMSIG(state))
                            : ended(ChildEnd::Kind::kExited, WEXITSTATUS(state));
}

std::vector<std::string> child_environment() {
  const auto inherited = [](const std::string& name, const char* otherwise) {
    const char* value = std::getenv(name.c_str());
    return name + "=" + (value != nullptr ? value : otherwise);
  };
  return {inherited("PATH", "/usr/local/bin:/usr/bin:/bin"), inherited("HOME", "/"), "LANG=C.UTF-8"};
}

}  // namespace damsync
