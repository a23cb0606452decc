#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "sync/providers/page.h"
#include "sync/providers/shutterstock/shutterstock_api.h"
#include "sync/providers/shutterstock/shutterstock_normalize.h"

namespace damsync::shutterstock {

/// Asks for images by id and turns them into our terms.
///
/// Threads  any thread.
class ImageLookup {
 public:
  explicit ImageLookup(ShutterstockApi& api) : api_(api) {}

  /// As `Provider::describe`. A batch that the service refuses is halved until the id that it stumbles over stands
  /// alone; only that one is rejected.
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop);

  /// As `Provider::recheck`.
  Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag, std::stop_token stop);

 private:
  Status describe_batch(std::span<const std::string> ids, Descriptions& out, std::stop_token stop);
  Status halve(std::span<const std::string> ids, Descriptions& out, const Error& refusal, std::stop_token stop);
  Result<DescribedAsset> described(ImageWire image, std::string etag, std::stop_token stop);
  Status load_category_names(std::stop_token stop);

  ShutterstockApi& api_;
  std::mutex mutex_;
  std::optional<CategoryNames> category_names_;  ///< once per process
};

}  // namespace damsync::shutterstock
