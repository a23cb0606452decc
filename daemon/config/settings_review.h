#pragma once

#include <vector>

#include "daemon/config/settings_loader.h"

namespace damsync {

/// Looks at the files that settings point at, of settings with mistakes, too: secret files that are missing or open to
/// others, webhook secrets written in the settings that are none, lists and certificates that cannot be read. Reads no
/// secret; a credential, a variable or a program that is not there now may be there when it is needed.
std::vector<SettingsMistake> review_files(const LoadedSettings& loaded);

/// Settings that are valid and hardly meant.
std::vector<SettingsMistake> review_choices(const LoadedSettings& loaded);

}  // namespace damsync
