#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"

namespace damsync {

/// What to run: no shell, nothing of our environment but what is listed.
struct ChildCall {
  std::vector<std::string> argv;         ///< the program by its path, or by its name along `PATH`
  std::vector<std::string> environment;  ///< `NAME=value`
  std::string input;                     ///< its standard input, whole
  Millis limit{30'000};
  std::size_t max_output = 0;   ///< bytes of its standard output that are wanted; 0: it goes nowhere
  std::string directory = "/";  ///< where it runs
};

/// How it ended.
struct ChildEnd {
  enum class Kind { kExited, kSignalled, kTimedOut, kStopped, kNotStarted, kTooMuchOutput };
  Kind kind = Kind::kNotStarted;
  int code = 0;        ///< exit code, signal or errno
  std::string errors;  ///< the beginning of what it wrote to standard error
  std::string output;  ///< with `max_output`: what it wrote to standard output until it ended
};

/// Runs a program in a process group of its own, which is killed as a whole when the time is up, a stop is asked for or
/// more comes than is wanted. It has none of our descriptors, and signals are to it as to any program.
///
/// Threads  any thread.
ChildEnd run_child(const ChildCall& call, const std::stop_token& stop);

/// What a program of the administrator gets of our environment: `PATH` and `HOME`, and a locale of UTF-8.
std::vector<std::string> child_environment();

}  // namespace damsync
