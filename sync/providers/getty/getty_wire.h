#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/time.h"
#include "sync/providers/page.h"

namespace damsync::getty {

/// A row of `GET /v3/downloads` or of an asset's `downloadhistory`, checked. What older versions of the service did not
/// say is empty.
struct DownloadWire {
  std::string asset_id;
  std::string asset_type;  ///< the service's word in lower case; `generated` for images made by its own AI
  UtcTime downloaded_at{};
  std::string downloaded_at_text;
  std::string product_type, product_id, agreement_name, size_name, username, first_name, last_name, license_model,
      download_source;
  std::string notes, project_code;
  bool ai_generated = false;  ///< said to be; false: nothing is said
  std::optional<std::int64_t> width, height;
  std::string raw;
};

struct SizeWire {
  std::string name;
  std::optional<std::string> media_type;
  std::optional<std::int64_t> width, height;
};

/// An image as `GET /v3/images` shows it, checked. What is absent stays absent.
struct ImageWire {
  std::string id;
  std::optional<std::string> title, caption, artist, artist_title, asset_family, city, collection_code, collection_id,
      collection_name, color_type, copyright, country, credit_line, date_camera_shot, date_created, date_submitted,
      graphical_style, license_model, object_name, orientation, state_province;
  std::optional<std::string> how_can_i_use_it, release_info, editorial_source;
  std::optional<bool> call_for_image;
  std::vector<std::string> usage_restrictions, editorial_segments, event_ids, keywords, people, product_types;
  std::vector<std::pair<std::string, std::string>> alternative_ids;
  std::optional<std::int64_t> max_width, max_height;
  std::vector<SizeWire> download_sizes;
  std::string raw;
};

/// A product of the account and what is left of it.
struct Product {
  std::string id;
  std::string name, type, agreement_name;
  bool active = false;
  std::optional<std::int64_t> downloads_remaining;  ///< absent: not known, so nothing may be spent on it
  std::optional<std::int64_t> download_limit;
  std::optional<std::int64_t> credits_remaining;
  std::optional<std::int64_t> overage_remaining;
  std::string download_limit_duration;
  std::optional<UtcTime> limit_resets_at;
  std::optional<UtcTime> expires_at;
  bool note_required = false;
  bool project_code_required = false;
  std::vector<std::string> project_codes;
};

/// A queue of asset changes that the account may read.
struct Channel {
  std::string id;
  std::string asset_type;  ///< lower case: `image`, `film`, `music`, `notset`; may be empty
};

enum class Lifecycle { kNew, kUpdate, kDelete };

struct ChangedAsset {
  std::string id;
  Lifecycle lifecycle = Lifecycle::kUpdate;
  std::optional<UtcTime> changed_at;
};

/// One batch of a channel's queue, which comes again until it is confirmed.
struct ChangeSet {
  std::string id;
  std::vector<ChangedAsset> assets;
  std::vector<RejectedItem> rejected;
};

/// A checked item, or why it cannot be used.
template <class T>
using Checked = std::variant<T, RejectedItem>;

/// `asset_id` stands in where the row of a single asset's history does not repeat it.
Checked<DownloadWire> read_download(const Json& row, std::string_view asset_id = {});
Checked<ImageWire> read_image(const Json& item);
Checked<Product> read_product(const Json& item);

/// Channels in any of the three published forms; unreadable ones are left out.
/// Errors: kProtocol, retryable, when it is no list of channels at all.
Result<std::vector<Channel>> read_channels(const Json& body);

/// A change set in any of the three published forms. A change whose asset is readable but whose kind or time is not
/// counts as an update of unknown time, so that nothing the service announced is lost when the set is confirmed.
/// Errors: kProtocol, retryable, without a usable change set id or list.
Result<ChangeSet> read_change_set(const Json& body);

/// Digits, letters, `-` and `_`, at most 64: the only form that is ever sent as an asset id.
bool is_asset_id(std::string_view id) noexcept;

}  // namespace damsync::getty
