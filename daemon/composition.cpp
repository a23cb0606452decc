#include "daemon/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "daemon/absence.h"
#include "daemon/deliveries.h"
#include "storage/base/ulid.h"
#include "storage/catalog/account_book.h"
#include "storage/journal/change_details.h"
#include "storage/sqlite/transaction.h"
#include "sync/pipeline/collection_reading.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/file_work.h"
#include "sync/pipeline/plan_reading.h"
#include "sync/pipeline/run.h"
#include "sync/pipeline/sidecar_work.h"
#include "sync/pipeline/suggestion_reading.h"
#include "sync/providers/offline_connection.h"
#include "sync/providers/provider_factory.h"

namespace damsync {
namespace {

/// A file may take that long where the settings say how slow it has to be.
constexpr Millis kPacedDeadline = std::chrono::hours(12);
/// What a disk must have besides `store.min_free` for a file to be paid for: spending stops before fetching does.
constexpr std::int64_t kSpendingRoom = std::int64_t{64} << 20;

bool wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

/// An account that a stop came before.
AccountSummary never_begun(const AccountSettings& account) {
  AccountSummary summary = summary_of(account);
  summary.error = make_error(ErrorCode::kCancelled, "stopped");
  return summary;
}

bool is_in_step(const AccountSummary& summary) {
  return !summary.error && summary.files_failed + summary.assets_failed + summary.items_rejected == 0;
}

}  // namespace

AccountSummary summary_of(const AccountSettings& account) {
  AccountSummary summary;
  summary.name = account.provider.account;
  summary.provider = account.provider.provider;
  return summary;
}

/// What sidecars say besides what the providers say.
Policy Composition::house_policy() const {
  Policy policy;
  policy.agreements = settings_.agreements;
  policy.house = settings_.house;
  policy.day_of = [zone = settings_.schedule.zone](UtcTime time) { return zone.day_of(time); };
  return policy;
}

Policy Composition::policy_for(const AccountSettings& account, const SyncOptions& options) const {
  const auto& accepted = options.accept_withdrawals;
  Policy policy = house_policy();
  policy.full = options.full;
  policy.dry_run = options.dry_run;
  policy.ignore_backoff = options.ignore_backoff;
  policy.accept_withdrawals = !accepted.empty() && wanted(accepted, account.provider.account);
  policy.brake_share = settings_.limits.deletion_brake;
  policy.recheck_within = account.provider.recheck;
  policy.workers = account.provider.concurrency;
  policy.transfer.min_free = settings_.store.min_free;
  policy.transfer.pace = options.pace;
  if (options.pace && !settings_.schedule.bandwidth.empty()) policy.transfer.deadline = kPacedDeadline;
  policy.spending.may_consume = account.may_consume;
  policy.spending.budget_per_day = account.budget_per_day;
  policy.spending.min_free = settings_.store.min_free + kSpendingRoom;
  policy.spending.day_start = [zone = settings_.schedule.zone](UtcTime now) {
    return zone.at(zone.day_of(now), std::chrono::minutes(0));
  };
  return policy;
}

Cycle Composition::make_cycle(const std::string& account, AccountConnection& connection, const Policy& policy,
                              const Observers& observers) {
  return Cycle{account,
               connection.provider(),
               connection.downloads(),
               *workspace_.db,
               *workspace_.catalog,
               *workspace_.writer,
               *workspace_.journal,
               workspace_.store.get(),
               *workspace_.layout,
               workspace_.sidecar_writers,
               clock_,
               log_,
               policy,
               observers.progress,
               observers.plan,
               {}};
}

/// Connects one account and hands its cycle to `work`; what prevents that is the account's error, not the run's.
AccountSummary Composition::with_account(const AccountSettings& account, const Policy& policy,
                                         const Observers& observers, const AccountWork& work) {
  AccountSummary summary = summary_of(account);
  if (auto same = check_provider(*workspace_.db, summary.name, summary.provider); !same) {
    summary.error = same.error();
    return summary;
  }
  const auto lease = connections_.lend(account, clock_, observers.stop);
  if (!lease) {
    summary.error = lease.error();
    return summary;
  }
  AccountConnection& connection = lease->connection();
  connection.come_back();
  {
    Transaction tx(*workspace_.db);
    workspace_.writer->ensure_account(summary.name, summary.provider, clock_.utc());
    tx.commit();
  }
  Cycle cycle = make_cycle(summary.name, connection, policy, observers);
  cycle.summary = std::move(summary);
  work(cycle, connection);
  const CallCount calls = lease->calls();
  cycle.summary.calls_free = calls.free;
  cycle.summary.calls_spending = calls.spending;
  note_absence(cycle.summary, connection);
  return std::move(cycle.summary);
}

/// The cycle of an account that was asked to make no calls yet.
std::optional<AccountSummary> Composition::stayed_away(const AccountSettings& account) const {
  AccountSummary summary = summary_of(account);
  const UtcTime now = clock_.utc();
  const auto absence = absence_from(workspace_.catalog->setting(absence_key(summary.name)), now);
  if (!absence) return std::nullopt;
  summary.error = to_error(*absence, now);
  log_.write(LogLevel::kDebug, "sync.stayed_away", {{"account", summary.name}, {"reason", summary.error->message}});
  return summary;
}

void Composition::note_absence(const AccountSummary& summary, const AccountConnection& connection) {
  const auto until = connection.away_until();
  const bool told = summary.error && summary.error->code == ErrorCode::kThrottled;
  const std::string text =
      until ? to_text(Absence{*until, told ? summary.error->message : "the provider asked for it"}) : std::string();
  const std::string key = absence_key(summary.name);
  if (workspace_.catalog->setting(key) == text) return;
  Transaction tx(*workspace_.db);
  workspace_.writer->put_setting(key, text);
  tx.commit();
}

Result<RunSummary> Composition::sync(const SyncOptions& options, const Observers& observers) {
  for (const auto* names : {&options.accounts, &options.accept_withdrawals})
    if (auto known = check_accounts(*names); !known) return known.error();
  if (auto there = workspace_.db->still_in_place(); !there) return there.error();

  RunSummary run = begin_run(options);
  for (const auto& account : settings_.accounts)
    if (wanted(options.accounts, account.provider.account))
      run.accounts.push_back(sync_account(account, options, observers));
  end_run(run, observers);
  return run;
}

RunSummary Composition::begin_run(const SyncOptions& options) const {
  RunSummary run;
  run.started_at = clock_.utc();
  run.run_id = make_ulid(run.started_at);
  run.dry_run = options.dry_run;
  return run;
}

void Composition::end_run(RunSummary& run, const Observers& observers) {
  run.ok = !observers.stop.stop_requested() && std::all_of(run.accounts.begin(), run.accounts.end(), is_in_step);
  run.finished_at = clock_.utc();
  if (run.dry_run) return;
  {
    Transaction tx(*workspace_.db);
    for (const auto& account : run.accounts) tell_failure(account);
    workspace_.writer->put_run(run);
    tx.commit();
  }
  std::int64_t done = 0;
  const auto moved = [&] {
    if (observers.progress) observers.progress({"", "feed", ++done, 0, 0});
  };
  run.ok = write_feed_files(settings_, workspace_, log_, observers.stop, moved) && run.ok;
}

AccountSummary Composition::sync_account(const AccountSettings& account, const SyncOptions& options,
                                         const Observers& observers) {
  return observers.stop.stop_requested() ? never_begun(account) : cycle(account, options, observers);
}

AccountSummary Composition::cycle(const AccountSettings& account, const SyncOptions& options,
                                  const Observers& observers) {
  const std::stop_token& stop = observers.stop;
  if (!options.ignore_backoff)
    if (auto away = stayed_away(account)) return std::move(*away);
  const Policy policy = policy_for(account, options);
  auto summary = with_account(account, policy, observers, [&](Cycle& cycle, AccountConnection& connection) {
    SyncRun(cycle).run(stop);
    if (options.dry_run || stop.stop_requested()) return;
    read_plans_if_due(*workspace_.db, cycle.account, connection.plans(), clock_, log_, stop);
    read_collections(cycle, connection, stop);
    if (auto* source = connection.suggestions())
      read_suggestions(*workspace_.db, cycle.account, *source, clock_, log_, stop);
  });
  log_summary(summary, options);
  count_set_aside(summary);
  return summary;
}

/// What is set aside is left over as long as it is, not only when it is met first.
void Composition::count_set_aside(AccountSummary& summary) const {
  const auto rows = workspace_.catalog->pending(summary.name, PendingKind::kRejected);
  summary.items_rejected = std::max(summary.items_rejected, static_cast<std::int64_t>(rows.size()));
}

/// A failure is news once, until the account went well again.
void Composition::tell_failure(const AccountSummary& account) {
  if (!account.error || account.error->code == ErrorCode::kCancelled) return;
  const char* code = to_word(account.error->code);
  if (!is_new_failure(*workspace_.db, account.name, code)) return;
  Change change;
  change.type = EventType::kSyncFailed;
  change.provider = account.provider;
  change.account = account.name;
  change.fields = {code};
  workspace_.journal->append(std::move(change));
}

/// Which collections our assets are in, with the sidecars that say so.
void Composition::read_collections(Cycle& cycle, AccountConnection& connection, std::stop_token stop) {
  auto* source = connection.collections();
  const bool changed = source == nullptr ? forget_collections(cycle) : read_collections_if_due(cycle, *source, stop);
  if (!changed) return;
  if (auto written = SidecarWork(cycle).run(std::move(stop)); !written)
    log_.warning("collections.sidecars_later", {{"account", cycle.account}, {"reason", written.error().message}});
}

Result<VerifySummary> Composition::verify(const VerifyOptions& options, const ProgressSink& progress,
                                          std::stop_token stop) {
  auto summary =
      Verifier({*workspace_.db, *workspace_.catalog, *workspace_.writer, *workspace_.store, clock_, progress})
          .run(options, stop);
  if (!summary || !options.repair || summary->missing + summary->corrupt == 0) return summary;

  const SyncOptions as_asked;
  for (const auto& account : settings_.accounts) {
    const auto repaired = with_account(
        account, policy_for(account, as_asked), {progress, {}, stop}, [&](Cycle& cycle, AccountConnection&) {
          if (!cycle.provider.capabilities().free_refetch) return;
          SidecarWork sidecars(cycle);
          if (auto done = FileWork(cycle, sidecars, FileScope::kDamaged).run(stop); !done)
            cycle.summary.error = done.error();
        });
    if (repaired.error)
      log_.error("verify.repair_failed", {{"account", repaired.name}, {"reason", repaired.error->message}});
  }
  for (const auto& finding : summary->findings) {
    const auto file = workspace_.catalog->find_file_at(finding.path);
    if (file && file->state == FileState::kMirrored) ++summary->repaired;
  }
  return summary;
}

Result<AdoptSummary> Composition::adopt(const AdoptOptions& options, const ProgressSink& progress,
                                        const AdoptSink& tell, std::stop_token stop) {
  if (!options.account.empty())
    if (auto known = check_accounts({options.account}); !known) return known.error();

  const Policy policy = house_policy();
  std::vector<std::unique_ptr<AccountConnection>> connections;
  std::deque<Cycle> cycles;  // whose places stay
  Adopter::Parts parts{{}, settings_.store.root.string(), settings_.store.min_free, progress, tell};
  for (const auto& account : settings_.accounts) {
    const auto& [name, provider] = std::tie(account.provider.account, account.provider.provider);
    if (!options.account.empty() && name != options.account) continue;
    if (auto same = check_provider(*workspace_.db, name, provider); !same) return same.error();
    auto connection = make_offline_connection(name, provider);
    if (!connection) return connection.error();
    connections.push_back(std::move(*connection));
    cycles.push_back(make_cycle(name, *connections.back(), policy, {progress, {}, stop}));
    parts.accounts.push_back(&cycles.back());
  }
  return Adopter(std::move(parts), options).run(stop);
}

Status Composition::check_accounts(const std::vector<std::string>& names) const {
  for (const auto& name : names) {
    const bool known = std::any_of(settings_.accounts.begin(), settings_.accounts.end(),
                                   [&](const AccountSettings& a) { return a.provider.account == name; });
    if (!known)
      return make_error(ErrorCode::kUsage,
                        fmt::format("no [[account]] is named '{}' in {}", name, settings_.file.string()));
  }
  return {};
}

/// One line a cycle, and none when nothing happened, not even that it goes again. What the account met is an error, but
/// for a stop.
void Composition::log_summary(const AccountSummary& s, const SyncOptions& options) {
  const auto happened = s.licenses_new + s.licenses_vanished + s.assets_updated + s.assets_withdrawn +
                        s.files_mirrored + s.files_failed + s.files_blocked + s.assets_failed + s.items_rejected;
  const bool failed = s.error && s.error->code != ErrorCode::kCancelled;
  const auto recovered = [&] {
    const auto& before = options.after_failure;
    return std::find(before.begin(), before.end(), s.name) != before.end() || last_failure(*workspace_.db, s.name);
  };
  const bool told = happened > 0 || s.error || recovered();
  const auto level = failed ? LogLevel::kError : told ? LogLevel::kInfo : LogLevel::kDebug;
  log_.write(level, "sync.finished",
             {{"account", s.name},
              {"licenses_new", std::to_string(s.licenses_new)},
              {"assets_updated", std::to_string(s.assets_updated)},
              {"assets_withdrawn", std::to_string(s.assets_withdrawn)},
              {"files_mirrored", std::to_string(s.files_mirrored)},
              {"files_failed", std::to_string(s.files_failed)},
              {"files_blocked", std::to_string(s.files_blocked)},
              {"bytes", std::to_string(s.bytes)},
              {"calls", std::to_string(s.calls_free + s.calls_spending)},
              {"error", s.error ? s.error->message : "none"}});
}

}  // namespace damsync
