#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/base/log.h"
#include "sync/providers/getty/change_sets.h"
#include "sync/providers/getty/download_history.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/getty/getty_wire.h"
#include "sync/providers/getty/image_lookup.h"
#include "sync/providers/getty/paid_download.h"
#include "sync/providers/plan_source.h"
#include "sync/providers/provider.h"
#include "sync/providers/suggestion_source.h"

namespace damsync {

namespace getty {
/// What every account at Getty Images can do; known without any credentials.
Capabilities capabilities();
}  // namespace getty

/// What a Getty Images account is told at start.
struct GettySettings {
  std::string account;  ///< for log lines
  Url base_url;
  Secret api_key;
  std::string language;
  getty::Dialect history_dialect = getty::Dialect::kDateFrom;
  bool company_downloads = false;
  std::optional<std::chrono::sys_days> since;
  std::chrono::hours overlap{48};
  getty::DownloadDefaults download = {};
};

/// One account at Getty Images API v3: its download history, metadata, and asset changes where it is entitled to them.
/// Every call but `acquire` is free. There is no free way to fetch a file again: `refetch` refuses.
///
/// Streams  `downloads` (the history) and `changes` (the queues of asset changes; empty without entitlement).
/// Threads  as `Provider`.
/// Source   README.md of this folder.
class GettyProvider final : public Provider, public PlanSource, public SuggestionSource {
 public:
  /// `transport` carries the account's token, pacing and retries; it, `clock` and `log` outlive the provider. `log` may
  /// be null.
  GettyProvider(GettySettings settings, HttpTransport& transport, Clock& clock, Log* log);

  [[nodiscard]] std::string_view name() const override { return "getty"; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<Page> poll(const PollRequest& request, std::stop_token stop) override;
  Status confirm(const std::string& receipt, std::stop_token stop) override;
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop) override;
  /// Always the whole asset: the service has no validators.
  Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag,
                                                std::stop_token stop) override;
  /// Errors: kRefusedByPolicy, always.
  Result<DownloadSource> refetch(const License& license, std::stop_token stop) override;
  Result<bool> still_listed(const License& license, std::stop_token stop) override;

  /// Of the same series first, then similar ones.
  Result<std::vector<Suggestion>> suggestions(const std::string& asset_id, std::stop_token stop) override;

  Result<AssetHistory> spent_on(const std::string& asset_id, std::stop_token stop) override;
  /// Reads the account's products: one must be active, have downloads left, and get what it requires; and the size that
  /// was licensed must be one whose height is known.
  Status may_acquire(const License& license, const AcquireOptions& options, std::stop_token stop) override;
  Result<DownloadSource> acquire(SpendPermit permit, const License& license, const AcquireOptions& options,
                                 std::stop_token stop) override;

  /// The account's products and what is left of them. An unreadable one is left out, so that nothing is spent on it.
  Result<std::vector<getty::Product>> products(std::stop_token stop);
  Result<std::vector<Plan>> plans(std::stop_token stop) override;

 private:
  Capabilities capabilities_;
  getty::GettyApi api_;
  getty::DownloadHistory history_;
  getty::ChangeSets changes_;
  getty::ImageLookup images_;
  getty::PaidDownload paid_;
};

}  // namespace damsync
