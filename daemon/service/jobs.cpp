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

}  // namespace

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

Status Jobs::poll(const std::string& account, const std::stop_token& stop) {
  const auto settings = in_force();
  if (!holds(settings->accounts(), account)) return {};
  const auto held = slots_.take({account}, stop);
  if (!held) return {};
  Pulse pulse(vitals_, account, "polling " + account);
  SyncOptions options;
  options.accounts = {account};
  options.ignore_backoff = false;
  const auto run = cycle(*settings, std::move(options), {}, pulse, stop);
  if (!run) return run.error();
  return {};
}

Result<RunSummary> Jobs::sync(SyncOptions options, const ProgressSink& progress, const std::stop_token& stop) {
  const auto settings = in_force();
  const auto all = settings->accounts();
  for (const auto* names : {&options.accounts, &options.accept_withdrawals})
    for (const auto& name : *names)
      if (!holds(all, name))
        return make_error(ErrorCode::kUsage, fmt::format("the daemon knows no account '{}'; was it started, or sent "
                                                         "SIGHUP, since the settings were changed?",
                                                         name));
  const auto held = slots_.take(options.accounts.empty() ? all : options.accounts, stop);
  if (!held) return held.error();
  const Commanded command(*this);
  Pulse pulse(vitals_, command.name(), "a sync that a person asked for");
  return cycle(*settings, std::move(options), progress, pulse, stop);
}

Result<RunSummary> Jobs::cycle(const InForce& in_force, SyncOptions options, const ProgressSink& progress, Pulse& pulse,
                               const std::stop_token& stop) {
  const auto accounts = options.accounts.empty() ? in_force.accounts() : options.accounts;
  if (auto there = workspace_.db->still_in_place(); !there) return there.error();
  if (auto root = workspace_.ops->check_root(); !root) {
    if (root.error().code != ErrorCode::kStorage) return root.error();
    log_.error("sync.no_store", {{"reason", root.error().message}});
    return put_off(in_force.settings, accounts, root.error().message);
  }
  PulsingClock clock(clock_, pulse);
  options.after_failure = failed_last(vitals_);
  options.pace = [this, &pulse](std::int64_t bytes, const std::stop_token& token) {
    pulse.beat();
    return throttle_.take(bytes, token);
  };
  try {
    auto run = Composition(in_force.settings, workspace_, connections_, clock)
                   .sync(options, watched(progress, pulse), {}, stop);
    if (run && !stop.stop_requested())
      for (const auto& account : run->accounts) vitals_.cycle_finished(account);
    return run;
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;
    log_.error("sync.no_room", {{"reason", error.what()}});
    return put_off(in_force.settings, accounts, error.what());
  }
}

/// A cycle that was not begun, or whose transaction was rolled back: nothing is lost, and the next poll tries again.
RunSummary Jobs::put_off(const Settings& settings, const std::vector<std::string>& accounts, const std::string& why) {
  RunSummary run;
  run.started_at = run.finished_at = clock_.utc();
  for (const auto& account : settings.accounts) {
    if (!holds(accounts, account.provider.account)) continue;
    AccountSummary summary;
    summary.name = account.provider.account;
    summary.provider = account.provider.provider;
    summary.error = make_error(ErrorCode::kStorage, why);
    vitals_.cycle_finished(summary);
    run.accounts.push_back(std::move(summary));
  }
  return run;
}

Result<VerbAnswer> Jobs::between_cycles(const std::function<Result<VerbAnswer>()>& work, const std::stop_token& stop) {
  auto all = workspace_.catalog->accounts();  // one that left the settings may have a cycle left
  for (auto& name : in_force()->accounts())
    if (!holds(all, name)) all.push_back(std::move(name));
  const auto held = slots_.take(all, stop);
  if (!held) return held.error();
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
