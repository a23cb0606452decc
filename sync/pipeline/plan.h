#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"
#include "storage/model/asset.h"
#include "storage/model/license.h"
#include "sync/providers/page.h"

namespace damsync {

/// One file to fetch: the first license is asked, the others are for the same rendition and share the file.
struct FetchTask {
  std::string asset_id;
  std::vector<LicenseRow> licenses;
  std::vector<Rendition> renditions;  ///< what the asset is known to come in
  bool editorial = false;
  int attempts = 0;
  std::optional<DownloadSource> paid = std::nullopt;  ///< where the file is, when it had to be paid for
};

/// Turns the due files of one asset into the fewest fetches: one for each size and format that is held. Pure.
/// `licenses` and `metadata` are the asset's; due items without a license are left out.
std::vector<FetchTask> plan_fetches(const std::vector<WorkItem>& due, const std::vector<LicenseRow>& licenses,
                                    const AssetMetadata& metadata);

}  // namespace damsync
