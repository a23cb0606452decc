#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "storage/base/crash_point.h"

namespace damsync {

inline constexpr int kCrashed = 137;

/// `body` in a process of its own, which ends at the `at`-th crash point (0: at none); its exit code, 3 for an
/// exception. With a file name, the names of the points reached are written there, one a line.
inline int in_child(long at, const std::function<void()>& body, const std::string& log = "") {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      crash_points::arm(at, log);
      body();
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the child failed: %s\n", error.what());
      ::_exit(3);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// The points that `body` reaches when nothing disturbs it.
inline std::vector<std::string> points_of(const std::function<void()>& body, const std::string& log) {
  REQUIRE(in_child(0, body, log) == 0);
  std::ifstream in(log);
  std::vector<std::string> points;
  for (std::string line; std::getline(in, line);) points.push_back(line);
  return points;
}

}  // namespace damsync
