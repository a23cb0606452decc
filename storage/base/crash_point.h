#pragma once

#include <atomic>
#include <string>
#include <string_view>

namespace damsync {

namespace crash_points {
extern std::atomic<bool> armed;
void reached(std::string_view name);

/// Arms the points of this process: the `at`-th one reached, counted from 1, ends it with `_exit(137)` (0: none does).
/// The name of every point reached is appended to `log_file`, one a line, unless that is empty.
void arm(long at, const std::string& log_file);
}  // namespace crash_points

/// Names a place where a crash test may end the process, or another one hold it. Costs one relaxed load and a branch
/// when nothing is armed.
///
/// One build of the library serves program and tests. Tests arm it in a forked child with `crash_points::arm`, or for a
/// whole program through the environment: `DAMSYNC_CRASH_AT=<n>` and `DAMSYNC_CRASH_LOG=<file>`; or, to look at a
/// program in the middle of something, `DAMSYNC_HOLD_AT=<name>` and `DAMSYNC_HOLD_FILE=<file>`: the first thread that
/// reaches the point makes the file and waits until it is gone. The environment is looked at only in builds with tests
/// (`DAMSYNC_CRASH_POINTS` on crash_point.cpp); a packaged program ignores it.
inline void crash_point(std::string_view name) {
  if (crash_points::armed.load(std::memory_order_relaxed)) crash_points::reached(name);
}

}  // namespace damsync
