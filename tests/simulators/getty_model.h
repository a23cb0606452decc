#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/time.h"

namespace damsync {

/// A size in which an image can be downloaded.
struct GettySimSize {
  std::string name = {};
  int width = 0;
  int height = 0;
};

struct GettySimImage {
  std::string id = {};
  std::string title = "Untitled";
  std::string caption = {};
  std::vector<std::string> keywords = {};
  std::string artist = "J. Doe";
  std::string asset_family = "creative";
  std::string license_model = "royaltyfree";
  std::vector<std::string> restrictions = {};
  int width = 600;  ///< of the largest size; the others follow from it
  int height = 400;
  bool withdrawn = false;
  bool poisoned = false;                    ///< every answer that should show it is 500 InvalidIStockCollection
  Json fields = Json::object();             ///< further or changed members of the answer
  std::vector<std::string> relatives = {};  ///< of the same series
  std::vector<std::string> similar = {};    ///< that look alike

  /// All sizes on offer, largest first; they are JPEGs.
  [[nodiscard]] std::vector<GettySimSize> sizes() const {
    return {{"x_large", width, height}, {"medium", width / 2, height / 2}, {"small", width / 4, height / 4}};
  }
};

/// One row of the download history.
struct GettySimDownload {
  std::string id = {};
  UtcTime time{};
  std::string username = "anna";
  std::string asset_type = "image";
  std::string product_type = "premiumaccess";
  std::int64_t product_id = 4321;
  std::string size_name = "x_large";
  std::string source = "gettyimages.com";
  std::string notes = {};
  std::string project_code = {};
  UtcTime visible_from{};  ///< the history may lag behind
};

struct GettySimProduct {
  std::int64_t id = 4321;
  std::string type = "premiumaccess";
  std::string agreement_name = "Premium Access 2026";
  std::int64_t remaining = 100;
  std::int64_t limit = 100;
  bool active = true;
  bool note_required = false;
  bool project_code_required = false;
  std::vector<std::string> project_codes = {};
};

struct GettySimChange {
  std::string id = {};
  std::string lifecycle = "Update";  ///< New, Update, Delete
  UtcTime time{};
};

struct GettySimChannel {
  std::int64_t id = 7;
  std::string asset_type = "Image";
  std::deque<GettySimChange> queue = {};
  std::optional<std::int64_t> open_set = {};  ///< handed out and not confirmed
  std::vector<GettySimChange> open = {};
};

struct GettySimToken {
  std::string username = {};
  UtcTime expires_at{};
};

/// What the service's descriptions leave open, or changed over the years.
struct GettySwitches {
  enum class Envelope { kErrorCode, kCode, kMessage, kEmpty };
  enum class Throttling { kForbidden, kTooManyRequests };
  enum class Shape { kSnake, kPascal, kCamel };
  enum class Dialect { kDateFrom, kStartDate };

  Envelope envelope = Envelope::kErrorCode;
  Throttling throttling = Throttling::kTooManyRequests;
  Shape shape = Shape::kSnake;
  Dialect dialect = Dialect::kDateFrom;  ///< with the old names come the rows of that time, which tell much less
  bool expires_in_text = true;           ///< `"1800"`, else 1800
  bool created_is_201 = true;            ///< of a new change set, else 200
  bool channels_entitled = true;         ///< else 403
  bool company_entitled = true;          ///< else 403
  bool credits_entitled = true;          ///< else 403 for `product_type=creditpack`
  bool related_of_withdrawn = true;      ///< else 404: nothing is told of what a withdrawn image was like
  bool all_missing_is_404 = true;        ///< else 200 with an empty list
  bool single_image_bare = true;         ///< else in the envelope of a list
  bool zone_in_times = true;             ///< `Z` at the end of times
  bool static_test_image = false;        ///< every file is the same picture, as for a sandbox key
  bool delivery_redirects = false;       ///< a file's address answers 302 first
  bool delivery_without_length = false;
  std::chrono::seconds token_lifetime = std::chrono::minutes(30);
  std::chrono::seconds uri_lifetime = std::chrono::hours(24);
  std::chrono::seconds history_lag{0};  ///< of downloads made by POST
  std::optional<std::int64_t> calls_per_day;
};

/// What the log-in page gave an application, until it is exchanged.
struct GettySimCode {
  std::string username;
  std::string redirect_uri;
};

/// Everything the simulated service knows.
struct GettyState {
  std::string api_key = "sandbox-key";
  std::string client_secret = "sandbox-secret";
  std::map<std::string, std::string> passwords{{"anna", "anna-password"}};
  std::map<std::string, GettySimToken> tokens;
  std::map<std::string, std::string> refresh_tokens;  ///< token to user name
  std::map<std::string, GettySimCode> codes;          ///< of the log-in page, each good for one exchange
  std::string login = "anna";                         ///< who logs in there
  std::map<std::string, GettySimImage> images;
  std::vector<GettySimDownload> downloads = {};
  std::vector<GettySimProduct> products{GettySimProduct()};
  std::vector<GettySimChannel> channels = {};
  GettySwitches switches;
  int throttle_next = 0;  ///< so many of the next calls are over the limit per second
  std::int64_t last_change_set = 100;
};

}  // namespace damsync
