#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/catalog/catalog.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/model/license.h"
#include "sync/providers/provider.h"

namespace damsync {

/// Two looks at the provider's history must be at least so far apart, by its own clock, before "nothing was spent" is
/// believed. Histories were seen to lag for minutes; how long they may is documented nowhere.
inline constexpr Millis kSettleTime = std::chrono::hours(24);

/// What is known of a spending call that has returned.
enum class CallResult {
  kNotSent,  ///< it failed before the first byte left
  kRefused,  ///< the provider refused it in a documented way
  kUnknown,  ///< anything else
};
/// Pure; what is not certain is `kUnknown`.
CallResult judge_call(const Error& error) noexcept;

/// What the provider's history says about an open row.
enum class HistoryVerdict {
  kSpent,      ///< more downloads than before
  kLookAgain,  ///< none so far; too early to tell
  kNotSpent,   ///< none, twice, far enough apart
  kUnclear,    ///< fewer than before, or as many and one of them is from after the call: it cannot tell
};
/// Pure. `now` is the provider's time where it tells it.
HistoryVerdict judge_history(const SpendRow& row, const AssetHistory& history, UtcTime now) noexcept;

/// A download of ours shows up in the provider's history as one more license of the asset; paying for that one would
/// make yet another, without end. By dates of the provider's own clock, and by when we saw it first. Pure.
bool is_trace_of(const LicenseRow& license, const SpendRow& row) noexcept;

/// The earliest row that was believed unspent although the history now shows more than it did before that call and all
/// that we paid for since. Pure; `rows` are the asset's, oldest first.
const SpendRow* shaken_belief(const std::vector<SpendRow>& rows, std::int64_t history_rows) noexcept;

/// Why the license is not paid for whatever the settings say. Its file was in the store before, here or in another
/// account of the provider; a license of the same moment has its file, and this one is most likely that one told in
/// other words; a damsync wrote into the history that it made this download itself.
///
/// Errors   kGone: so it is; kRefusedByPolicy: not now, the provider has withdrawn the asset.
Status check_not_had(const Catalog& catalog, const LicenseRow& license);

/// Licenses of the asset that the provider's history of it must at least show.
std::int64_t licenses_held(const Catalog& catalog, const std::string& account, const std::string& asset_id);

}  // namespace damsync
