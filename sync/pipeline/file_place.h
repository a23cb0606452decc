#pragma once

#include <functional>
#include <string>

#include "sync/pipeline/cycle.h"
#include "sync/pipeline/plan.h"

namespace damsync {

/// The path the file of `task` is to have, below the store root: that of the layout or, when another rendition has that
/// already (in the catalog, or `reserved` says so), with the license id appended. The bytes decide the format.
std::string place_for(const Cycle& cycle, const FetchTask& task, const std::string& format,
                      const std::function<bool(const std::string& path)>& reserved);

/// The path the record of an asset (`asset.json`) is to have: that of the layout or, when another asset's record or
/// something that another account is to remove has that already, with the account in its name. An asset without
/// licenses has a place, too.
std::string record_place_for(const Cycle& cycle, const AssetRow& asset, const LicenseRow* placed_by);

}  // namespace damsync
