#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/config/settings_loader.h"
#include "daemon/schedule/scheduler.h"

namespace damsync {

/// The settings that hold, and what follows from them. Immutable; a job keeps the one it began with.
struct InForce {
  Settings settings;
  Scheduler scheduler;
  std::string sha256;  ///< as in a report's manifest

  /// Reads the settings file, and looks at the secret files it names without reading them. Errors: kSettings with every
  /// mistake, one a line.
  static Result<std::shared_ptr<const InForce>> load(const std::filesystem::path& file);

  /// As `load`, for a daemon that has settings which work: refuses also what `damsync config check` calls a mistake,
  /// and a start would leave to the account or the receiver it concerns.
  static Result<std::shared_ptr<const InForce>> load_anew(const std::filesystem::path& file);

  [[nodiscard]] std::vector<std::string> accounts() const;

 private:
  static Result<std::shared_ptr<const InForce>> from(LoadedSettings loaded);
};

/// What cannot change while a process holds catalog and store open: the keys that differ; empty: all may be taken.
std::string frozen_changes(const Settings& before, const Settings& after);

}  // namespace damsync
