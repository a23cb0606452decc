#pragma once

#include <string_view>

namespace damsync {

/// Names a place where a crash test may end the process. Costs one load and a branch when no test is armed.
///
/// The tests arm it through `DAMSYNC_CRASH_AT=<n>` (the n-th point reached, counted from 1, ends the process
/// with `_exit(137)`) and `DAMSYNC_CRASH_LOG=<file>` (names are appended, one a line). Compiled to nothing
/// unless `DAMSYNC_CRASH_POINTS` is defined.
#ifdef DAMSYNC_CRASH_POINTS
void crash_point(std::string_view name);
#else
inline void crash_point(std::string_view) {}
#endif

}  // namespace damsync
