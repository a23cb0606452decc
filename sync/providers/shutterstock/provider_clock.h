#pragma once

#include <algorithm>
#include <optional>

#include "storage/base/clock.h"

namespace damsync::shutterstock {

/// What two clocks say at one moment: ours, and the service's by the `Date` of its latest answer. Either may be wrong;
/// reading goes up to the later one, cursors move up to the earlier one, so a wrong clock costs calls and never time.
struct Clocks {
  UtcTime local{};
  std::optional<UtcTime> server{};

  [[nodiscard]] UtcTime earlier() const { return server ? std::min(local, *server) : local; }
  /// A month apart, one of the two is broken, and nobody knows which: then the earlier one rules alone.
  [[nodiscard]] UtcTime later() const {
    if (!server) return local;
    const auto apart = local > *server ? local - *server : *server - local;
    return apart < std::chrono::days(31) ? std::max(local, *server) : earlier();
  }
};

}  // namespace damsync::shutterstock
