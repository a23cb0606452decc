#pragma once

#include <vector>

#include "daemon/config/settings_loader.h"

namespace damsync {

struct SettingsReview {
  std::vector<SettingsMistake> mistakes;  ///< what can never be used
  std::vector<SettingsMistake> warnings;  ///< files that are not there yet, and settings that are hardly meant
};

/// Looks at the files that settings point at, of settings with mistakes, too: secret files that are open to others,
/// webhook secrets written in the settings that are none, lists and certificates that cannot be read. Reads no secret.
/// What is not there now may be there when it is needed: `auth login` makes refresh tokens, systemd brings credentials.
SettingsReview review_settings(const LoadedSettings& loaded);

}  // namespace damsync
