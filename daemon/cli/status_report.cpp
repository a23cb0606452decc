#include "daemon/cli/status_report.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <fstream>

#include "daemon/cli/json_fields.h"
#include "daemon/deliveries.h"
#include "daemon/schedule/scheduler.h"
#include "daemon/service/nights.h"
#include "daemon/version.h"
#include "daemon/workspace.h"
#include "storage/base/units.h"
#include "storage/catalog/account_book.h"
#include "sync/quota/budget.h"

namespace damsync {
namespace {

constexpr std::int64_t kRunsLookedAt = 100;  ///< how many that were stopped may follow each other
/// How often a change is tried within some minutes: it is more than bad luck then.
constexpr int kTriedOften = 3;

std::optional<std::int64_t> free_bytes_of(const std::filesystem::path& root) {
  struct statvfs info {};
  if (::statvfs(root.c_str(), &info) != 0) return std::nullopt;
  return static_cast<std::int64_t>(info.f_bavail) * static_cast<std::int64_t>(info.f_frsize);
}

std::string last_error_of(const Catalog& catalog, const std::string& account,
                          const std::vector<StatusReport::Stream>& streams) {
  for (const auto& stream : streams)
    if (!stream.row.last_error.empty()) return stream.row.last_error;
  std::string error;
  ListFilter newest;
  newest.account = account;
  newest.limit = kRunsLookedAt;
  catalog.list_runs(newest, [&](const RunSummary& run) {
    bool stopped = false;  // tells nothing about the account
    for (const auto& summary : run.accounts) {
      if (summary.name != account || !summary.error) continue;
      stopped = summary.error->code == ErrorCode::kCancelled;
      if (!stopped) error = summary.error->message;
    }
    return stopped;
  });
  return error;
}

StatusReport::Account read_account(const Catalog& catalog, const ProviderSettings& settings, UtcTime now) {
  StatusReport::Account out;
  out.name = settings.account;
  out.provider = settings.provider;
  out.counts = catalog.counts(settings.account);
  for (const StreamRow& row : catalog.streams()) {
    if (row.account != out.name) continue;
    StatusReport::Stream stream{row, std::nullopt, 0};
    if (row.last_ok_at) stream.lag = std::max(Millis(0), Millis(now - *row.last_ok_at));
    // What is wanted follows from what was listed: files from licenses, metadata from updates.
    if (row.name == "licenses") stream.backlog = out.counts.files_open;
    if (row.name == "updates") stream.backlog = std::max<std::int64_t>(0, out.counts.backlog - out.counts.files_open);
    out.streams.push_back(std::move(stream));
  }
  const auto rejected = static_cast<std::int64_t>(catalog.pending(out.name, PendingKind::kRejected).size());
  out.failing = std::max<std::int64_t>(0, out.counts.quarantined - rejected);
  out.last_error = last_error_of(catalog, out.name, out.streams);
  return out;
}

/// What success may be asked for.
struct Lateness {
  UtcTime now{};
  Millis late_after{0};
  Polling polling = Polling::kByNobody;

  /// An account may take as long for its first success as for any other.
  [[nodiscard]] bool is_due(const std::optional<UtcTime>& known_since) const {
    return known_since ? now - *known_since > late_after : polling == Polling::kByNobody;
  }
};

void judge(StatusReport::Account& account, const Lateness& lateness, std::vector<std::string>& problems) {
  const auto stale = [&](std::string why) {
    account.stale = true;
    problems.push_back(fmt::format("STALE_PROVIDER account {}: {}", account.name, why));
  };
  const bool due = lateness.is_due(account.known_since);
  if (account.streams.empty() && due) stale("never polled");
  for (const auto& stream : account.streams) {
    if (stream.lag ? *stream.lag <= lateness.late_after : !due) continue;
    stale(stream.lag ? fmt::format("stream {} is {} behind", stream.row.name, format_duration(*stream.lag))
                     : fmt::format("stream {} never reached its end", stream.row.name));
  }
  if (!account.last_error.empty()) problems.push_back(fmt::format("account {}: {}", account.name, account.last_error));
  if (account.failing > 0)
    problems.push_back(
        fmt::format("account {}: {} items failed and wait for another try", account.name, account.failing));
}

Json json_of(const std::vector<Plan>& plans) {
  Json out = Json::array();
  for (const auto& plan : plans)
    out.push(Json::object({{"plan_id", plan.plan_id},
                           {"description", json_text(plan.description)},
                           {"license_type", json_text(plan.license_type)},
                           {"limit", plan.limit},
                           {"left", plan.left},
                           {"period_ends_at", json_time(plan.period_ends_at)},
                           {"expires_at", json_time(plan.expires_at)}}));
  return out;
}

Json json_of(const StatusReport::Account& account) {
  Json streams = Json::array();
  for (const auto& stream : account.streams)
    streams.push(Json::object({{"name", stream.row.name},
                               {"cursor", json_text(stream.row.cursor)},
                               {"last_ok_at", json_time(stream.row.last_ok_at)},
                               {"lag_s", stream.lag ? Json(std::int64_t{stream.lag->count() / 1000}) : Json()},
                               {"backlog", stream.backlog},
                               {"last_full_at", json_time(stream.row.last_full_at)},
                               {"last_error", json_text(stream.row.last_error)}}));
  const AccountCounts& c = account.counts;
  return Json::object({{"name", account.name},
                       {"provider", account.provider},
                       {"streams", std::move(streams)},
                       {"stale", account.stale},
                       {"quarantined", c.quarantined},
                       {"last_error", json_text(account.last_error)},
                       {"plans", json_of(account.plans)},
                       {"assets_active", c.assets_active},
                       {"assets_withdrawn", c.assets_withdrawn},
                       {"assets_unknown", c.assets_unknown},
                       {"licenses_held", c.licenses_held},
                       {"licenses_vanished", c.licenses_vanished},
                       {"files_mirrored", c.files_mirrored},
                       {"files_open", c.files_open},
                       {"files_blocked", c.files_blocked},
                       {"files_unpaid", account.files_unpaid},
                       {"spends_open", account.spends_open},
                       {"spends_parked", account.spends_parked}});
}

/// A cycle that failed may have left no trace in the catalog, which may be what it could not write to.
void add_cycle(StatusReport& report, const CycleVitals& cycle) {
  if (cycle.result != CycleResult::kFailed || !cycle.error) return;
  for (auto& account : report.accounts) {
    if (account.name != cycle.account || !account.last_error.empty()) continue;
    account.last_error = cycle.error->message;
    report.problems.push_back(fmt::format("account {}: {}", account.name, account.last_error));
  }
}

/// `db` null: there is no catalog yet. Looks at the accounts that the settings name.
StatusReport make_status(const Settings& settings, Database* db, UtcTime now, Polling polling) {
  StatusReport report;
  const Lateness lateness{now, Scheduler::make(settings.schedule).value().late_after(now), polling};
  for (const auto& account : settings.accounts) {
    const ProviderSettings& p = account.provider;
    if (db != nullptr) {
      report.accounts.push_back(read_account(Catalog(*db), p, now));
      report.accounts.back().known_since = known_since(*db, p.account);
    } else {
      report.accounts.emplace_back();
      report.accounts.back().name = p.account;
      report.accounts.back().provider = p.provider;
    }
    judge(report.accounts.back(), lateness, report.problems);
  }
  if (db != nullptr) {
    const Catalog catalog(*db);
    report.store = catalog.store_totals();
    report.coverage = catalog.coverage();
    if (const auto problem = store_problem(catalog, settings.store.root); !problem.empty())
      report.problems.push_back(fmt::format("store {}: {}", settings.store.root.string(), problem));
  }
  report.free_bytes = free_bytes_of(settings.store.root);
  return report;
}

}  // namespace

/// The sentinel is read without the store's own code, which would take its lock.
std::string store_problem(const Catalog& catalog, const std::filesystem::path& root) {
  const std::string id = catalog.setting(kStoreIdSetting);
  if (id.empty()) return "";
  std::ifstream sentinel(root / ".damsync" / "sentinel");
  std::string line;
  if (!std::getline(sentinel, line)) return "the store's sentinel cannot be read; is its disk mounted?";
  return line == id ? "" : "the store belongs to another catalog";
}

void add_spending(StatusReport& report, const Catalog& catalog, const SpendLedger& ledger) {
  for (auto& account : report.accounts) {
    for (const auto& row : ledger.open_rows(account.name)) {
      ++account.spends_open;
      if (row.parked()) ++account.spends_parked;
    }
    account.files_unpaid = count_unpaid(catalog, account.name);
    if (account.spends_parked > 0)
      report.problems.push_back(
          fmt::format("account {}: {} spending calls wait for a person, see `damsync list spends --state open`",
                      account.name, account.spends_parked));
  }
}

void add_daemon(StatusReport& report, VitalsView view) {
  for (const auto& cycle : view.cycles) add_cycle(report, cycle);
  for (const auto& worker : view.workers)
    if (worker.stuck())
      report.problems.push_back(fmt::format("the daemon's worker {} has not moved for {} while {}", worker.name,
                                            format_duration(worker.still_for), worker.doing));
  if (!view.settings_error.empty())
    report.problems.push_back("the daemon keeps its old settings: " + view.settings_error);
  report.daemon = std::move(view);
}

void add_silent_daemon(StatusReport& report, const Error& why) {
  constexpr std::string_view kProblem = "the daemon does not answer";
  const bool says_so = why.message.starts_with(kProblem);
  report.problems.push_back(says_so ? why.message : fmt::format("{}: {}", kProblem, why.message));
  report.daemon_silent = true;
}

StatusReport read_status(const Settings& settings, Database* db, UtcTime now, Polling polling) {
  if (db == nullptr) return make_status(settings, nullptr, now, polling);
  const Catalog catalog(*db);
  StatusReport report = make_status(settings, db, now, polling);
  add_spending(report, catalog, SpendLedger(*db));
  add_plans(report, PlanBook(*db), now);
  add_receivers(report, *db, settings);
  add_nights(report, catalog);
  return report;
}

void add_nights(StatusReport& report, const Catalog& catalog) {
  for (const auto job : night_jobs()) {
    report.nights.push_back({to_word(job), catalog.setting(night_problem_key(job))});
    if (const auto& problem = report.nights.back().problem; !problem.empty())
      report.problems.push_back(fmt::format("the nightly {} of {}", to_word(job), problem));
  }
}

void add_receivers(StatusReport& report, Database& db, const Settings& settings) {
  const Outbox outbox(db);
  for (const auto& row : outbox.receivers()) {
    if (filter_of(settings, row.receiver) == nullptr) continue;
    StatusReport::Receiver receiver{row.receiver, undelivered(db, settings, row),
                                    outbox.count(row.receiver, DeliveryState::kDead), row.disabled_at.has_value(),
                                    row.failing_since};
    if (receiver.dead > 0)
      report.problems.push_back(fmt::format("receiver {}: {} deliveries were given up, see `damsync deliveries list`",
                                            row.receiver, receiver.dead));
    if (receiver.disabled)
      report.problems.push_back(fmt::format(
          "receiver {0}: it asked to be told nothing any more; `damsync deliveries retry --all --receiver {0}`",
          row.receiver));
    else if (receiver.failing_since)
      report.problems.push_back(fmt::format("receiver {}: failing since {}: {}", row.receiver,
                                            format_rfc3339(*receiver.failing_since), row.reason));
    if (const auto stuck = outbox.count_tried(row.receiver, kTriedOften); stuck > 0 && !row.failing_since)
      report.problems.push_back(fmt::format(
          "receiver {}: {} deliveries failed again and again, see `damsync deliveries list`", row.receiver, stuck));
    report.receivers.push_back(std::move(receiver));
  }
}

std::int64_t count_unpaid(const Catalog& catalog, const std::string& account) {
  ListFilter blocked;
  blocked.account = account;
  blocked.state = to_word(FileState::kBlocked);
  std::int64_t count = 0;
  catalog.list_files(blocked, [&](const FileRow& file) { return count += file.reason == kWouldConsumeQuota, true; });
  return count;
}

void add_plans(StatusReport& report, const PlanBook& book, UtcTime now) {
  for (auto& account : report.accounts)
    for (auto& plan : book.plans(account.name))
      if (!plan.expires_at || *plan.expires_at > now) account.plans.push_back(std::move(plan));
}

Json daemon_json_of(const StatusReport& report) {
  Json problems = Json::array();
  for (const auto& problem : report.problems) problems.push(problem);
  return Json::object({{"version", kVersion},
                       {"daemon", report.daemon ? json_of(*report.daemon) : Json()},
                       {"healthy", report.healthy()},
                       {"problems", std::move(problems)}});
}

Json json_of(const StatusReport& report) {
  Json accounts = Json::array(), coverage = Json::array(), problems = Json::array(), receivers = Json::array();
  for (const auto& receiver : report.receivers)
    receivers.push(Json::object({{"receiver", receiver.name},
                                 {"waiting", receiver.waiting},
                                 {"dead", receiver.dead},
                                 {"disabled", receiver.disabled},
                                 {"failing_since", json_time(receiver.failing_since)}}));
  for (const auto& account : report.accounts) accounts.push(json_of(account));
  for (const auto& row : report.coverage)
    coverage.push(Json::object(
        {{"account", row.account}, {"stream", row.stream}, {"from", json_time(row.from)}, {"to", json_time(row.to)}}));
  for (const auto& problem : report.problems) problems.push(problem);
  return Json::object({{"version", kVersion},
                       {"accounts", std::move(accounts)},
                       {"store", Json::object({{"files", report.store.files},
                                               {"bytes", report.store.bytes},
                                               {"free_bytes", report.free_bytes},
                                               {"oldest_verified_at", json_time(report.store.oldest_verified_at)}})},
                       {"receivers", std::move(receivers)},
                       {"coverage", std::move(coverage)},
                       {"next", json_of(report.daemon ? report.daemon->next : std::vector<NextJob>())},
                       {"daemon", report.daemon ? json_of(*report.daemon) : Json()},
                       {"healthy", report.healthy()},
                       {"problems", std::move(problems)}});
}

}  // namespace damsync
