#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/files/file_store.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/ledger/spend_mark.h"
#include "storage/model/license.h"
#include "sync/providers/provider.h"
#include "sync/quota/budget.h"

namespace damsync {

/// Two looks at the provider's history must be at least so far apart before "nothing was spent" is believed.
inline constexpr Millis kSettleTime = std::chrono::minutes(10);

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
  kUnclear,    ///< fewer than before: it cannot tell
};
/// Pure.
HistoryVerdict judge_history(const SpendRow& row, std::int64_t rows_now, UtcTime now) noexcept;

/// The only door to a call that may use up quota. It lets a call pass at most once for a license, and for a size and
/// format of an asset, for ever, across crashes and processes: the row is durable before the call (I5), and what became
/// of a call that gave no clear answer is settled by the provider's history, never by a second call.
///
/// Threads  one thread, the one of the ledger's database.
class SpendGuard {
 public:
  /// What the guard works with; all outlive it.
  struct Parts {
    std::string account;
    Provider& provider;
    SpendLedger& ledger;
    SpendMark& mark;
    FileStore& store;
    const SpendRules& rules;
    Clock& clock;
    Log& log;
  };

  explicit SpendGuard(Parts parts) : parts_(std::move(parts)) {}

  /// Where the file of the license can be had: as paid for before, while that link is valid, else by one spending call,
  /// if rules, budget, room, provider and ledger let it pass.
  ///
  /// Errors   kRefusedByPolicy: not now, or not by these settings (`kWouldConsumeQuota`); kGone: paid for, and not to
  /// be
  ///          had again; kUnknownOutcome: a call was made and is being settled; kLowSpace; the provider's own refusals.
  Result<DownloadSource> acquire(const LicenseRow& license, const AcquireOptions& options, std::stop_token stop);

  /// Settles open rows by the provider's history; a person gets what that cannot tell. To be done before anything is
  /// asked for in a cycle.
  ///
  /// Errors   the first reason why a history could not be read.
  Status settle(std::stop_token stop);

 private:
  Result<DownloadSource> claimed(const LicenseRow& license, const std::vector<SpendRow>& rows) const;
  Status check_rules(const AcquireOptions& options) const;
  Result<std::int64_t> history_before(const LicenseRow& license, const std::vector<SpendRow>& rows,
                                      std::stop_token stop);
  Result<DownloadSource> spend(const SpendIntent& intent, const LicenseRow& license, const AcquireOptions& options,
                               std::stop_token stop);
  Status mark_call(std::int64_t spend_id, UtcTime at);
  Result<DownloadSource> returned(std::int64_t spend_id, Result<DownloadSource> answer);
  void settle_row(const SpendRow& row, std::int64_t rows_now);
  void park(const SpendRow& row, const std::string& reason);

  Parts parts_;
  std::optional<Error> paused_;  ///< the provider said that nothing more is to be had; until the cycle ends
};

}  // namespace damsync
