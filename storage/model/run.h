#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/result.h"
#include "storage/base/time.h"

namespace damsync {

/// What one cycle did for one account; the names are those of `sync --json`.
struct AccountSummary {
  std::string name;
  std::string provider;
  std::optional<Error> error;  ///< why the account's cycle did not finish; empty: it did
  std::int64_t licenses_seen = 0;
  std::int64_t licenses_new = 0;
  std::int64_t licenses_vanished = 0;
  std::int64_t assets_updated = 0;
  std::int64_t assets_withdrawn = 0;
  std::int64_t files_mirrored = 0;
  std::int64_t files_failed = 0;    ///< failed or deferred in this cycle; they are retried
  std::int64_t files_blocked = 0;   ///< newly blocked in this cycle
  std::int64_t assets_failed = 0;   ///< metadata that could not be had in this cycle; retried
  std::int64_t items_rejected = 0;  ///< quarantined where they were read, and not mended yet
  std::int64_t bytes = 0;
  std::int64_t calls_free = 0;
  std::int64_t calls_spending = 0;
};

/// One cycle over one or more accounts.
struct RunSummary {
  std::string run_id;  ///< ULID
  UtcTime started_at{};
  UtcTime finished_at{};
  bool ok = false;  ///< nothing failed and nothing was deferred
  bool dry_run = false;
  std::vector<AccountSummary> accounts;
};

}  // namespace damsync
