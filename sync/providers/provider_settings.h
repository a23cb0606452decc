#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"

namespace damsync {

/// Where a refresh token is kept that the provider may replace. Two places are never told apart: what is in them
/// counts.
struct TokenPlace {
  std::function<Status(const Secret&)> save;  ///< empty: it cannot be kept (it came from no file)
  /// As it is now: another process or a person may have put a new one there; empty: as above.
  std::function<Result<Secret>()> load;
  bool operator==(const TokenPlace&) const { return true; }
};

inline bool operator==(const Secret& a, const Secret& b) { return a.reveal() == b.reveal(); }

/// One `[[account]]` of the settings with its secrets resolved: checked values, no defaults left open.
/// A provider reads the members it knows; `daemon/config` refuses those that do not belong to the account's provider.
struct ProviderSettings {
  std::string account;
  std::string provider;  ///< `shutterstock`, `getty`, `getty-connect`
  std::string base_url;
  std::string token_url;  ///< empty: the provider's own
  Secret access_token;
  Secret refresh_token;
  TokenPlace token_place;
  std::string client_id;
  Secret client_secret;
  Secret api_key;
  std::string username;
  Secret password;
  Secret application_key, application_secret;  ///< `getty-connect`
  std::string user_id;
  Secret user_password;
  std::string assets_file;   ///< asset ids, one a line
  std::string token_header;  ///< how a token is sent; empty: the provider's usual way
  bool team_history = false;
  bool company_downloads = false;
  bool collections = false;
  std::vector<std::string> featured_collections;  ///< ids of collections that the provider makes for everybody
  std::string license_filter;                     ///< e.g. `enhanced` or `-standard`; empty: all
  std::string history_dialect;
  std::string language;
  std::string product_id, product_type;        ///< of a spending call whose license does not tell who pays
  std::string project_code, download_notes;    ///< of a spending call whose license has none
  std::string file_type;                       ///< of a spending call whose license tells none: `jpg`, `eps`
  std::int64_t height = 0;                     ///< likewise, pixels; 0: the largest
  std::optional<std::chrono::sys_days> since;  ///< how far back the first run reads
  std::vector<std::string> download_hosts;     ///< further hosts that signed URLs may lead to
  std::string ca_file;
  int concurrency = 8;  ///< parallel transfers
  double requests_per_second = 5.0;
  std::chrono::hours overlap{48};       ///< how much of the past every poll reads again
  std::chrono::hours recheck{24 * 30};  ///< every active asset is looked at again within this time

  bool operator==(const ProviderSettings&) const = default;
};

}  // namespace damsync
