#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/cli/verb_answer.h"
#include "daemon/composition.h"
#include "daemon/jobs/audit_job.h"
#include "daemon/service/account_slots.h"
#include "daemon/service/in_force.h"
#include "daemon/service/pulse.h"
#include "daemon/service/vitals.h"
#include "daemon/workspace.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "sync/transfer/throttle.h"

namespace damsync {

/// What the daemon does with its workspace, whoever asks for it: the schedule or a person.
///
/// Errors   an error returned by what the schedule asks for is one the daemon cannot go on with; everything else was
///          logged, is in the catalog or in `Vitals`, and is tried again.
/// Threads  any; an account has one cycle at a time, others wait for it.
class Jobs {
 public:
  Jobs(Workspace& workspace, std::shared_ptr<const InForce> in_force, Vitals& vitals, Clock& clock, Log& log);

  /// Jobs that begin from now on work with these.
  void put_in_force(std::shared_ptr<const InForce> in_force);
  [[nodiscard]] std::shared_ptr<const InForce> in_force() const;

  /// A cycle of one account that is due.
  Status poll(const std::string& account, const std::stop_token& stop);
  /// A run that a person asks for: takes each account when its turn comes, by the settings that hold then.
  /// Errors   kUsage: an account that the settings do not name, or not any more; kLocked: the same run waits to begin.
  Result<RunSummary> sync(const SyncOptions& options, const ProgressSink& progress, const std::stop_token& stop);
  /// A report that a person asks for.
  Result<AuditOutcome> audit(AuditOptions options, const ProgressSink& progress, const std::stop_token& stop);
  /// What a person wants to have written while none of the accounts has a cycle; waits for each in turn.
  Result<VerbAnswer> between_cycles(const std::set<std::string>& accounts,
                                    const std::function<Result<VerbAnswer>()>& work, const std::stop_token& stop);
  /// Those of the settings, and those that left them: one may have a cycle left.
  [[nodiscard]] std::set<std::string> all_accounts() const;
  /// Somebody works with the account, or waits for it.
  [[nodiscard]] bool busy(const std::string& account) const { return slots_.wanted(account); }
  /// Somebody's command is at work.
  [[nodiscard]] bool any_command() const;

 private:
  class Commanded;
  class Queued;
  struct Round;
  [[nodiscard]] Status check_places() const;
  [[nodiscard]] std::optional<std::string> next_account(const Round& round) const;
  Status cycle(Round& round, const InForce& in_force, const std::string& account);
  AccountSummary run_cycle(Round& round, Composition& composition, const AccountSettings& account);
  void finish(Round& round);
  AccountSummary put_off(AccountSummary summary, std::string_view event, const Error& why);

  Workspace& workspace_;
  Vitals& vitals_;
  Clock& clock_;
  Log& log_;
  Throttle throttle_;
  Connections connections_;
  AccountSlots slots_;
  mutable std::mutex mutex_;
  std::shared_ptr<const InForce> in_force_;
  std::set<int> commands_;        ///< the numbers of those at work
  std::set<std::string> queued_;  ///< what they are to do that have not begun
};

}  // namespace damsync
