#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "sync/providers/getty_connect/image_lookup.h"
#include "sync/providers/provider.h"

namespace damsync {

namespace getty_connect {

/// What the interface can do, whatever the account.
Capabilities capabilities();

}  // namespace getty_connect

/// What a Getty Connect account is told at start.
struct GettyConnectSettings {
  Url base_url;
  std::string language;
  std::filesystem::path assets_file;
  std::function<Status(std::stop_token)> check_login = {};  ///< asks for a token where there is none; may be empty
};

/// One account at the old Getty Connect interface: metadata by id. It has no history, so the assets are those that
/// `assets_file` lists; there are no licenses and no files. Every call is free.
///
/// Streams  `assets`: what the file lists and the catalog does not know. The file is read anew by every poll. Once a
///          day a poll also sees whether the account may still log in: days may go by before any asset is due.
/// Threads  as `Provider`.
/// Source   README.md of this folder.
class GettyConnectProvider final : public Provider {
 public:
  /// `transport` carries the account's token, pacing and retries; it and `clock` outlive the provider.
  GettyConnectProvider(GettyConnectSettings settings, HttpTransport& transport, Clock& clock);

  [[nodiscard]] std::string_view name() const override { return "getty-connect"; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }

  Result<Page> poll(const PollRequest& request, std::stop_token stop) override;
  Status confirm(const std::string& receipt, std::stop_token stop) override;
  Result<Descriptions> describe(std::span<const std::string> ids, std::stop_token stop) override;
  /// Always the whole asset: the service has no validators.
  Result<std::optional<DescribedAsset>> recheck(const std::string& id, const std::string& etag,
                                                std::stop_token stop) override;
  /// Errors: kGone, always.
  Result<DownloadSource> refetch(const License& license, std::stop_token stop) override;
  /// True: without a history nothing can be missing from it.
  Result<bool> still_listed(const License& license, std::stop_token stop) override;

 private:
  Result<std::optional<UtcTime>> login_checked(std::optional<UtcTime> last, std::stop_token stop);

  Capabilities capabilities_;
  std::filesystem::path assets_file_;
  std::function<Status(std::stop_token)> check_login_;
  Clock& clock_;
  getty_connect::ImageLookup images_;
};

}  // namespace damsync
