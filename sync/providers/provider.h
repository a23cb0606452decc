#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/result.h"
#include "storage/model/license.h"
#include "sync/providers/file_name.h"
#include "sync/providers/page.h"
#include "sync/providers/spend_permit.h"

namespace damsync {

/// What a provider can do and how its things are called; constant for the life of the object.
struct Capabilities {
  std::vector<std::string> streams;   ///< in the order they are polled, e.g. `licenses`, `updates`
  std::string license_stream;         ///< its complete listing finds vanished licenses; empty: none tells of licenses
  std::size_t describe_batch = 50;    ///< ids per `describe`
  bool free_refetch = false;          ///< held files can be fetched again without spending
  bool distinct_files = false;        ///< no two assets have the same bytes: a repeat is a test image
  std::string file_prefix;            ///< of file names: `shutterstock_`
  std::string supplier_name;          ///< as written into sidecars: `Shutterstock`
  bool composes_license_ids = false;  ///< its history has none: license ids are made from what a row says
  FileNameReader read_file_name = nullptr;  ///< by the names of the files it hands out; null: not told
};

/// Tells which assets the catalog holds; a page of foreign ids costs no SQL.
class KnownAssets {
 public:
  explicit KnownAssets(std::vector<std::string> sorted_ids) : ids_(std::move(sorted_ids)) {}
  [[nodiscard]] bool contains(std::string_view id) const;
  [[nodiscard]] std::size_t size() const noexcept { return ids_.size(); }
  [[nodiscard]] const std::vector<std::string>& ids() const noexcept { return ids_; }

 private:
  std::vector<std::string> ids_;
};

/// What to poll: one stream from where its cursor stands. An empty cursor starts at the beginning.
struct PollRequest {
  std::string stream;
  std::string cursor;
  const KnownAssets* known = nullptr;
  bool full = false;  ///< with an empty cursor: list everything, so that absence means something
};

/// What a spending call is to ask for, beside what the license says.
struct AcquireOptions {
  std::vector<Rendition> renditions;  ///< what the asset is known to come in
};

/// What a provider's history says of one asset.
struct AssetHistory {
  std::int64_t rows = 0;
  std::optional<UtcTime> newest;  ///< the date of its newest readable row, by the provider's clock
  std::optional<UtcTime> as_of;   ///< the provider's own time of the answer; nothing: it does not tell
};

/// One account at one provider. Speaks the provider's language so that nobody else has to.
///
/// All calls but `acquire` are free of charge; an implementation without spending calls refuses it.
///
/// Errors   classified where they are born (`Error::code`, `retry`); callers know no provider.
/// Threads  `describe`, `recheck` and `refetch` from any thread; `poll` and `confirm` from one at a time.
class Provider {
 public:
  virtual ~Provider() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;

  /// The next page of a stream. The cursor is opaque to callers; `Page::next` is committed with the page.
  virtual Result<Page> poll(const PollRequest& request, std::stop_token stop) = 0;

  /// Tells the provider that a page is committed (I4). Nothing to do for most.
  virtual Status confirm(const std::string& receipt, std::stop_token stop) = 0;

  /// Full metadata by ids (at most `describe_batch`), in any order; ids unknown to the provider are `absent`.
  /// Ids of a wrong form are `rejected` without being sent.
  virtual Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop) = 0;

  /// One asset, conditionally: nothing when `etag` still holds. kNotFound: the provider does not have it (any more).
  virtual Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag,
                                                        std::stop_token stop) = 0;

  /// Asks for a URL of a file that is already licensed. Never spends.
  /// Errors: kGone: cannot be downloaded, will not change by itself (blocked); kNotFound; kUnauthorized; retryable
  /// ones.
  virtual Result<DownloadSource> refetch(const License& license, std::stop_token stop) = 0;

  /// Whether a license that the history no longer lists is still there; settles doubt before "vanished".
  virtual Result<bool> still_listed(const License& license, std::stop_token stop) = 0;

  /// What the provider's own history shows for an asset: compared before and after a spending call, this settles what
  /// became of it. Free. Refuses (kRefusedByPolicy) where there are no spending calls; so do the next two.
  virtual Result<AssetHistory> spent_on(const std::string& asset_id, std::stop_token stop);

  /// Whether the account's products allow and require what they should for `acquire` to succeed, and whether it is
  /// known what to ask for. Free. Errors: kRefusedByPolicy, saying what is missing; retryable ones.
  virtual Status may_acquire(const License& license, const AcquireOptions& options, std::stop_token stop);

  /// Asks for a file in a way that may use up quota: one call with `Effect::kSpends`, never repeated.
  ///
  /// Errors   without `http_status`: it was never sent; with a 4xx: a refusal that the provider documents; everything
  ///          that is neither for certain is kUnknownOutcome.
  virtual Result<DownloadSource> acquire(SpendPermit permit, const License& license, const AcquireOptions& options,
                                         std::stop_token stop);
};

}  // namespace damsync
