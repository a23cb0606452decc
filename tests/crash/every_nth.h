#pragma once

#include <cstdlib>
#include <vector>

namespace damsync {

/// True when the environment asks for every point: `DAMSYNC_CRASH_ALL=1`.
inline bool all_points() {
  const char* wanted = std::getenv("DAMSYNC_CRASH_ALL");
  return wanted != nullptr && *wanted == '1';
}

/// The numbers from 1 to `count` to try: all of them when the environment says so, else every `step`-th from
/// `offset`, and the last.
inline std::vector<long> points_up_to(long count, long step, long offset) {
  std::vector<long> points;
  if (all_points()) step = offset = 1;
  for (long point = offset; point <= count; point += step) points.push_back(point);
  if (!points.empty() && points.back() != count) points.push_back(count);
  return points;
}

}  // namespace damsync
