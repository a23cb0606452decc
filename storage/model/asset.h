#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/json.h"
#include "storage/base/time.h"

namespace damsync {

/// Where an asset stands at its provider. `kUnknown`: held by a license, not asked for yet.
enum class AssetState { kUnknown, kActive, kWithdrawn };
const char* to_word(AssetState state) noexcept;
std::optional<AssetState> asset_state_from_word(std::string_view word) noexcept;

/// A size of an asset that the provider lists. Units: pixels. Absent: the provider did not say.
struct Rendition {
  std::string name;    ///< the provider's word, e.g. `huge`, `vector`
  std::string format;  ///< e.g. `jpg`, `eps`, `tiff`; empty when not said
  std::optional<std::int64_t> width;
  std::optional<std::int64_t> height;
  bool operator==(const Rendition&) const = default;
};

/// What a provider says about an asset, in our terms. Every field may be absent, and absent is never false.
/// Only what is stable is here: no signed or rotating URLs, no estimates, no ranks, so that two equal values
/// mean "nothing changed".
struct AssetMetadata {
  std::optional<std::string> media_type;  ///< `image`, `illustration`, `vector`, `video`, `audio`
  std::optional<std::string> kind;        ///< the provider's own kind, e.g. Shutterstock `image_type`
  std::optional<std::string> title;
  std::optional<std::string> caption;
  std::vector<std::string> keywords;
  std::vector<std::string> categories;  ///< names, or ids where the name is not known
  std::optional<std::string> creator_id;
  std::optional<std::string> creator_name;
  std::optional<std::string> credit_line;
  std::optional<std::string> copyright;
  std::optional<std::string> collection;
  std::optional<std::string> created_on;  ///< date as given, e.g. `2012-11-09`
  std::optional<std::string> added_on;
  std::optional<std::string> original_filename;
  std::optional<std::string> page_url;
  std::optional<bool> editorial;
  std::optional<bool> adult;
  std::optional<bool> illustration;
  std::optional<bool> ai_generated;
  std::optional<bool> has_model_release;
  std::optional<bool> has_property_release;
  std::vector<std::string> model_release_ids;
  std::vector<std::string> releases;
  std::vector<std::string> people;
  std::vector<std::string> restrictions;
  std::optional<std::string> usage_terms;
  std::optional<std::string> license_model;
  std::vector<Rendition> renditions;
  /// Stable facts of one provider that no field above carries (city, event ids, …): a flat object.
  Json extra = Json::object();

  bool operator==(const AssetMetadata&) const = default;
};

/// As an object with the field names above; absent fields and empty lists are left out.
Json to_json(const AssetMetadata& metadata);
/// The inverse of `to_json`; members of an unexpected type are ignored.
AssetMetadata asset_metadata_from_json(const Json& json);
/// Names of the fields that differ, sorted; members of `extra` count by their own name.
std::vector<std::string> changed_fields(const Json& before, const Json& after);

/// One asset as the catalog holds it.
struct AssetRow {
  std::string account;
  std::string provider;
  std::string asset_id;
  AssetState state = AssetState::kUnknown;
  std::string metadata;  ///< canonical JSON of `AssetMetadata`; empty while unknown
  std::string raw;       ///< the provider's own JSON; empty while unknown. Not filled by listings.
  std::optional<std::string> media_type;
  std::optional<std::string> title;
  std::optional<bool> editorial;
  std::string etag;                   ///< validator of the single re-check, as sent by the provider; may be empty
  std::int64_t revision = 0;          ///< rises with every change of the asset, its licenses or its files
  std::optional<UtcTime> updated_at;  ///< latest change by the provider's own time, else when we saw it
  std::optional<UtcTime> noticed_at;  ///< provider's time of the latest change its feed announced
  std::optional<UtcTime> checked_at;  ///< when the provider was last asked about it
  std::optional<UtcTime> withdrawn_at;
  UtcTime first_seen_at{};
  std::string sidecar_path;  ///< of asset.json, relative to the store root; empty until written
  std::string sidecar_sha256;
};

}  // namespace damsync
