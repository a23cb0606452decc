#pragma once

#include <string>

#include "daemon/config/settings_loader.h"
#include "storage/base/json.h"

namespace damsync {

/// The commented example: every section and key with help, default and range. Valid settings as it stands.
std::string example_settings();

/// The values in force as TOML, secrets masked, each with the place it comes from.
std::string effective_text(const LoadedSettings& loaded);
/// The same as an object: a member a section, a list for `[[section]]`s; values as TOML text.
Json effective_json(const LoadedSettings& loaded);

/// Stands for these settings in a report's manifest: of keys and values alone, wherever they were written.
std::string sha256_of_settings(const LoadedSettings& loaded);

}  // namespace damsync
