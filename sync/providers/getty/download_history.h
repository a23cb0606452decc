#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/providers/getty/download_windows.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/page.h"
#include "sync/providers/provider.h"

namespace damsync::getty {

/// The names of the window's parameters, which changed over the years. The old ones know days alone.
enum class Dialect { kDateFrom, kStartDate };

/// Reads what was downloaded: the account's list in windows, and one asset's own history.
///
/// Threads  `poll` from one at a time, the others from any.
class DownloadHistory {
 public:
  struct Settings {
    std::string account;  ///< for log lines
    HistoryRules rules;
    Dialect dialect = Dialect::kDateFrom;
    bool company_downloads = false;
  };

  DownloadHistory(Settings settings, GettyApi& api, Log* log) : settings_(std::move(settings)), api_(api), log_(log) {}

  /// One window a call, read until two reads agree.
  Result<Page> poll(const PollRequest& request, std::stop_token stop);

  /// Whether the license is still in the history of its asset, or else in the list of downloads around its time.
  Result<bool> still_listed(const License& license, std::stop_token stop);

  /// The history of one asset: before and after a spending call, it tells whether that took effect.
  /// Errors   kNotFound when the service does not know the asset; kProtocol when it announces more rows than it sends.
  Result<AssetHistory> of_asset(const std::string& asset_id, std::stop_token stop);

 private:
  struct Rows;
  struct PageAnswer;
  Result<Rows> read_window(const Window& window, std::stop_token stop);
  Result<Rows> read_around(UtcTime moment, std::stop_token stop);
  Result<Rows> read_product_type(const Window& window, const std::string& product_type, std::stop_token stop);
  Result<Rows> read_once(const Window& window, const std::string& product_type, std::stop_token stop);
  Result<PageAnswer> read_page(QueryParams params, int number, std::stop_token stop);
  [[nodiscard]] QueryParams window_query(const Window& window, const std::string& product_type) const;
  Result<std::vector<Json>> asset_history(const std::string& asset_id, std::stop_token stop);
  void hidden_products_refused(const Error& refusal);

  Settings settings_;
  GettyApi& api_;
  Log* log_;
  std::atomic<bool> hidden_products_{true};  ///< until the service refuses to list them; asked again by a full listing
};

}  // namespace damsync::getty
