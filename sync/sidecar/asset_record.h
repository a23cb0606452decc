#pragma once

#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/asset.h"
#include "storage/model/license.h"

namespace damsync {

/// What one `asset.json` says, in the catalog's own terms.
struct AssetRecord {
  AssetRow asset;  ///< without what changes by itself: revision, validators, times of checks
  AssetMetadata metadata;
  std::vector<LicenseRow> licenses;
  std::vector<FileRow> files;  ///< `path` relative to the folder of the sidecar; state mirrored, blocked or pending
};

/// Reads what `JsonWriter` wrote.
///
/// Errors   kInvalid, naming the member that is missing or of another form; a newer `schema_version`, too.
Result<AssetRecord> read_asset_record(std::string_view text);

}  // namespace damsync
