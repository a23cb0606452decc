#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "storage/base/json.h"
#include "storage/catalog/catalog.h"

namespace damsync {

/// How things stand, for `status`: gathered once, then printed.
struct StatusReport {
  struct Stream {
    StreamRow row;
    std::optional<Millis> lag;  ///< since the last poll that reached the end; nothing: never
    std::int64_t backlog = 0;
  };
  struct Account {
    std::string name, provider;
    std::vector<Stream> streams;
    AccountCounts counts;
    std::int64_t failing = 0;  ///< wanted work that has failed at least once
    std::string last_error;    ///< empty: none
  };
  std::vector<Account> accounts;
  StoreTotals store;
  std::optional<std::int64_t> free_bytes;
  std::vector<CoverageRow> coverage;
  std::vector<std::string> problems;  ///< why not healthy

  [[nodiscard]] bool healthy() const noexcept { return problems.empty(); }
};

/// A stream is late after three poll intervals, one minute at least.
Millis late_after(Millis poll_interval) noexcept;

/// `catalog` null: there is none yet. Looks at the accounts that the settings name.
StatusReport make_status(const Settings& settings, const Catalog* catalog, UtcTime now);

Json json_of(const StatusReport& report);

}  // namespace damsync
