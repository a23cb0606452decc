#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sync/providers/plan_source.h"
#include "sync/providers/provider.h"
#include "sync/providers/shutterstock/image_lookup.h"
#include "sync/providers/shutterstock/license_history.h"
#include "sync/providers/shutterstock/shutterstock_api.h"
#include "sync/providers/shutterstock/shutterstock_wire.h"
#include "sync/providers/shutterstock/update_feed.h"

namespace damsync {

namespace shutterstock {
/// What every account at Shutterstock can do; known without any credentials.
Capabilities capabilities();
}  // namespace shutterstock

/// What a Shutterstock account is told at start.
struct ShutterstockSettings {
  Url base_url;
  bool team_history = false;
  std::string license_filter;  ///< empty: all licenses
  std::optional<std::chrono::sys_days> since;
  std::chrono::hours overlap{48};
};

/// One account at Shutterstock API v2. Reads, and fetches again what is already licensed; it cannot buy.
///
/// Streams  `licenses` (the account's history) and `updates` (the change feed of the whole catalogue).
/// Threads  as `Provider`.
/// Source   README.md of this folder.
class ShutterstockProvider final : public Provider, public PlanSource {
 public:
  /// `api` carries the account's own credentials, `catalogue` those for what everybody may read (both may be the
  /// same), each with pacing and retries; they and `clock` outlive the provider.
  ShutterstockProvider(ShutterstockSettings settings, HttpTransport& api, HttpTransport& catalogue, const Clock& clock);

  [[nodiscard]] std::string_view name() const override { return "shutterstock"; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<Page> poll(const PollRequest& request, std::stop_token stop) override;
  Status confirm(const std::string& receipt, std::stop_token stop) override;
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop) override;
  Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag,
                                                std::stop_token stop) override;
  Result<DownloadSource> refetch(const License& license, std::stop_token stop) override;
  Result<bool> still_listed(const License& license, std::stop_token stop) override;

  /// The account's plans, expired ones too. Needs the scope `purchases.view`; good as a test of the credentials.
  /// Errors   as `poll`; an unreadable plan is left out, so that nothing is ever spent on it.
  Result<std::vector<shutterstock::Subscription>> subscriptions(std::stop_token stop);
  Result<std::vector<Plan>> plans(std::stop_token stop) override;

 private:
  Result<Page> poll_licenses(const PollRequest& request, std::stop_token stop);
  Result<Page> poll_updates(const PollRequest& request, std::stop_token stop);
  [[nodiscard]] shutterstock::QueryParams history_query(const shutterstock::HistoryCursor& cursor) const;
  void take_license(const Json& row, Page& page, shutterstock::HistoryPageFacts& facts) const;

  ShutterstockSettings settings_;
  shutterstock::HistoryRules history_rules_;
  shutterstock::FeedRules feed_rules_;
  Capabilities capabilities_;
  shutterstock::ShutterstockApi api_;        ///< what belongs to the account: history, redownloads, plans
  shutterstock::ShutterstockApi catalogue_;  ///< what everybody may read: images, categories, the change feed
  shutterstock::ImageLookup images_;
};

}  // namespace damsync
