#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/config/settings.h"
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
};

/// Builds the object graph of one process from checked settings and owns every lifetime in it. Takes the state lock
/// when it writes; commands that only read open the catalog themselves (`storage/catalog`).
class Composition {
 public:
  Composition(const Settings& settings, Clock& clock, Log& log);
  ~Composition();

  /// One cycle over the accounts. Errors: only what prevents a cycle at all (lock, catalog, store, settings);
  /// what one account met is in its summary.
  Result<RunSummary> sync(const SyncOptions& options, const ProgressSink& progress, const PlanSink& plan,
                          std::stop_token stop);
  Result<VerifySummary> verify(const VerifyOptions& options, const ProgressSink& progress, std::stop_token stop);
  /// Takes files from disk into the store. Needs no credentials and contacts nobody.
  Result<AdoptSummary> adopt(const AdoptOptions& options, const ProgressSink& progress, const AdoptSink& tell,
                             std::stop_token stop);

 private:
  struct Graph;
  enum class Access { kWrite, kCopy };
  struct Observers {
    ProgressSink progress;
    PlanSink plan;
  };
  using AccountWork = std::function<void(Cycle&, AccountConnection&)>;
  Status open_catalog(Graph& graph, Access access);
  Status open_store(Graph& graph);
  [[nodiscard]] Status check_accounts(const std::vector<std::string>& names) const;
  [[nodiscard]] Policy policy_for(const AccountSettings& account, const SyncOptions& options) const;
  AccountSummary with_account(Graph& graph, const AccountSettings& account, const Policy& policy,
                              const Observers& observers, const AccountWork& work);
  void log_summary(const AccountSummary& summary);

  const Settings& settings_;
  Clock& clock_;
  Log& log_;
};

}  // namespace damsync
