#pragma once

#include <string>
#include <vector>

#include "storage/model/asset.h"
#include "sync/providers/page.h"

namespace damsync {

/// How what a provider says about an asset differs from what the catalog holds.
struct MetadataDiff {
  std::string canonical;            ///< the new metadata as canonical JSON
  std::vector<std::string> fields;  ///< names of the fields that differ, sorted
  bool first = false;               ///< the asset was not described before
  bool restored = false;            ///< it had been withdrawn

  [[nodiscard]] bool same() const noexcept { return fields.empty() && !first && !restored; }
};

/// Pure. Compares normalized values only: URLs, estimates and ranks of the provider never make a difference.
MetadataDiff diff(const AssetRow& known, const DescribedAsset& described);

}  // namespace damsync
