#pragma once

#include <string>

#include "tests/integration/daemon_desk.h"

namespace damsync {

/// A daemon whose wall clock is ours. It polls nobody: the nights, all at 02:30 in Berlin, are what is looked at.
struct ClockDesk : DaemonDesk {
  explicit ClockDesk(int images = 0);

  /// False, with a word about it, where libfaketime is not installed.
  static bool possible();
  /// UTC, `2026-03-29 00:59:00`; it goes on from there. Until it is set, programs see the time as it is.
  void set_clock(const std::string& time) const;
  [[nodiscard]] bool has_backup(const std::string& night) const;
};

}  // namespace damsync
