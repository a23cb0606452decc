#pragma once

#include <functional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "sync/providers/collection_source.h"
#include "sync/providers/shutterstock/shutterstock_api.h"

namespace damsync::shutterstock {

/// The account's image collections, and featured ones by id. Counts of the service may lag behind its lists, so every
/// list is read until a page brings nothing new. Needs the scope `collections.view`.
///
/// Errors   as `read_answer`; kProtocol, retryable, for an endless list or a row that is no collection. An item that
///          cannot be read is none of our assets.
/// Source   GET /v2/images/collections, …/{id}/items, …/featured/{id}, …/featured/{id}/items.
class ImageCollections final : public CollectionSource {
 public:
  ImageCollections(ShutterstockApi& api, std::vector<std::string> featured)
      : api_(api), featured_(featured.begin(), featured.end()) {}

  Result<std::vector<Collection>> collections(std::stop_token stop) override;
  Result<std::vector<std::string>> items(const Collection& collection, const KnownAssets& known,
                                         std::stop_token stop) override;

 private:
  using RowVisitor = std::function<Result<bool>(const Json& row)>;  ///< true: it was new
  Status each_row(const std::string& path, std::stop_token stop, const RowVisitor& visit);

  ShutterstockApi& api_;
  std::set<std::string> featured_;
};

}  // namespace damsync::shutterstock
