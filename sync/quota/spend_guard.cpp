#include "sync/quota/spend_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

std::string name_of(const SpendRow& row) {
  return fmt::format("spend {} of {}", row.spend_id, format_rfc3339(std::chrono::floor<std::chrono::seconds>(row.at)));
}

Error gone(const SpendRow& row, std::string_view why) {
  return make_error(ErrorCode::kGone,
                    fmt::format("already paid for by {}, {}; it is never paid for again: fetch the file "
                                "from the provider by hand and let `damsync adopt` take it in",
                                name_of(row), why));
}

Error trace(const SpendRow& row) {
  return make_error(ErrorCode::kGone, fmt::format("this row of the history is most likely our own {}, made for license "
                                                  "{}: it is not paid for again; if it is another purchase, let "
                                                  "`damsync adopt` take its file in",
                                                  name_of(row), row.license_id));
}

Error unsettled(const SpendRow& row, const std::string& account) {
  const std::string decide = fmt::format("decide by `damsync spend settle|forget {} --reason TEXT`", row.spend_id);
  const std::string next =
      row.parked() ? fmt::format("parked ({}): {}", row.parked_reason, decide)
      : row.account != account
          ? fmt::format("account {} made the call and settles it; if that is gone, {}", row.account, decide)
          : "the provider's history is going to tell";
  return make_error(ErrorCode::kUnknownOutcome, fmt::format("the outcome of {} is not known: {}", name_of(row), next));
}

bool same_thing(const LicenseRow& license, const SpendRow& row) {
  return license.license_id == row.license_id || (license.size == row.size && license.format == row.format);
}

/// A JPEG seldom needs more than a byte a pixel.
std::int64_t expected_bytes(const std::vector<Rendition>& renditions) {
  std::int64_t most = 0;
  for (const auto& r : renditions) most = std::max(most, r.width.value_or(0) * r.height.value_or(0));
  return most;
}

}  // namespace

Result<DownloadSource> SpendGuard::acquire(const LicenseRow& license, const AcquireOptions& options,
                                           std::stop_token stop) {
  const Rows rows = rows_of(license);
  auto known = claimed(license, rows);
  if (known || known.error().code != ErrorCode::kNotFound) return known;
  if (auto allowed = check_rules(options); !allowed) return allowed.error();
  if (auto news = check_not_had(parts_.catalog, license); !news) return news.error();
  if (auto open = check_guards(); !open) return open.error();
  if (auto possible = parts_.provider.may_acquire(license, options, stop); !possible) return possible.error();
  const auto before = history_before(license, rows, stop);
  if (!before) return before.error();
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped before anything was spent");
  return spend(intent_for(license, *before), license, options, stop);
}

SpendGuard::Rows SpendGuard::rows_of(const LicenseRow& license) const {
  return parts_.ledger.of_asset(license.provider, license.asset_id);
}

SpendIntent SpendGuard::intent_for(const LicenseRow& license, const AssetHistory& history) const {
  return {.account = license.account,
          .asset_id = license.asset_id,
          .license_id = license.license_id,
          .size = license.size,
          .format = license.format,
          .product = license.license_type,
          .history_rows = history.rows,
          .at = parts_.clock.utc(),
          .service_at = history.as_of};
}

/// What keeps the account from paying, whatever for; once met, it holds until the cycle ends.
Status SpendGuard::check_guards() {
  if (paused_) return *paused_;
  auto open = parts_.mark.admit();
  if (open) open = parts_.brake.check(parts_.account);
  if (open) return open;
  if (open.error().code != ErrorCode::kGuard) return open;
  paused_ = make_error(ErrorCode::kRefusedByPolicy, open.error().message);
  return *paused_;
}

void SpendGuard::stop_paying(const std::string& reason) {
  parts_.log.error("spend.stopped", {{"account", parts_.account}, {"reason", reason}});
  parts_.brake.pull(parts_.account, reason);
}

/// What the ledger already says about this file. kNotFound: nothing; its asset was paid for in another size.
Result<DownloadSource> SpendGuard::claimed(const LicenseRow& license, const Rows& rows) const {
  for (const auto& row : rows) {
    if (row.open()) return unsettled(row, parts_.account);
    if (!row.claims()) continue;
    if (!same_thing(license, row)) {
      if (is_trace_of(license, row)) return trace(row);
      continue;
    }
    if (row.source.url.empty()) return gone(row, "but where the file is was never learnt");
    if (row.source.valid_until && *row.source.valid_until <= parts_.clock.utc())
      return gone(row, "but the link to the file has run out");
    return DownloadSource{row.source.url, row.source.format, row.source.valid_until};
  }
  return make_error(ErrorCode::kNotFound, "not paid for yet");
}

Status SpendGuard::check_rules(const AcquireOptions& options) const {
  SpendSituation situation;
  situation.calls_today = parts_.ledger.calls_since(parts_.account, parts_.rules.day_start(parts_.clock.utc()));
  situation.expected_bytes = expected_bytes(options.renditions);
  if (parts_.rules.may_consume) {
    const auto free = parts_.store.free_bytes();
    if (!free) return free.error();
    situation.free_bytes = *free;
  }
  return may_spend(parts_.rules, situation);
}

/// Without a readable history nothing is spent: there would be no way to settle it. One that shows less than the
/// catalog holds is not whole. One that has grown after we believed that nothing was spent may show that very call, so
/// a person looks first.
Result<AssetHistory> SpendGuard::history_before(const LicenseRow& license, const Rows& rows, std::stop_token stop) {
  const auto before = parts_.provider.spent_on(license.asset_id, std::move(stop));
  if (!before) return before;
  const auto held = licenses_held(parts_.catalog, license.account, license.asset_id);
  if (before->rows < held)
    return retryable(ErrorCode::kProtocol, fmt::format("the provider's history of the asset shows {} downloads and the "
                                                       "catalog holds {}: nothing is paid for before they agree",
                                                       before->rows, held));
  if (const SpendRow* believed = shaken_belief(rows, before->rows)) return shaken(license, *believed, *before);
  return before;
}

Error SpendGuard::shaken(const LicenseRow& license, const SpendRow& believed, const AssetHistory& history) {
  const SpendIntent intent = intent_for(license, history);
  const auto opening = parts_.ledger.open(intent, {parts_.rules.budget_per_day, parts_.rules.day_start(intent.at)});
  if (opening.answer == SpendOpening::Answer::kOpened)
    if (const auto row = parts_.ledger.find(opening.spend_id))
      park(*row,
           fmt::format("not asked: the history has grown since spend {} was believed unspent", believed.spend_id));
  return make_error(ErrorCode::kUnknownOutcome, fmt::format("the history of asset {} has grown since {}: a person must "
                                                            "decide",
                                                            license.asset_id, name_of(believed)));
}

Result<DownloadSource> SpendGuard::spend(const SpendIntent& intent, const LicenseRow& license,
                                         const AcquireOptions& options, std::stop_token stop) {
  const SpendAllowance allowance{parts_.rules.budget_per_day, parts_.rules.day_start(intent.at)};
  SpendOpening opening;
  crash_point("spend.before_intent");
#ifndef DAMSYNC_MUTANT_NO_INTENT
  opening = parts_.ledger.open(intent, allowance);
  if (opening.answer == SpendOpening::Answer::kClaimed)
    return make_error(ErrorCode::kUnknownOutcome, "another process is paying for this asset");
  if (opening.answer == SpendOpening::Answer::kOverBudget)
    return make_error(ErrorCode::kRefusedByPolicy, "the day's budget is used up (budget_per_day)");
  if (auto marked = mark_call(opening.spend_id, intent); !marked) return marked.error();
#endif
  crash_point("spend.intent_durable");
  auto answer =
      parts_.provider.acquire(SpendPermit(kSpendNote + std::to_string(opening.spend_id)), license, options, stop);
#ifdef DAMSYNC_MUTANT_BLIND_RETRY
  if (!answer && judge_call(answer.error()) == CallResult::kUnknown)
    answer = parts_.provider.acquire(SpendPermit("again"), license, options, stop);
#endif
  crash_point("spend.answered");
#ifdef DAMSYNC_MUTANT_NO_INTENT
  opening = parts_.ledger.open(intent, allowance);
#endif
  return returned(opening.spend_id, std::move(answer));
}

/// What a restored catalog will not know is noted outside of it, before the call goes out.
Status SpendGuard::mark_call(std::int64_t spend_id, const SpendIntent& intent) {
  crash_point("spend.intent_written");
  auto marked = parts_.mark.note(spend_id, intent);
  if (!marked)
    parts_.ledger.close_unspent(spend_id, SpendOutcome::kNotSpent, "never asked: " + marked.error().message,
                                parts_.clock.utc());
  return marked;
}

Result<DownloadSource> SpendGuard::returned(std::int64_t spend_id, Result<DownloadSource> answer) {
  const UtcTime now = parts_.clock.utc();
  const std::string id = std::to_string(spend_id);
  if (answer && answer->url.empty())
    answer = make_error(ErrorCode::kUnknownOutcome, "the provider's answer names no place of the file");
  if (answer) {
    parts_.ledger.close_spent(spend_id, {answer->url, answer->expected_format, answer->expires_at}, "", now);
    crash_point("spend.closed");
    parts_.log.info("spend.spent", {{"account", parts_.account}, {"spend", id}});
    return answer;
  }
  const Error& error = answer.error();
  const CallResult result = judge_call(error);
  parts_.log.warning("spend.not_answered", {{"account", parts_.account}, {"spend", id}, {"reason", error.message}});
  if (result == CallResult::kUnknown) {
    parts_.ledger.note_unknown(spend_id, error.message, now);
    crash_point("spend.unknown_noted");
    Error unknown = make_error(ErrorCode::kUnknownOutcome,
                               fmt::format("the outcome of spend {} is not known: {}", id, error.message));
    return unknown;
  }
  const bool refused = result == CallResult::kRefused;
  parts_.ledger.close_unspent(spend_id, refused ? SpendOutcome::kRefused : SpendOutcome::kNotSpent, error.message, now);
  crash_point("spend.closed");
  const bool about_account = error.code == ErrorCode::kRefusedByPolicy || error.code == ErrorCode::kThrottled ||
                             error.code == ErrorCode::kUnauthorized;
  if (refused && about_account) paused_ = error;
  // What the provider does not have any more will not be there the next time either.
  if (refused && error.code == ErrorCode::kNotFound) return make_error(ErrorCode::kGone, error.message);
  return answer;
}

Status SpendGuard::settle(std::stop_token stop) {
  Status unread;
  for (const auto& row : parts_.ledger.open_rows(parts_.account)) {
    if (row.parked()) continue;
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    const auto history = parts_.provider.spent_on(row.asset_id, stop);
    if (history) {
      settle_row(row, *history);
      continue;
    }
    const Error& error = history.error();
    if (error.code == ErrorCode::kCancelled) return error;
    const bool for_good = error.retry == Retry::kNever && error.code != ErrorCode::kUnavailable;
    if (for_good) park(row, "the provider's history cannot be read: " + error.message);
    if (unread.ok()) unread = error;
  }
  return unread;
}

void SpendGuard::settle_row(const SpendRow& row, const AssetHistory& history) {
  const UtcTime now = parts_.clock.utc(), service_now = history.as_of.value_or(now);
  std::string seen = fmt::format("the history shows {} downloads, {} before", history.rows, row.history_rows);
  HistoryVerdict verdict = judge_history(row, history, service_now);
  if (verdict != HistoryVerdict::kSpent && is_listed(row)) {
    verdict = HistoryVerdict::kSpent;
    seen = "a download of the asset is listed since";
  }
  switch (verdict) {
    case HistoryVerdict::kSpent:
      if (history.rows > row.history_rows + 1)
        parts_.log.error("spend.more_than_one", {{"account", parts_.account}, {"asset", row.asset_id}, {"seen", seen}});
      parts_.ledger.close_spent(row.spend_id, {}, "its answer was lost; " + seen, now);
      break;
    case HistoryVerdict::kNotSpent:
      parts_.ledger.close_unspent(row.spend_id, SpendOutcome::kNotSpent, seen + ", looked at twice", now);
      break;
    case HistoryVerdict::kUnclear: park(row, seen); break;
    case HistoryVerdict::kLookAgain:
      // A clock that was set back must not make the wait endless.
      if (!row.looked_at || *row.looked_at > service_now) parts_.ledger.note_look(row.spend_id, service_now);
      break;
  }
  crash_point("spend.settled");
}

/// The list of all downloads may know of it before the history of the asset does.
bool SpendGuard::is_listed(const SpendRow& row) const {
  const auto licenses = parts_.catalog.licenses_of(row.account, row.asset_id);
  return std::any_of(licenses.begin(), licenses.end(),
                     [&](const LicenseRow& license) { return is_trace_of(license, row); });
}

void SpendGuard::park(const SpendRow& row, const std::string& reason) {
  parts_.ledger.park(row.spend_id, reason);
  crash_point("spend.parked");
  parts_.log.error("spend.parked", {{"account", parts_.account},
                                    {"spend", std::to_string(row.spend_id)},
                                    {"asset", row.asset_id},
                                    {"reason", reason}});
}

}  // namespace damsync
