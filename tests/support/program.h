#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "storage/base/clock.h"

namespace damsync {

/// What to run, and around what.
struct ProgramCall {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;  ///< besides that of the test
  std::string output_file;                         ///< where standard output goes; empty: captured
  std::string input_file = "/dev/null";            ///< where standard input comes from
};

/// How it went.
struct ProgramResult {
  int exit_code = -1;  ///< -1: ended by a signal
  std::string out;
  std::string err;
  long peak_kib = 0;  ///< resident memory, highest seen
  Millis took{0};
};

/// A program in a process of its own, its outputs captured in memory.
///
/// Errors   throws std::runtime_error when it cannot be started.
class Program {
 public:
  explicit Program(const ProgramCall& call);
  /// Kills what still runs.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Waits for its end.
  ProgramResult wait();
  void signal(int number) const;
  /// What it has written to standard output so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] pid_t id() const noexcept { return pid_; }
  /// What it has written to standard error until now.
  [[nodiscard]] std::string err_so_far() const;

 private:
  [[nodiscard]] long resident_peak() const;

  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::chrono::steady_clock::time_point begun_;
};

ProgramResult run_program(const ProgramCall& call);

}  // namespace damsync
