#pragma once

#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "storage/model/license.h"
#include "sync/providers/getty/getty_wire.h"

namespace damsync::getty {

/// Rows of one completely read span of the history as licenses. The service gives its rows no id, so one is derived:
/// `g<asset>-<time>-<digest>-<n>`, from asset, time of download, product type, size and user name, which every version
/// of the service tells alike; `n` counts the rows that are equal in all of these, from 0. Identical rows are kept.
/// Pure; the same rows in any order give the same ids.
std::vector<License> normalize(std::vector<DownloadWire> rows);

/// The derived id without its `-<n>`: what identical rows have in common.
std::string license_key(const DownloadWire& row);

/// Only what is stable: no display sizes, no addresses, no estimates of bytes, no ranks, no places where to buy.
AssetMetadata normalize(ImageWire image);

}  // namespace damsync::getty
