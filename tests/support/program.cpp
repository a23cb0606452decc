#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace damsync {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> whole_environment(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string entry = *at;
    if (added.count(entry.substr(0, entry.find('='))) == 0) out.push_back(entry);
  }
  for (const auto& [name, value] : added) out.push_back(name + "=" + value);
  return out;
}

std::string read_all(int fd) {
  std::string text;
  char part[65536];
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(fd, part, sizeof part, at);
    if (got <= 0) return text;
    text.append(part, static_cast<std::size_t>(got));
    at += got;
  }
}

}  // namespace

Program::Program(const ProgramCall& call)
    : out_(::memfd_create("stdout", MFD_CLOEXEC)),
      err_(::memfd_create("stderr", MFD_CLOEXEC)),
      begun_(std::chrono::steady_clock::now()) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, call.input_file.c_str(), O_RDONLY, 0);
  if (call.output_file.empty())
    ::posix_spawn_file_actions_adddup2(&actions, out_, 1);
  else
    ::posix_spawn_file_actions_addopen(&actions, 1, call.output_file.c_str(), O_WRONLY | O_CREAT, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, err_, 2);
  const auto environment = whole_environment(call.environment);
  const int failed = ::posix_spawnp(&pid_, call.argv.front().c_str(), &actions, nullptr, pointers(call.argv).data(),
                                    pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + call.argv.front() + ": " + std::strerror(failed));
}

Program::~Program() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

void Program::signal(int number) const { ::kill(pid_, number); }

std::string Program::output() const { return read_all(out_); }
std::string Program::err_so_far() const { return read_all(err_); }

/// The kernel's own record, since that of wait4 starts with the memory of the test that forked.
long Program::resident_peak() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return 0;
}

ProgramResult Program::wait() {
  ProgramResult result;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{handle, POLLIN, 0};
  while (::poll(&ended, 1, 5) == 0) result.peak_kib = std::max(result.peak_kib, resident_peak());
  ::close(handle);
  int state = 0;
  ::waitpid(pid_, &state, 0);
  pid_ = -1;
  if (WIFEXITED(state)) result.exit_code = WEXITSTATUS(state);
  result.out = read_all(out_);
  result.err = read_all(err_);
  result.took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun_);
  return result;
}

ProgramResult run_program(const ProgramCall& call) { return Program(call).wait(); }

}  // namespace damsync
