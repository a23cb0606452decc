#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/time.h"

namespace damsync {

/// A set of assets that people made at the provider.
struct Collection {
  std::string collection_id;
  std::string name;
  std::int64_t items = 0;             ///< as the provider counts, foreign assets too
  std::optional<UtcTime> updated_at;  ///< by the provider's own time
};

/// A collection as the catalog holds it.
struct CollectionRow : Collection {
  std::string account;
  std::string provider;
  std::vector<std::string> assets;  ///< the items that are assets of the account, in id order
};

/// A collection an asset is in.
struct CollectionName {
  std::string collection_id;
  std::string name;
  bool operator==(const CollectionName&) const = default;
};

}  // namespace damsync
