#pragma once

#include <filesystem>
#include <vector>

#include "storage/base/result.h"
#include "sync/report/findings.h"

namespace damsync {

/// Reads the file of signed-off exceptions: `[[waiver]]` with code, by, reason; provider, asset_id, license_id and
/// until narrow it. An empty path: none.
///
/// Errors   kSettings with every mistake, `file:line`, one a line: an unknown key, a missing name, a code that does not
///          exist.
Result<std::vector<Waiver>> load_waivers(const std::filesystem::path& file);

}  // namespace damsync
