#pragma once

#include "storage/base/json.h"
#include "sync/providers/page.h"
#include "sync/providers/provider.h"
#include "sync/providers/shutterstock/stable_scan.h"

namespace damsync::shutterstock {

/// Reads the rows of one page of `/v2/images/updated` into notices of the assets in `known`: one an id, the latest
/// time. Foreign rows are looked at no further than their id. A row of ours with an unreadable time is a notice at
/// `seen_at` and a rejected item: that something changed must not be lost. Pure.
IdDigest take_updates(const Json::Array& rows, const KnownAssets& known, UtcTime seen_at, Page& page);

}  // namespace damsync::shutterstock
