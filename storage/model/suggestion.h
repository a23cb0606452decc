#pragma once

#include <string>

namespace damsync {

/// An asset that could stand in for one that its provider withdrew.
struct Suggestion {
  std::string asset_id;
  std::string title;  ///< as the provider calls it; may be empty
  std::string why;    ///< in what it is like the other: `same series`, `similar`

  bool operator==(const Suggestion&) const = default;
};

}  // namespace damsync
