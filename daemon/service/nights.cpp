#include "daemon/service/nights.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "daemon/cli/progress_line.h"
#include "daemon/jobs/audit_job.h"
#include "storage/base/time.h"
#include "storage/base/units.h"
#include "storage/catalog/maintenance.h"
#include "storage/sqlite/disk_full.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWorker = "nightly";
constexpr Millis kRetry = std::chrono::minutes(30);
constexpr Millis kPatience = std::chrono::hours(2);  ///< SQLite copies and checks a large catalog in one call
constexpr std::size_t kMostMissed = 31;
constexpr std::chrono::days kCheckEvery{7};
constexpr NightJob kOrder[] = {NightJob::kAudit, NightJob::kBackup, NightJob::kCheck, NightJob::kVerify};

std::string key_of(NightJob job) { return fmt::format("nights_{}", to_word(job)); }

std::string backup_prefix(const fs::path& catalog) { return catalog.filename().string() + ".backup-"; }

}  // namespace

const char* to_word(NightJob job) noexcept {
  switch (job) {
    case NightJob::kAudit: return "audit";
    case NightJob::kBackup: return "backup";
    case NightJob::kCheck: return "check";
    case NightJob::kVerify: return "verify";
  }
  return "verify";
}

std::span<const NightJob> night_jobs() noexcept { return kOrder; }

std::string night_problem_key(NightJob job) { return key_of(job) + "_problem"; }

Nights::Nights(Workspace& workspace, Jobs& jobs, Vitals& vitals, Clock& clock, Log& log)
    : workspace_(workspace), jobs_(jobs), vitals_(vitals), clock_(clock), log_(log) {
  for (const NightJob job : kOrder) {
    Entry entry{job, NightBook::parse(workspace_.catalog->setting(key_of(job))), {}};
    entries_.push_back(std::move(entry));
    promise(entries_.back(), clock_.utc());
  }
  vitals_.resting(kWorker, "waiting");
}

Nightly Nights::times_of(NightJob job) const {
  const auto settings = jobs_.in_force();
  return job == NightJob::kAudit ? settings->scheduler.audit() : settings->scheduler.verify();
}

/// Every night is promised from a first one on. A book that begins in the future, where a wrong clock once was,
/// promises none of those until then.
void Nights::promise(Entry& entry, UtcTime now) {
  const Day latest = times_of(entry.job).latest(now);
  if (entry.book.latest_until(latest)) return;
  entry.book.add(latest);
  try {
    put_book(entry);
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;  // it is added again by the next process
  }
}

Nights::Entry& Nights::entry_of(NightJob job) {
  return *std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.job == job; });
}

std::optional<Day> Nights::due_night(const Entry& entry, UtcTime now) const {
  // Every date of the last month has its report; what else was missed needs no making up.
  const std::size_t most = entry.job == NightJob::kAudit ? kMostMissed : 1;
  const auto missed = times_of(entry.job).missed(entry.book, now, most);
  if (missed.empty()) return std::nullopt;
  const auto last = entry.book.latest_until(missed.front());
  if (entry.job == NightJob::kCheck && last && missed.front() - *last < kCheckEvery) return std::nullopt;
  return missed.front();
}

/// Nights that are too far back for a report of their own, each told once.
void Nights::warn_of_lost(const Entry& entry, UtcTime now) {
  const Nightly times = times_of(entry.job);
  const auto last = entry.book.latest_until(times.latest(now));
  const auto missed = times.missed(entry.book, now, kMostMissed);
  if (!last || missed.size() < kMostMissed || missed.front() - *last <= std::chrono::days(1)) return;
  const Day first = *last + std::chrono::days(1), end = missed.front() - std::chrono::days(1);
  if (std::exchange(warned_until_, end) == end) return;
  log_.warning("nights.skipped", {{"job", to_word(entry.job)},
                                  {"from", format_date(first)},
                                  {"until", format_date(end)},
                                  {"reason", fmt::format("more than {} nights were missed", kMostMissed)}});
}

std::optional<Nights::Due> Nights::due(const Now& now) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) promise(entry, now.utc);
  warn_of_lost(entry_of(NightJob::kAudit), now.utc);
  for (const Entry& entry : entries_) {
    if (entry.not_before && *entry.not_before > now.steady) continue;
    if (const auto night = due_night(entry, now.utc)) return Due{entry.job, *night};
  }
  return std::nullopt;
}

std::vector<NextJob> Nights::next(const Now& now) const {
  const std::lock_guard lock(mutex_);
  std::vector<NextJob> out;
  for (const Entry& entry : entries_) {
    UtcTime at = times_of(entry.job).next(entry.book, now.utc);
    if (entry.job == NightJob::kCheck)
      if (const auto last = entry.book.latest_until(times_of(entry.job).latest(now.utc)))
        at = std::max(at, times_of(entry.job).due(*last + kCheckEvery));
    if (due_night(entry, now.utc))
      at = now.utc + (entry.not_before ? std::max(Millis(0), std::chrono::ceil<Millis>(*entry.not_before - now.steady))
                                       : Millis(0));
    out.push_back({to_word(entry.job), at});
  }
  return out;
}

Status Nights::run(const Due& due, const std::stop_token& stop) {
  Status outcome;
  std::string problem;
  {
    Pulse pulse(vitals_, kWorker, fmt::format("{} of {}", to_word(due.job), format_date(due.night)), kPatience);
    try {
      outcome = work(due, pulse, stop, problem);
      if (outcome) done(due, problem);
    } catch (const DatabaseError& error) {
      if (!is_disk_full(error)) throw;
      outcome = make_error(ErrorCode::kStorage, error.what());
    }
  }
  if (outcome || stop.stop_requested()) return {};
  log_.error("night.failed", {{"job", to_word(due.job)},
                              {"night", format_date(due.night)},
                              {"code", to_word(outcome.error().code)},
                              {"reason", outcome.error().message}});
  const ErrorCode code = outcome.error().code;
  if (code == ErrorCode::kDamaged || code == ErrorCode::kInternal) return outcome;
  put_problem(due, outcome.error().message);
  const std::lock_guard lock(mutex_);
  entry_of(due.job).not_before = clock_.steady() + kRetry;
  return {};
}

void Nights::done(const Due& due, const std::string& problem) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(due.job);
  entry.book.add(due.night);
  entry.not_before.reset();
  put_book(entry);
  put_problem(due, problem);
}

/// A full disk must not keep the daemon from going on: the log has it as well.
void Nights::put_problem(const Due& due, const std::string& problem) {
  const auto text = problem.empty() ? problem : fmt::format("{}: {}", format_date(due.night), problem);
  if (workspace_.catalog->setting(night_problem_key(due.job)) == text) return;
  try {
    Transaction tx(*workspace_.db);
    workspace_.writer->put_setting(night_problem_key(due.job), text);
    tx.commit();
  } catch (const DatabaseError& error) {
    if (!is_disk_full(error)) throw;
  }
}

void Nights::put_book(const Entry& entry) {
  Transaction tx(*workspace_.db);
  workspace_.writer->put_setting(key_of(entry.job), entry.book.text());
  tx.commit();
}

Status Nights::work(const Due& due, Pulse& pulse, const std::stop_token& stop, std::string& problem) {
  switch (due.job) {
    case NightJob::kAudit: return audit(due.night, pulse, stop, problem);
    case NightJob::kBackup: return backup(due.night);
    case NightJob::kCheck: return check();
    case NightJob::kVerify: return verify(pulse, stop);
  }
  return {};
}

Status Nights::audit(Day night, Pulse& pulse, const std::stop_token& stop, std::string& problem) {
  const auto settings = jobs_.in_force();
  AuditOptions options;
  options.report_date = night;
  options.others_write = true;
  options.config_sha256 = settings->sha256;
  const auto outcome = run_audit(
      settings->settings, &workspace_, options, clock_, log_,
      [&](const Progress& now) { pulse.beat(progress_text(now)); }, stop);
  if (!outcome) return outcome.error();
  problem = outcome->command_error;
  return {};
}

/// Through a reader of its own, so that nobody waits for the copy.
Status Nights::backup(Day night) {
  const auto settings = jobs_.in_force();
  if (settings->settings.catalog.backups == 0) return {};
  const fs::path& catalog = settings->settings.catalog.path;
  const fs::path target = catalog.parent_path() / (backup_prefix(catalog) + format_date(night));
  std::error_code unknown;
  if (fs::exists(fs::symlink_status(target, unknown))) return {};
  const auto needed = static_cast<std::int64_t>(fs::file_size(catalog, unknown));
  const auto free = static_cast<std::int64_t>(fs::space(catalog.parent_path(), unknown).available);
  if (!unknown && free < 2 * needed)
    return make_error(ErrorCode::kLowSpace, fmt::format("no backup of the catalog: {} free beside it, {} needed",
                                                        format_size(free), format_size(2 * needed)));
  const auto reader = Database::open(catalog, OpenMode::kRead);
  if (!reader) return reader.error();
  if (auto copied = backup_catalog(**reader, target, clock_.utc()); !copied) return copied;
  prune_backups(settings->settings.catalog.backups);
  log_.info("catalog.backed_up", {{"file", target.string()}, {"bytes", std::to_string(needed)}});
  return {};
}

/// Only names that this daemon gives are ever removed.
void Nights::prune_backups(std::int64_t keep) {
  const fs::path catalog = jobs_.in_force()->settings.catalog.path;
  const std::string prefix = backup_prefix(catalog);
  std::vector<fs::path> copies;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(catalog.parent_path(), failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(prefix) && parse_date(name.substr(prefix.size()))) copies.push_back(entry.path());
  }
  std::sort(copies.begin(), copies.end(), std::greater<>());
  for (auto at = static_cast<std::size_t>(keep); at < copies.size(); ++at) fs::remove(copies[at], failed);
}

Status Nights::check() {
  const auto reader = Database::open(jobs_.in_force()->settings.catalog.path, OpenMode::kRead);
  if (!reader) return reader.error();
  const auto findings = check_catalog(**reader);
  for (const auto& finding : findings) log_.error("catalog.damaged", {{"finding", finding}});
  if (findings.empty()) return {};
  return make_error(ErrorCode::kDamaged,
                    fmt::format("the catalog is damaged ({} findings); nothing was changed, see `damsync db restore`",
                                findings.size()));
}

/// A share of the files, those verified longest ago first, and all that are older than promised.
Status Nights::verify(Pulse& pulse, const std::stop_token& stop) {
  const auto settings = jobs_.in_force();
  const auto& schedule = settings->settings.schedule;
  VerifyOptions options;
  options.sample = 1.0 / static_cast<double>(schedule.verify_days);
  options.verified_before = clock_.utc() - std::chrono::days(schedule.verify_days);
  options.time_limit = schedule.verify_budget;
  options.others_write = true;
  const auto summary = Composition(settings->settings, workspace_, clock_, log_)
                           .verify(
                               options, [&](const Progress& now) { pulse.beat(progress_text(now)); }, stop);
  if (!summary) return summary.error();
  const bool sound = summary->findings.empty();
  for (const auto& finding : summary->findings)
    log_.warning("verify.finding", {{"code", finding.code}, {"asset", finding.asset_id}, {"path", finding.path}});
  log_.write(sound ? LogLevel::kInfo : LogLevel::kWarning, "verify.finished",
             {{"checked", std::to_string(summary->checked)},
              {"missing", std::to_string(summary->missing)},
              {"corrupt", std::to_string(summary->corrupt)},
              {"orphans", std::to_string(summary->orphans)}});
  return {};
}

}  // namespace damsync
