#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/catalog/catalog.h"
#include "storage/files/file_store.h"
#include "storage/ledger/spend_brake.h"
#include "storage/ledger/spend_ledger.h"
#include "storage/ledger/spend_mark.h"
#include "storage/model/license.h"
#include "sync/providers/provider.h"
#include "sync/quota/budget.h"
#include "sync/quota/spend_evidence.h"

namespace damsync {

/// The only door to a call that may use up quota. It lets a call pass at most once for a license, and for a size and
/// format of an asset, for ever, across crashes, processes and names of accounts: the row is durable before the call
/// (I5), and what became of a call that gave no clear answer is settled by the provider's history, never by a second
/// call. Whatever looks as if it had been had before is not paid for (`spend_evidence.h`).
///
/// Threads  one thread, the one of the ledger's database.
class SpendGuard {
 public:
  /// What the guard works with; all outlive it.
  struct Parts {
    std::string account;
    Provider& provider;
    Catalog& catalog;
    SpendLedger& ledger;
    SpendMark& mark;
    SpendBrake& brake;
    FileStore& store;
    const SpendRules& rules;
    Clock& clock;
    Log& log;
  };

  explicit SpendGuard(Parts parts) : parts_(std::move(parts)) {}

  /// Where the file of the license can be had: as paid for before, while that link is valid, else by one spending call,
  /// if rules, budget, room, provider and ledger let it pass.
  ///
  /// Errors   kRefusedByPolicy: not now, or not by these settings (`kWouldConsumeQuota`); kGone: paid for or had
  /// before,
  ///          and not to be had again; kUnknownOutcome: a call was made and is being settled; kLowSpace; the provider's
  ///          own refusals.
  Result<DownloadSource> acquire(const LicenseRow& license, const AcquireOptions& options, std::stop_token stop);

  /// Settles open rows by the provider's history; a person gets what that cannot tell. To be done before anything is
  /// asked for in a cycle.
  ///
  /// Errors   the first reason why a history could not be read.
  Status settle(std::stop_token stop);

  /// A file that was paid for is not what it should be: nothing more is paid for before a person has looked.
  void stop_paying(const std::string& reason);

 private:
  using Rows = std::vector<SpendRow>;  ///< of one asset, oldest first
  [[nodiscard]] Rows rows_of(const LicenseRow& license) const;
  [[nodiscard]] Result<DownloadSource> claimed(const LicenseRow& license, const Rows& rows) const;
  [[nodiscard]] Status check_rules(const AcquireOptions& options) const;
  [[nodiscard]] Status check_guards();
  Result<AssetHistory> history_before(const LicenseRow& license, const Rows& rows, std::stop_token stop);
  Error shaken(const LicenseRow& license, const SpendRow& believed, const AssetHistory& history);
  [[nodiscard]] SpendIntent intent_for(const LicenseRow& license, const AssetHistory& history) const;
  Result<DownloadSource> spend(const SpendIntent& intent, const LicenseRow& license, const AcquireOptions& options,
                               std::stop_token stop);
  Status mark_call(std::int64_t spend_id, const SpendIntent& intent);
  Result<DownloadSource> returned(std::int64_t spend_id, Result<DownloadSource> answer);
  void settle_row(const SpendRow& row, const AssetHistory& history);
  [[nodiscard]] bool is_listed(const SpendRow& row) const;
  void park(const SpendRow& row, const std::string& reason);

  Parts parts_;
  std::optional<Error> paused_;  ///< the provider said that nothing more is to be had; until the cycle ends
};

}  // namespace damsync
