#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/suggestion.h"

namespace damsync {

/// Tells what could stand in for an asset that is withdrawn. Apart from `Provider` because few can tell, it is asked
/// once for an asset, and must never fail a cycle.
class SuggestionSource {
 public:
  virtual ~SuggestionSource() = default;

  /// Up to three other assets, the best first; empty where there are none. Free of charge.
  virtual Result<std::vector<Suggestion>> suggestions(const std::string& asset_id, std::stop_token stop) = 0;
};

}  // namespace damsync
