#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/service/vitals.h"
#include "storage/base/json.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/plan_book.h"
#include "storage/journal/outbox.h"
#include "storage/ledger/spend_ledger.h"

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
    std::optional<UtcTime> known_since;  ///< when its first cycle began; nothing: none did
    bool stale = false;                  ///< some stream is late: no update may be relied on
    std::int64_t failing = 0;            ///< wanted work that has failed at least once
    std::string last_error;              ///< empty: none
    std::int64_t spends_open = 0, spends_parked = 0;
    std::int64_t files_unpaid = 0;  ///< blocked because fetching them would consume quota
    std::vector<Plan> plans;        ///< not ended yet
  };
  /// Somebody who is told of changes.
  struct Receiver {
    std::string name;
    std::int64_t waiting = 0;  ///< changes it was not told of yet
    std::int64_t dead = 0;     ///< given up
    bool disabled = false;     ///< it asked to be told nothing any more
    std::optional<UtcTime> failing_since;
  };
  /// What is wrong with the last run of a nightly job.
  struct Night {
    std::string job, problem;  ///< an empty problem: nothing
  };
  std::vector<Account> accounts;
  std::vector<Night> nights;
  std::vector<Receiver> receivers;  ///< of the settings
  StoreTotals store;
  std::optional<std::int64_t> free_bytes;
  std::vector<CoverageRow> coverage;
  std::optional<VitalsView> daemon;   ///< what the running daemon says of itself
  bool daemon_silent = false;         ///< one runs and does not say
  std::vector<std::string> problems;  ///< why not healthy

  [[nodiscard]] bool healthy() const noexcept { return problems.empty(); }
};

/// Whether somebody polls by themselves: an account that was not polled yet will be.
enum class Polling { kByDaemon, kByNobody };

/// Adds what each account may still download.
void add_plans(StatusReport& report, const PlanBook& book, UtcTime now);

/// Adds what the book of spending calls holds: a parked one needs a person.
void add_spending(StatusReport& report, const Catalog& catalog, const SpendLedger& ledger);

/// Why the store that the catalog knows is not to be worked with, such as a disk that is not mounted; empty: it is
/// there, or was not begun yet. Takes no lock.
std::string store_problem(const Catalog& catalog, const std::filesystem::path& root);

/// Adds what the running daemon says: when the next jobs are due, which accounts failed last, and that a worker hangs
/// or that settings were refused.
void add_daemon(StatusReport& report, VitalsView view);

/// Adds that a daemon runs and does not say how it is.
void add_silent_daemon(StatusReport& report, const Error& why);

/// Everything but what the daemon says, for the accounts that the settings name. `db` null: there is no catalog yet.
StatusReport read_status(const Settings& settings, Database* db, UtcTime now, Polling polling = Polling::kByNobody);

/// Adds the nightly jobs: one that failed needs a person.
void add_nights(StatusReport& report, const Catalog& catalog);

/// Adds what receivers wait for: one that was given up on, or that wants nothing any more, needs a person.
void add_receivers(StatusReport& report, Database& db, const Settings& settings);

/// Files of the account that only a call using up quota can fetch while the settings forbid it.
std::int64_t count_unpaid(const Catalog& catalog, const std::string& account);

/// What a person can do about those.
inline constexpr const char* kUnpaidHint =
    "fetching them would consume quota: let `damsync adopt` take in files you already have, or set "
    "may_consume = \"once\" and budget_per_day";

Json json_of(const StatusReport& report);
/// The members of that which are about the daemon alone.
Json daemon_json_of(const StatusReport& report);

}  // namespace damsync
