#pragma once

#include <filesystem>
#include <vector>

#include "daemon/config/raw_settings.h"
#include "daemon/config/settings.h"

namespace damsync {

/// What no single key can tell: names, paths that must not overlap, credentials that go together. Adds to `mistakes`.
/// `raw` holds its `[[section]]`s in the order of the structs in `settings`.
void check_settings(const RawSettings& raw, const Settings& settings, std::vector<SettingsMistake>& mistakes);

/// True when `path` is `root` or lies below it, symbolic links followed as far as they exist.
bool lies_within(const std::filesystem::path& path, const std::filesystem::path& root);

}  // namespace damsync
