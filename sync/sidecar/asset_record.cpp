#include "sync/sidecar/asset_record.h"

#include <fmt/format.h>

#include <utility>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr std::int64_t kNewestSchema = 1;

/// Reads members of one object; the first that is not as it must be is remembered, and all further reading is void.
class Members {
 public:
  Members(const Json& object, Status& status) : object_(object), status_(status) {}

  std::string text(std::string_view name) const {
    const Json* value = object_.find(name);
    if (value == nullptr) return {};
    if (const auto* found = value->if_string()) return *found;
    refuse(name);
    return {};
  }
  std::string required(std::string_view name) const {
    auto value = text(name);
    if (value.empty()) refuse(name);
    return value;
  }
  std::optional<UtcTime> time(std::string_view name) const {
    const auto written = text(name);
    if (written.empty()) return std::nullopt;
    const auto parsed = parse_rfc3339(written);
    if (parsed) return *parsed;
    refuse(name);
    return std::nullopt;
  }
  UtcTime required_time(std::string_view name) const {
    const auto value = time(name);
    if (!value) refuse(name);
    return value.value_or(UtcTime{});
  }
  std::optional<bool> flag(std::string_view name) const {
    const Json* value = object_.find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (const auto* found = value->if_bool()) return *found;
    refuse(name);
    return std::nullopt;
  }
  std::optional<std::int64_t> count(std::string_view name) const {
    const Json* value = object_.find(name);
    if (value == nullptr) return std::nullopt;
    const auto number = value->as_int64();
    if (!number || *number < 0) refuse(name);
    return number;
  }
  /// The provider's own words: JSON as a value, or as text where it was none.
  std::string raw(std::string_view name) const {
    const Json* value = object_.find(name);
    if (value == nullptr) return {};
    if (const auto* kept = value->if_string()) return *kept;
    return write_json(*value);
  }
  Json object(std::string_view name) const {
    const Json* value = object_.find(name);
    if (value == nullptr) return Json::object();
    if (!value->is_object()) refuse(name);
    return *value;
  }
  const Json::Array& items(std::string_view name) const {
    static const Json::Array none;
    const Json* value = object_.find(name);
    if (value == nullptr) return none;
    if (const auto* array = value->if_array()) return *array;
    refuse(name);
    return none;
  }
  void refuse(std::string_view name) const {
    if (status_)
      status_ = make_error(ErrorCode::kInvalid, fmt::format("its member '{}' is not as damsync writes it", name));
  }

 private:
  const Json& object_;
  Status& status_;
};

LicenseRow license_of(const Members& members, const AssetRow& asset) {
  LicenseRow license;
  license.account = asset.account;
  license.provider = asset.provider;
  license.asset_id = asset.asset_id;
  license.license_id = members.required("license_id");
  license.state =
      members.text("state") == to_word(LicenseState::kVanished) ? LicenseState::kVanished : LicenseState::kHeld;
  license.media_kind = members.required("media_kind");
  license.license_type = members.text("license_type");
  license.size = members.text("size");
  license.format = members.text("format");
  license.licensed_at = members.required_time("licensed_at");
  license.licensed_at_text = members.text("licensed_at_text");
  license.licensed_by = members.text("licensed_by");
  license.downloadable = members.flag("downloadable");
  license.first_seen_at = members.required_time("first_seen_at");
  license.vanished_at = members.time("vanished_at");
  license.details = members.object("details");
  license.raw = members.raw("raw");
  return license;
}

FileRow file_of(const Members& members, const AssetRow& asset) {
  FileRow file;
  file.account = asset.account;
  file.provider = asset.provider;
  file.asset_id = asset.asset_id;
  file.license_id = members.required("license_id");
  file.size = members.text("size");
  file.format = members.text("format");
  file.state = file_state_from_word(members.text("state")).value_or(FileState::kPending);
  file.reason = members.text("reason");
  file.path = members.text("name");
  file.bytes = members.count("bytes");
  file.sha256 = members.text("sha256");
  file.mirrored_at = members.time("mirrored_at");
  const bool told = !file.path.empty() && file.bytes && file.sha256.size() == 64 && file.mirrored_at;
  if (file.state == FileState::kMirrored && !told) members.refuse("files");
  return file;
}

AssetRow asset_of(const Members& members) {
  AssetRow asset;
  asset.provider = members.required("provider");
  asset.account = members.required("account");
  asset.asset_id = members.required("asset_id");
  if (!is_safe_id(asset.account) || !is_safe_id(asset.asset_id)) members.refuse("asset_id");
  const auto state = asset_state_from_word(members.text("state"));
  if (!state) members.refuse("state");
  asset.state = state.value_or(AssetState::kUnknown);
  asset.first_seen_at = members.required_time("first_seen_at");
  asset.updated_at = members.time("updated_at");
  asset.withdrawn_at = members.time("withdrawn_at");
  if (asset.state == AssetState::kWithdrawn && !asset.withdrawn_at) members.refuse("withdrawn_at");
  asset.raw = members.raw("raw");
  return asset;
}

}  // namespace

Result<AssetRecord> read_asset_record(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return make_error(ErrorCode::kInvalid, json.error().message);
  Status status;
  const Members members(*json, status);
  const auto version = members.count("schema_version");
  if (!version || *version < 1 || *version > kNewestSchema)
    return make_error(ErrorCode::kInvalid,
                      "it is none of damsync's, or of a newer one: its schema_version is not known");
  AssetRecord record;
  record.asset = asset_of(members);
  const Json metadata = members.object("metadata");
  record.metadata = asset_metadata_from_json(metadata);
  // Without any fact the asset was not described yet: `active` promises metadata.
  const auto* facts = metadata.if_object();
  if (facts != nullptr && !facts->empty())
    record.asset.metadata = write_json(to_json(record.metadata), JsonStyle::kCanonical);
  for (const auto& item : members.items("licenses"))
    record.licenses.push_back(license_of(Members(item, status), record.asset));
  for (const auto& item : members.items("files")) record.files.push_back(file_of(Members(item, status), record.asset));
  if (!status) return status.error();
  return record;
}

}  // namespace damsync
