#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/base/time.h"

namespace damsync {

/// What an account may still download under one of its plans (subscriptions, products), as the provider last said.
/// Absent: the provider did not say; a quota that is not known is never taken for one that is there.
struct Plan {
  std::string plan_id;
  std::string description;
  std::string license_type;               ///< the provider's word; empty when not said
  std::optional<UtcTime> expires_at;      ///< of the plan, not of the licenses taken under it
  std::optional<std::int64_t> limit;      ///< downloads in the current period
  std::optional<std::int64_t> left;       ///< of them
  std::optional<UtcTime> period_ends_at;  ///< when `left` is filled up again

  bool operator==(const Plan&) const = default;
};

}  // namespace damsync
