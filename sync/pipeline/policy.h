#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "storage/base/time.h"
#include "sync/agreement/agreement.h"
#include "sync/quota/budget.h"
#include "sync/sidecar/sidecar.h"
#include "sync/transfer/downloader.h"

namespace damsync {

/// What one cycle of one account may do.
struct Policy {
  bool full = false;                ///< read the whole history again and look at every asset
  bool dry_run = false;             ///< observe and plan; fetch, publish and keep nothing
  bool ignore_backoff = false;      ///< a person asked: retry what failed, whatever its stored back-off
  bool accept_withdrawals = false;  ///< the deletion brake is released for this cycle
  double brake_share = 0.05;        ///< of active assets, or of held licenses
  std::chrono::hours full_scan_every{24 * 7};
  std::chrono::hours recheck_within{24 * 30};
  int workers = 8;
  TransferLimits transfer;
  SpendRules spending;                ///< for providers without free refetch
  OperatorFacts house;                ///< what the operator says of every asset
  std::vector<Agreement> agreements;  ///< what the operator says of licenses
  LocalDay day_of;                    ///< in the zone of the schedule
};

/// True when so many losses in one cycle need a person: more than 50 and more than `share` of `total` (promise 10).
bool brake_trips(std::int64_t losses, std::int64_t total, double share) noexcept;

/// When work that failed `attempts` times is due again: after its `longest_backoff`, less up to a quarter by `spread`
/// so that many failures of one moment do not come back together.
UtcTime next_attempt(UtcTime now, int attempts, std::size_t spread) noexcept;

}  // namespace damsync
