#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/catalog/catalog.h"
#include "storage/model/collection.h"
#include "storage/model/suggestion.h"

namespace damsync {

/// All that one account knows of an asset.
struct HeldAsset {
  AssetRow asset;
  std::vector<LicenseRow> licenses;
  std::vector<FileRow> files;
  std::vector<Change> changes;
  std::vector<CollectionName> collections;
  std::vector<Suggestion> suggestions;  ///< what could stand in for a withdrawn one
};

/// How people name an asset: `PROVIDER:ASSET_ID`.
struct AssetName {
  std::string provider, asset_id;
};
/// Errors: kUsage when it is no such name.
Result<AssetName> parse_asset_name(std::string_view text);

/// In the order of the accounts; empty when nobody holds it.
std::vector<HeldAsset> read_held(Database& db, const AssetName& name);

/// JSON we stored ourselves; null when there is none yet.
Json stored_json(const std::string& text);

/// The object of `show --json`. `held` is not empty.
Json json_of(const std::vector<HeldAsset>& held);

}  // namespace damsync
