#pragma once

#include <stop_token>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/plan.h"

namespace damsync {

/// Tells what an account may still download. Apart from `Provider` because it is read once a day, needs a scope of its
/// own at some providers, and must never fail a cycle.
class PlanSource {
 public:
  virtual ~PlanSource() = default;

  /// All plans, ended ones too, but none that the provider calls inactive. Free of charge.
  virtual Result<std::vector<Plan>> plans(std::stop_token stop) = 0;
};

}  // namespace damsync
