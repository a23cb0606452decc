#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/time.h"
#include "sync/providers/page.h"

namespace damsync::shutterstock {

/// A row of `GET /v2/images/licenses`, checked.
struct LicenseWire {
  std::string id;
  std::string media_kind;  ///< `image`, `editorial`, `video`, `audio`
  std::string asset_id;
  std::string license;
  UtcTime download_time{};
  std::string download_time_text;
  std::optional<std::string> username;
  std::optional<std::string> subscription_id;
  std::optional<std::string> size;
  std::optional<std::string> format;
  std::optional<bool> is_downloadable, is_ai_generated;
  std::vector<std::pair<std::string, Json>> metadata;  ///< scalars, with the account's own names
  std::optional<Json> purchase_amount;
  std::optional<std::string> purchase_currency;
  std::string raw;
};

struct AssetSizeWire {
  std::string key;  ///< `huge_jpg`, `vector_eps`, …
  std::optional<std::string> format;
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
};

struct CategoryWire {
  std::string id;
  std::optional<std::string> name;
};

/// An image as `view=full` shows it, checked. What is absent stays absent.
struct ImageWire {
  std::string id;
  std::optional<std::string> media_type, image_type, description, added_date, original_filename, asset_collection, url,
      location;
  std::optional<std::string> contributor_id;
  std::optional<bool> is_adult, is_editorial, is_illustration, has_model_release, has_property_release, is_ai_generated;
  std::vector<std::string> keywords;
  std::vector<CategoryWire> categories;
  std::vector<std::string> model_release_ids, model_ids, releases;
  std::vector<AssetSizeWire> sizes;  ///< what can be licensed; previews and thumbnails are left out
  std::string raw;
};

/// A plan of the account. Expired plans are listed too, without an allotment.
struct Subscription {
  std::string id;
  std::optional<std::string> license;
  std::optional<std::string> description;
  std::optional<UtcTime> expires_at;
  std::optional<UtcTime> allotment_start;
  std::optional<UtcTime> allotment_end;
  std::optional<std::int64_t> downloads_left;  ///< absent: not known, so nothing may be spent on it
  std::optional<std::int64_t> downloads_limit;
};

/// A checked item, or why it cannot be used.
template <class T>
using Checked = std::variant<T, RejectedItem>;

Checked<LicenseWire> read_license(const Json& row);
Checked<ImageWire> read_image(const Json& item);
Checked<Subscription> read_subscription(const Json& item);
Checked<CategoryWire> read_category(const Json& item);

/// `^[1-9][0-9]*$`, at most 64 digits: the only form that is ever sent as an image id.
bool is_image_id(std::string_view id) noexcept;
/// Digits, then letters, e.g. `9763363ao`.
bool is_editorial_id(std::string_view id) noexcept;

}  // namespace damsync::shutterstock
