#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/suggestion.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/page.h"

namespace damsync::getty {

/// Ids the service takes in one call.
inline constexpr std::size_t kMostIds = 100;

/// Asks about assets by id, with every wanted field by its name: the published sets of fields changed over the years.
///
/// Threads  any thread.
class ImageLookup {
 public:
  explicit ImageLookup(GettyApi& api) : api_(api) {}

  /// As `Provider::describe`. A batch that fails as a whole is halved until the one id that spoils it is known.
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop);

  /// One asset. Errors: kNotFound: the service does not have it (any more).
  Result<DescribedAsset> one(const std::string& id, std::stop_token stop);

  /// Up to `most` assets that could stand in for this one: of the same series first, then similar ones.
  Result<std::vector<Suggestion>> suggestions(const std::string& id, std::size_t most, std::stop_token stop);

 private:
  Status describe_batch(std::span<const std::string> ids, Descriptions& out, std::stop_token stop);
  Status halve(std::span<const std::string> ids, Descriptions& out, const Error& refusal, std::stop_token stop);

  GettyApi& api_;
};

}  // namespace damsync::getty
