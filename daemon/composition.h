#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/connections.h"
#include "daemon/workspace.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/model/run.h"
#include "sync/adopt/adopter.h"
#include "sync/pipeline/policy.h"
#include "sync/pipeline/progress.h"
#include "sync/pipeline/verify.h"

namespace damsync {

struct Cycle;
class AccountConnection;

/// What a person asked `sync` for.
struct SyncOptions {
  std::vector<std::string> accounts;            ///< empty: all
  std::vector<std::string> accept_withdrawals;  ///< accounts whose deletion brake is released this once
  bool dry_run = false;
  bool full = false;
  bool ignore_backoff = true;  ///< a person's `sync` retries everything; the daemon honours the stored back-off
  std::vector<std::string> after_failure;  ///< accounts whose last cycle failed without a trace in the catalog
  /// As `TransferLimits::pace`; empty: as fast as it goes.
  std::function<Status(std::int64_t, const std::stop_token&)> pace;
};

/// The summary of a cycle in which nothing happened yet.
AccountSummary summary_of(const AccountSettings& account);

/// What the commands and the daemon do with a workspace: puts provider, settings and pipeline of each account together
/// for the time of one job.
///
/// Errors   only what prevents a job at all (settings, catalog); what one account met is in its summary.
/// Threads  `sync` from several at once when they are about different accounts.
class Composition {
 public:
  /// With connections of its own, for a process that does one thing and ends.
  Composition(const Settings& settings, Workspace& workspace, Clock& clock, Log& log)
      : own_(std::in_place, clock, log),
        connections_(*own_),
        settings_(settings),
        workspace_(workspace),
        clock_(clock),
        log_(log) {}
  /// With those that somebody keeps; their log is this one's, too.
  Composition(const Settings& settings, Workspace& workspace, Connections& connections, Clock& clock)
      : connections_(connections), settings_(settings), workspace_(workspace), clock_(clock), log_(connections.log()) {}

  /// Who watches a job, and may stop it.
  struct Observers {
    ProgressSink progress;
    PlanSink plan;
    std::stop_token stop;
  };
  /// One cycle over the accounts. A dry run needs a workspace that is a copy.
  Result<RunSummary> sync(const SyncOptions& options, const Observers& observers);
  /// The parts of it, for who has to wait for an account's turn: a run begins, has the cycles of its accounts, and
  /// ends, which writes down how it went.
  [[nodiscard]] RunSummary begin_run(const SyncOptions& options) const;
  AccountSummary sync_account(const AccountSettings& account, const SyncOptions& options, const Observers& observers);
  void end_run(RunSummary& run, const Observers& observers);
  Result<VerifySummary> verify(const VerifyOptions& options, const ProgressSink& progress, std::stop_token stop);
  /// Takes files from disk into the store. Needs no credentials and contacts nobody.
  Result<AdoptSummary> adopt(const AdoptOptions& options, const ProgressSink& progress, const AdoptSink& tell,
                             std::stop_token stop);

 private:
  using AccountWork = std::function<void(Cycle&, AccountConnection&)>;
  [[nodiscard]] Status check_accounts(const std::vector<std::string>& names) const;
  [[nodiscard]] Policy house_policy() const;
  [[nodiscard]] Policy policy_for(const AccountSettings& account, const SyncOptions& options) const;
  Cycle make_cycle(const std::string& account, AccountConnection& connection, const Policy& policy,
                   const Observers& observers);
  AccountSummary with_account(const AccountSettings& account, const Policy& policy, const Observers& observers,
                              const AccountWork& work);
  AccountSummary cycle(const AccountSettings& account, const SyncOptions& options, const Observers& observers);
  [[nodiscard]] std::optional<AccountSummary> stayed_away(const AccountSettings& account) const;
  void note_absence(const AccountSummary& summary, const AccountConnection& connection);
  void count_set_aside(AccountSummary& summary) const;
  void tell_failure(const AccountSummary& account);
  void read_collections(Cycle& cycle, AccountConnection& connection, std::stop_token stop);
  void log_summary(const AccountSummary& summary, const SyncOptions& options);

  std::optional<Connections> own_;
  Connections& connections_;
  const Settings& settings_;
  Workspace& workspace_;
  Clock& clock_;
  Log& log_;
};

}  // namespace damsync
