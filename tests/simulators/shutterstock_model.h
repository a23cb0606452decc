#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/base/clock.h"

namespace damsync {

/// One bearer token: whose it is, what it may do, and until when.
struct SimToken {
  std::string username;
  std::set<std::string> scopes;
  std::optional<UtcTime> expires_at;
};

/// What the authorize page gave an application, until it is exchanged.
struct SimCode {
  SimToken token;
  std::string client_id;
};

/// An application registered with the provider.
struct SimClient {
  std::string secret;
};

/// A licensable size of an image.
struct SimRendition {
  std::string size;  ///< small, medium, huge, supersize, vector
  int width = 0;     ///< 0 for the vector
  int height = 0;
};

struct SimImage {
  std::string id;
  std::string image_type = "photo";  ///< photo, illustration, vector
  std::string description;
  std::vector<std::string> keywords;
  std::vector<std::string> categories;  ///< ids
  std::string contributor = "1306729";
  std::chrono::sys_days added{};
  int width = 600;  ///< of the huge rendition; the others follow from it
  int height = 400;
  bool adult = false;
  bool editorial = false;
  std::optional<bool> model_release;  ///< no value: the key is absent from answers
  std::optional<bool> property_release;
  std::vector<std::string> models;
  std::vector<std::string> model_releases;
  std::string original_filename;
  int file_revision = 1;  ///< another number, other bytes
  bool deleted = false;

  [[nodiscard]] bool is_vector() const { return image_type == "vector"; }
  /// All sizes on offer, smallest first.
  [[nodiscard]] std::vector<SimRendition> renditions() const;
  [[nodiscard]] std::optional<SimRendition> rendition(const std::string& size) const;
};

struct SimLicense {
  std::string id;
  std::string image_id;
  std::string media = "image";       ///< the key of the row: image, video, audio
  std::string license = "standard";  ///< standard, enhanced, media, ...
  std::string size = "huge";
  std::string username;
  std::string subscription_id;
  UtcTime download_time{};
  bool downloadable = true;
  std::map<std::string, std::string> metadata;  ///< purchase_order, client, ...
};

/// One line of the provider's change log.
struct SimUpdate {
  std::string image_id;
  UtcTime time{};
  std::string kind;  ///< addition, edit, deletion
};

struct SimSubscription {
  struct Allotment {
    UtcTime start{};
    UtcTime end{};
    int left = 0;
    int limit = 0;
  };
  std::string id;
  std::string license = "standard";
  std::string description;
  UtcTime expiration{};
  std::optional<Allotment> allotment;  ///< none: expired
};

struct SimCategory {
  std::string id;
  std::string name;
};

struct SimCollection {
  std::string id;
  std::string name;
  UtcTime created{};
  UtcTime items_updated{};
  std::vector<std::pair<std::string, UtcTime>> items;  ///< image id, time it was added
};

/// What the provider's descriptions leave open, or changed over the years.
struct ShutterstockSwitches {
  enum class LongRange { kReject, kTruncate };

  bool page_fields = true;           ///< `page` and `per_page` in the list of licenses
  bool total_count = true;           ///< `total_count` in the list of licenses
  bool license_dates = true;         ///< false: start_date and end_date of the history are unknown and ignored
  bool license_availability = true;  ///< false: rows carry no is_downloadable and no metadata
  bool team_history = true;          ///< false: the parameter is unknown: only the token's own licenses
  bool updated_timestamps = false;   ///< true: /updated takes full timestamps too
  bool merged_updates = true;        ///< one row an id and window, false: one row a change
  bool etags = true;
  LongRange long_range = LongRange::kReject;  ///< /updated over more than three days
  std::chrono::seconds url_lifetime = std::chrono::hours(8);
  std::chrono::seconds token_lifetime = std::chrono::hours(1);  ///< of tokens from the OAuth endpoint
  int not_downloadable_status = 403;
  std::size_t max_ids = 500;  ///< of GET /v2/images
  Millis latency{0};          ///< before every answer
};

}  // namespace damsync
