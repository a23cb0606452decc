#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/config/config_node.h"
#include "storage/base/result.h"
#include "sync/report/findings.h"

namespace damsync {

struct Settings;

/// The names that a waiver may use.
struct WaiverNames {
  std::vector<std::string> providers, accounts;
};

/// A file of signed-off exceptions as it was read. With a mistake there are no waivers.
struct WaiverFile {
  std::vector<Waiver> waivers;
  std::vector<SettingsMistake> mistakes;
};

/// Reads `[[waiver]]` with code, by, reason; provider, account, asset_id, license_id, path and until narrow it.
/// Mistakes name file and line: an unknown key, a missing name, a code, provider or account that does not exist; also a
/// file that cannot be read. An empty path: none.
WaiverFile read_waivers(const std::filesystem::path& file, const WaiverNames& names);
/// The file of the settings, with their providers and accounts.
WaiverFile read_waivers(const Settings& settings);

/// Errors: kSettings with every mistake, `file:line`, one a line.
Result<std::vector<Waiver>> load_waivers(const Settings& settings);

}  // namespace damsync
