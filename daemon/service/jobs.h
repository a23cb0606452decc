#pragma once

#include <functional>
#include <memory>
#include <mutex>
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
  /// A cycle that a person asks for; waits until its accounts are free.
  Result<RunSummary> sync(SyncOptions options, const ProgressSink& progress, const std::stop_token& stop);
  /// A report that a person asks for.
  Result<AuditOutcome> audit(AuditOptions options, const ProgressSink& progress, const std::stop_token& stop);
  /// What a person wants to have written while no cycle runs; waits for those that do.
  Result<VerbAnswer> between_cycles(const std::function<Result<VerbAnswer>()>& work, const std::stop_token& stop);
  [[nodiscard]] bool busy(const std::string& account) const { return slots_.taken(account); }
  /// Somebody's command is at work.
  [[nodiscard]] bool any_command() const;

 private:
  class Commanded;
  [[nodiscard]] Status check_places() const;
  Result<RunSummary> cycle(const InForce& in_force, SyncOptions options, const ProgressSink& progress, Pulse& pulse,
                           const std::stop_token& stop);
  RunSummary put_off(const Settings& settings, const std::vector<std::string>& accounts, const std::string& why);

  Workspace& workspace_;
  Vitals& vitals_;
  Clock& clock_;
  Log& log_;
  Throttle throttle_;
  Connections connections_;
  AccountSlots slots_;
  mutable std::mutex mutex_;
  std::shared_ptr<const InForce> in_force_;
  std::set<int> commands_;  ///< the numbers of those at work
};

}  // namespace damsync
