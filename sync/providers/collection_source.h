#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/collection.h"
#include "sync/providers/provider.h"

namespace damsync {

/// Tells which sets people made of assets. Apart from `Provider` because it needs a scope of its own, is information
/// only, and must never fail a cycle. All calls are free of charge.
///
/// Threads  one at a time.
class CollectionSource {
 public:
  virtual ~CollectionSource() = default;

  /// All collections of the account and those the settings name, without their items, in id order.
  virtual Result<std::vector<Collection>> collections(std::stop_token stop) = 0;
  /// The items of one of them that are known assets, sorted, each once. kNotFound: the collection is gone.
  virtual Result<std::vector<std::string>> items(const Collection& collection, const KnownAssets& known,
                                                 std::stop_token stop) = 0;
};

}  // namespace damsync
