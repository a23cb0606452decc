#include "sync/quota/spend_evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/json.h"
#include "sync/providers/spend_permit.h"

namespace damsync {
namespace {

/// How far a clock may be off that dates our own download in the history: ours, where the provider's time is not known.
constexpr Millis kClockSlack = std::chrono::minutes(15);
/// How far two clocks of the same provider may differ.
constexpr Millis kServiceSlack = std::chrono::minutes(1);

bool was_here(const std::optional<FileRow>& file) { return file && file->mirrored_at; }

bool may_be_one_license(const LicenseRow& a, const LicenseRow& b) {
  return a.licensed_at == b.licensed_at && (a.size.empty() || b.size.empty() || a.size == b.size);
}

/// The note that a call of ours carries, where the provider keeps it.
std::string note_of(const LicenseRow& license) {
  const Json* note = license.details.find("notes");
  const std::string* text = note != nullptr ? note->if_string() : nullptr;
  return text != nullptr ? *text : "";
}

Error had(const std::string& how) {
  return make_error(ErrorCode::kGone,
                    how + ": it is not paid for; put the file back, or let `damsync adopt` take it in");
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

HistoryVerdict judge_history(const SpendRow& row, const AssetHistory& history, UtcTime now) noexcept {
  if (history.rows > row.history_rows) return HistoryVerdict::kSpent;
  if (history.rows < row.history_rows) return HistoryVerdict::kUnclear;
  // As many rows as before, but not the same ones: one fell out, and one came.
  if (history.newest && row.service_at && *history.newest >= *row.service_at - kServiceSlack)
    return HistoryVerdict::kUnclear;
  const bool late_enough = row.looked_at && now - *row.looked_at >= kSettleTime;
  return late_enough ? HistoryVerdict::kNotSpent : HistoryVerdict::kLookAgain;
}

bool is_trace_of(const LicenseRow& license, const SpendRow& row) noexcept {
  if (!row.claims() || license.license_id == row.license_id) return false;
  return license.first_seen_at >= row.at || license.licensed_at >= row.service_at.value_or(row.at) - kClockSlack;
}

const SpendRow* shaken_belief(const std::vector<SpendRow>& rows, std::int64_t history_rows) noexcept {
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (!row->believed_unspent()) continue;
    const auto paid_since =
        std::count_if(row + 1, rows.end(), [](const SpendRow& later) { return later.outcome == SpendOutcome::kSpent; });
    if (history_rows > row->history_rows + paid_since) return &*row;
  }
  return nullptr;
}

Status check_not_had(const Catalog& catalog, const LicenseRow& license) {
  if (was_here(catalog.find_file(license.account, license.license_id))) return had("its file was in the store");
  if (note_of(license).find(kSpendNote) != std::string::npos) return had("a damsync made this download");
  for (const auto& account : catalog.accounts_with(license.provider, license.asset_id)) {
    if (account != license.account && was_here(catalog.find_file(account, license.license_id)))
      return had(fmt::format("account {} holds the same license and has its file", account));
    for (const auto& other : catalog.licenses_of(account, license.asset_id))
      if (other.license_id != license.license_id && may_be_one_license(license, other) &&
          was_here(catalog.find_file(account, other.license_id)))
        return had(fmt::format("license {} of the same moment has its file", other.license_id));
  }
  const auto asset = catalog.find_asset(license.account, license.asset_id);
  if (asset && asset->state == AssetState::kWithdrawn)
    return make_error(ErrorCode::kRefusedByPolicy, "the provider has withdrawn the asset: nothing is paid for it");
  return {};
}

std::int64_t licenses_held(const Catalog& catalog, const std::string& account, const std::string& asset_id) {
  const auto licenses = catalog.licenses_of(account, asset_id);
  return std::count_if(licenses.begin(), licenses.end(),
                       [](const LicenseRow& license) { return license.state == LicenseState::kHeld; });
}

}  // namespace damsync
