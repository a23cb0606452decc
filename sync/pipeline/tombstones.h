#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sync/providers/page.h"

namespace damsync {

/// The setting of the catalog that keeps an account's tombstones.
std::string tombstones_key(std::string_view account);

/// What a provider deleted although we never held it, as text for the catalog: a JSON array of `{"id":…,"at":…}`, the
/// latest last, each asset once, at most 1,000. `stored` is what was kept before; one that cannot be read is dropped.
/// Pure.
std::string with_tombstones(const std::string& stored, std::span<const AssetNotice> gone);

}  // namespace damsync
