#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// The first of the assets with some bytes that is not this one. Pure.
inline std::optional<std::string> other_asset(const std::string& asset_id, const std::vector<std::string>& with_bytes) {
  const auto other = std::find_if(with_bytes.begin(), with_bytes.end(), [&](const auto& id) { return id != asset_id; });
  return other == with_bytes.end() ? std::nullopt : std::optional(*other);
}

/// Why a file that another asset has, too, is not taken.
inline Error test_image(const std::string& twin) {
  return make_error(ErrorCode::kInvalid, "the provider sent the very bytes it sent for asset " + twin +
                                             ": a test image, as keys without full rights get; not taken");
}

}  // namespace damsync
