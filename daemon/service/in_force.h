#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/schedule/scheduler.h"

namespace damsync {

/// The settings that hold, and what follows from them. Immutable; a job keeps the one it began with.
struct InForce {
  Settings settings;
  Scheduler scheduler;

  /// Reads the settings file. Errors: kSettings with every mistake, one a line.
  static Result<std::shared_ptr<const InForce>> load(const std::filesystem::path& file);
  static Result<std::shared_ptr<const InForce>> make(Settings settings);

  [[nodiscard]] std::vector<std::string> accounts() const;
};

/// What cannot change while a process holds catalog and store open: the keys that differ; empty: all may be taken.
std::string frozen_changes(const Settings& before, const Settings& after);

}  // namespace damsync
