#include "sync/quota/spend_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/base/crash_point.h"
#include "storage/base/time.h"

namespace damsync {
namespace {

/// How far the provider's clock may be behind ours when it dates our own download.
constexpr Millis kClockSlack = std::chrono::minutes(15);

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

Error unsettled(const SpendRow& row) {
  const std::string next = row.parked()
                               ? fmt::format("parked ({}): decide by `damsync spend settle|forget {} --reason TEXT`",
                                             row.parked_reason, row.spend_id)
                               : "the provider's history is going to tell";
  return make_error(ErrorCode::kUnknownOutcome, fmt::format("the outcome of {} is not known: {}", name_of(row), next));
}

/// A download of ours shows up in the provider's history as one more license of the asset; paying for that one would
/// make yet another, without end.
bool is_trace_of(const LicenseRow& license, const SpendRow& row) {
  return row.claims() && license.license_id != row.license_id &&
         (license.first_seen_at >= row.at || license.licensed_at >= row.at - kClockSlack);
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

SpendIntent intent_for(const LicenseRow& license, std::int64_t history_rows, UtcTime now) {
  SpendIntent intent;
  intent.account = license.account;
  intent.asset_id = license.asset_id;
  intent.license_id = license.license_id;
  intent.size = license.size;
  intent.format = license.format;
  intent.product = license.license_type;
  intent.history_rows = history_rows;
  intent.at = now;
  return intent;
}

}  // namespace

CallResult judge_call(const Error& error) noexcept {
  const bool documented = error.http_status >= 400 && error.http_status < 500;
  if (error.http_status != 0 && !documented) return CallResult::kUnknown;
  switch (error.code) {
    case ErrorCode::kThrottled:
    case ErrorCode::kUnauthorized:
    case ErrorCode::kNotFound:
    case ErrorCode::kGone:
    case ErrorCode::kInvalid:
    case ErrorCode::kRefusedByPolicy: return documented ? CallResult::kRefused : CallResult::kNotSent;
    case ErrorCode::kUnavailable:
    case ErrorCode::kCancelled:
    case ErrorCode::kSettings: return documented ? CallResult::kUnknown : CallResult::kNotSent;
    default: return CallResult::kUnknown;
  }
}

HistoryVerdict judge_history(const SpendRow& row, std::int64_t rows_now, UtcTime now) noexcept {
  if (rows_now > row.history_rows) return HistoryVerdict::kSpent;
  if (rows_now < row.history_rows) return HistoryVerdict::kUnclear;
  const bool late_enough = row.looked_at && now - *row.looked_at >= kSettleTime;
  return late_enough ? HistoryVerdict::kNotSpent : HistoryVerdict::kLookAgain;
}

Result<DownloadSource> SpendGuard::acquire(const LicenseRow& license, const AcquireOptions& options,
                                           std::stop_token stop) {
  const auto rows = parts_.ledger.of_asset(parts_.account, license.asset_id);
  if (std::any_of(rows.begin(), rows.end(), [](const SpendRow& row) { return row.claims(); })) {
    auto known = claimed(license, rows);
    if (known || known.error().code != ErrorCode::kNotFound) return known;
  }
  if (auto allowed = check_rules(options); !allowed) return allowed.error();
  if (paused_) return *paused_;
  if (auto current = parts_.mark.admit(); !current) {
    if (current.error().code != ErrorCode::kGuard) return current.error();
    paused_ = make_error(ErrorCode::kRefusedByPolicy, current.error().message);
    return *paused_;
  }
  if (auto possible = parts_.provider.may_acquire(license, stop); !possible) return possible.error();
  const auto before = history_before(license, rows, stop);
  if (!before) return before.error();
  if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped before anything was spent");
  return spend(intent_for(license, *before, parts_.clock.utc()), license, options, stop);
}

/// What the ledger already says about this file. kNotFound: nothing; its asset was paid for in another size.
Result<DownloadSource> SpendGuard::claimed(const LicenseRow& license, const std::vector<SpendRow>& rows) const {
  for (const auto& row : rows) {
    if (row.open()) return unsettled(row);
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

/// Without a readable history nothing is spent: there would be no way to settle it. A history that has grown after we
/// believed that nothing was spent may show that very call, so a person looks first.
Result<std::int64_t> SpendGuard::history_before(const LicenseRow& license, const std::vector<SpendRow>& rows,
                                                std::stop_token stop) {
  const auto before = parts_.provider.spent_on(license.asset_id, std::move(stop));
  if (!before || rows.empty()) return before;
  const SpendRow& last = rows.back();
  const bool believed_unspent = last.outcome == SpendOutcome::kNotSpent && last.looked_at && last.decided_by.empty();
  if (!believed_unspent || *before <= last.history_rows) return before;
  const UtcTime now = parts_.clock.utc();
  const auto opening =
      parts_.ledger.open(intent_for(license, *before, now), {parts_.rules.budget_per_day, parts_.rules.day_start(now)});
  if (opening.answer == SpendOpening::Answer::kOpened)
    if (const auto row = parts_.ledger.find(opening.spend_id))
      park(*row, fmt::format("not asked: the history has grown since spend {} was believed unspent", last.spend_id));
  return make_error(
      ErrorCode::kUnknownOutcome,
      fmt::format("the history of asset {} has grown since {}: a person must decide", license.asset_id, name_of(last)));
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
  if (auto marked = mark_call(opening.spend_id, intent.at); !marked) return marked.error();
#endif
  crash_point("spend.intent_durable");
  auto answer =
      parts_.provider.acquire(SpendPermit(fmt::format("damsync spend {}", opening.spend_id)), license, options, stop);
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
Status SpendGuard::mark_call(std::int64_t spend_id, UtcTime at) {
  crash_point("spend.intent_written");
  auto marked = parts_.mark.note(spend_id, at);
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
  return answer;
}

Status SpendGuard::settle(std::stop_token stop) {
  Status unread;
  for (const auto& row : parts_.ledger.open_rows(parts_.account)) {
    if (row.parked()) continue;
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    const auto rows_now = parts_.provider.spent_on(row.asset_id, stop);
    if (rows_now) {
      settle_row(row, *rows_now);
      continue;
    }
    const Error& error = rows_now.error();
    if (error.code == ErrorCode::kCancelled) return error;
    const bool for_good = error.retry == Retry::kNever && error.code != ErrorCode::kUnavailable;
    if (for_good) park(row, "the provider's history cannot be read: " + error.message);
    if (unread.ok()) unread = error;
  }
  return unread;
}

void SpendGuard::settle_row(const SpendRow& row, std::int64_t rows_now) {
  const UtcTime now = parts_.clock.utc();
  const std::string seen = fmt::format("the history shows {} downloads, {} before", rows_now, row.history_rows);
  switch (judge_history(row, rows_now, now)) {
    case HistoryVerdict::kSpent:
      if (rows_now > row.history_rows + 1)
        parts_.log.error("spend.more_than_one", {{"account", parts_.account}, {"asset", row.asset_id}, {"seen", seen}});
      parts_.ledger.close_spent(row.spend_id, {}, "its answer was lost; " + seen, now);
      break;
    case HistoryVerdict::kNotSpent:
      parts_.ledger.close_unspent(row.spend_id, SpendOutcome::kNotSpent, seen + ", looked at twice", now);
      break;
    case HistoryVerdict::kUnclear: park(row, seen); break;
    case HistoryVerdict::kLookAgain:
      // A clock that was set back must not make the wait endless.
      if (!row.looked_at || *row.looked_at > now) parts_.ledger.note_look(row.spend_id, now);
      break;
  }
  crash_point("spend.settled");
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
