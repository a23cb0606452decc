#include "daemon/service/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/cli/progress_line.h"
#include "storage/sqlite/disk_full.h"

namespace damsync {
namespace {

constexpr Millis kReportPatience = std::chrono::minutes(30);

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Those whose last cycle of this process failed: a disk that was full may have kept the catalog from knowing.
std::vector<std::string> failed_last(const Vitals& vitals) {
  std::vector<std::string> names;
  for (const auto& cycle : vitals.view().cycles)
    if (cycle.result == CycleResult::kFailed) names.push_back(cycle.account);
  return names;
}

/// Progress for the person who asked, and proof that the worker moves.
ProgressSink watched(const ProgressSink& progress, Pulse& pulse) {
  return [&progress, &pulse](const Progress& now) {
    pulse.beat(progress_text(now));
    if (progress) progress(now);
  };
}

Error unknown_account(const std::string& name) {
  return make_error(ErrorCode::kUsage, fmt::format("the daemon knows no account '{}'; was it started, or sent SIGHUP, "
                                                   "since the settings were changed?",
                                                   name));
}

bool has_account(const RunSummary& run, const std::string& name) {
  return std::any_of(run.accounts.begin(), run.accounts.end(),
                     [&](const AccountSummary& account) { return account.name == name; });
}

/// What makes two runs the same.
std::string description_of(const SyncOptions& options) {
  const std::set<std::string> accounts(options.accounts.begin(), options.accounts.end());
  const std::set<std::string> accepted(options.accept_withdrawals.begin(), options.accept_withdrawals.end());
  return fmt::format("{} | {} | {}", fmt::join(accounts, " "), fmt::join(accepted, " "), options.full);
}

}  // namespace

/// A run from account to account.
struct Jobs::Round {
  SyncOptions options;
  const ProgressSink progress;
  Pulse& pulse;
  const std::stop_token stop;
  RunSummary run;
  std::vector<std::string> done;  ///< accounts that had their turn
  bool no_room = false;           ///< in the catalog, for what some cycle wrote
};

/// A run that a person asked for and that has not begun: there is one of a kind.
class Jobs::Queued {
 public:
  Queued(Jobs& jobs, const SyncOptions& options) : jobs_(jobs), what_(description_of(options)) {
    const std::lock_guard lock(jobs_.mutex_);
    alone_ = jobs_.queued_.insert(what_).second;
  }
  ~Queued() {
    if (!alone_) return;
    const std::lock_guard lock(jobs_.mutex_);
    jobs_.queued_.erase(what_);
  }
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;

  [[nodiscard]] bool alone() const noexcept { return alone_; }

 private:
  Jobs& jobs_;
  const std::string what_;
  bool alone_ = false;
};

/// The name, as of a worker, of what a person asks for: `command`, and `command-2` when there is one already.
class Jobs::Commanded {
 public:
  explicit Commanded(Jobs& jobs) : jobs_(jobs) {
    {
      const std::lock_guard lock(jobs_.mutex_);
      while (!jobs_.commands_.insert(number_).second) ++number_;
    }
    jobs_.vitals_.here(name());
  }
  ~Commanded() {
    jobs_.vitals_.gone(name());
    const std::lock_guard lock(jobs_.mutex_);
    jobs_.commands_.erase(number_);
  }
  Commanded(const Commanded&) = delete;
  Commanded& operator=(const Commanded&) = delete;

  [[nodiscard]] std::string name() const { return number_ == 1 ? "command" : fmt::format("command-{}", number_); }

 private:
  Jobs& jobs_;
  int number_ = 1;
};

Jobs::Jobs(Workspace& workspace, std::shared_ptr<const InForce> in_force, Vitals& vitals, Clock& clock, Log& log)
    : workspace_(workspace),
      vitals_(vitals),
      clock_(clock),
      log_(log),
      throttle_(clock, [this](UtcTime time) { return this->in_force()->scheduler.bandwidth(time); }),
      connections_(clock, log),
      in_force_(std::move(in_force)) {}

void Jobs::put_in_force(std::shared_ptr<const InForce> in_force) {
  const std::lock_guard lock(mutex_);
  in_force_ = std::move(in_force);
  connections_.forget();  // a person wants everything read again, also what settings only point at
}

std::shared_ptr<const InForce> Jobs::in_force() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}

bool Jobs::any_command() const {
  const std::lock_guard lock(mutex_);
  return !commands_.empty();
}

/// A catalog or a store that was taken away under us is nothing to go on with.
Status Jobs::check_places() const {
  if (auto there = workspace_.db->still_in_place(); !there) return there;
  return workspace_.ops->check_root();
}

/// The next account of the settings that it is about and has not come to.
std::optional<std::string> Jobs::next_account(const Round& round) const {
  for (auto& name : in_force()->accounts()) {
    const bool asked_for = round.options.accounts.empty() || holds(round.options.accounts, name);
    if (asked_for && !holds(round.done, name)) return std::move(name);
  }
  return std::nullopt;
}

Status Jobs::poll(const std::string& account, const std::stop_token& stop) {
  const auto held = slots_.take(account, stop);
  if (!held) return {};
  const auto settings = in_force();
  if (!holds(settings->accounts(), account)) return {};
  Pulse pulse(vitals_, account, "polling " + account);
  Round round{{}, {}, pulse, stop, {}, {}, false};
  round.options.accounts = {account};
  round.options.ignore_backoff = false;
  if (auto done = cycle(round, *settings, account); !done) return done;
  finish(round);
  return {};
}

Result<RunSummary> Jobs::sync(const SyncOptions& options, const ProgressSink& progress, const std::stop_token& stop) {
  for (const auto* names : {&options.accounts, &options.accept_withdrawals})
    for (const auto& name : *names)
      if (!holds(in_force()->accounts(), name)) return unknown_account(name);
  std::optional<Queued> queued(std::in_place, *this, options);
  if (!queued->alone()) return make_error(ErrorCode::kLocked, "the same sync waits for its turn already");
  const Commanded command(*this);
  Pulse pulse(vitals_, command.name(), "a sync that a person asked for");
  Round round{options, progress, pulse, stop, {}, {}, false};
  while (const auto account = next_account(round)) {
    pulse.rest("waiting for " + *account);
    const auto held = slots_.take(*account, stop);  // without it there is a stop, which the cycle meets as well
    queued.reset();
    pulse.beat();
    if (auto done = cycle(round, *in_force(), *account); !done) return done.error();
  }
  if (!round.run.accounts.empty()) finish(round);
  for (const auto& name : options.accounts)
    if (!has_account(round.run, name)) return unknown_account(name);
  return std::move(round.run);
}

/// The cycle of an account whose turn it is, if the settings still name it.
Status Jobs::cycle(Round& round, const InForce& in_force, const std::string& account) {
  if (auto there = workspace_.db->still_in_place(); !there) return there;
  const auto root = workspace_.ops->check_root();
  if (!root && root.error().code != ErrorCode::kStorage) return root;
  PulsingClock clock(clock_, round.pulse);
  Composition composition(in_force.settings, workspace_, connections_, clock);
  if (round.done.empty()) round.run = composition.begin_run(round.options);
  round.done.push_back(account);
  for (const auto& settings : in_force.settings.accounts)
    if (settings.provider.account == account)
      round.run.accounts.push_back(root ? run_cycle(round, composition, settings)
                                        : put_off(summary_of(settings), "sync.no_store", root.error()));
  return {};
}

AccountSummary Jobs::run_cycle(Round& round, Composition& composition, const AccountSettings& account) {
  round.options.after_failure = failed_last(vitals_);
  round.options.pace = [this, &round](std::int64_t bytes, const std::stop_token& token) {
    round.pulse.beat();
    return throttle_.take(bytes, token);
  };
  try {
    auto summary =
        composition.sync_account(account, round.options, {watched(round.progress, round.pulse), {}, round.stop});
    if (!round.stop.stop_requested()) vitals_.cycle_finished(summary);
    return summary;
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;
    round.no_room = true;
    return put_off(summary_of(account), "sync.no_room", make_error(ErrorCode::kStorage, error.what()));
  }
}

/// A cycle that was not begun, or whose transaction was rolled back: nothing is lost, and the next poll tries again.
AccountSummary Jobs::put_off(AccountSummary summary, std::string_view event, const Error& why) {
  log_.error(event, {{"account", summary.name}, {"reason", why.message}});
  summary.error = why;
  vitals_.cycle_finished(summary);
  return summary;
}

/// Writes the run down. One that the catalog had no room for is not in it at all.
void Jobs::finish(Round& round) {
  try {
    if (!round.no_room) {
      const auto settings = in_force();
      PulsingClock clock(clock_, round.pulse);
      Composition(settings->settings, workspace_, connections_, clock)
          .end_run(round.run, {watched(round.progress, round.pulse), {}, round.stop});
      return;
    }
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;
    for (auto& account : round.run.accounts)
      if (!account.error)
        account = put_off(std::move(account), "sync.no_room", make_error(ErrorCode::kStorage, error.what()));
  }
  round.run.run_id.clear();
  round.run.ok = false;
  round.run.finished_at = clock_.utc();
}

std::set<std::string> Jobs::all_accounts() const {
  std::set<std::string> all;
  for (auto& name : workspace_.catalog->accounts()) all.insert(std::move(name));
  for (auto& name : in_force()->accounts()) all.insert(std::move(name));
  return all;
}

/// In one order for all, so that no two wait for each other.
Result<VerbAnswer> Jobs::between_cycles(const std::set<std::string>& accounts,
                                        const std::function<Result<VerbAnswer>()>& work, const std::stop_token& stop) {
  std::vector<AccountSlots::Held> held;
  for (const auto& account : accounts) {
    auto one = slots_.take(account, stop);
    if (!one) return one.error();
    held.push_back(std::move(*one));
  }
  if (auto there = check_places(); !there) return there.error();
  return work();
}

Result<AuditOutcome> Jobs::audit(AuditOptions options, const ProgressSink& progress, const std::stop_token& stop) {
  const auto settings = in_force();
  if (auto there = check_places(); !there) return there.error();
  const Commanded command(*this);
  Pulse pulse(vitals_, command.name(), "a report that a person asked for", kReportPatience);
  options.config_sha256 = settings->sha256;
  options.others_write = true;
  return run_audit(settings->settings, &workspace_, options, clock_, log_, watched(progress, pulse), stop);
}

}  // namespace damsync
