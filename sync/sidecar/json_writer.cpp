#include "sync/sidecar/json_writer.h"

#include <algorithm>
#include <filesystem>
#include <tuple>

#include "storage/base/json.h"
#include "storage/base/time.h"
#include "sync/http/json_reader.h"
#include "sync/sidecar/license_choice.h"
#include "sync/sidecar/text_scrub.h"

namespace damsync {
namespace {

constexpr int kSchemaVersion = 1;

/// Absent facts and empty texts leave no member behind.
void set_if(Json& object, std::string_view key, const Json& value) {
  if (value.is_null()) return;
  if (const auto* text = value.if_string(); text != nullptr && text->empty()) return;
  object.set(key, value);
}

Json time_or_null(const std::optional<UtcTime>& time) { return time ? Json(format_rfc3339(*time)) : Json(); }

/// The provider's own JSON as a value; as text where it is none, so that nothing is lost.
Json provider_json(const std::string& text) {
  if (text.empty()) return {};
  auto parsed = parse_json(text);
  return parsed ? std::move(parsed).value() : Json(text);
}

Json valid_text(const Json& value) {
  if (const auto* text = value.if_string()) return replace_invalid_utf8(*text);
  if (const auto* items = value.if_array()) {
    Json::Array out;
    for (const auto& item : *items) out.push_back(valid_text(item));
    return out;
  }
  if (const auto* members = value.if_object()) {
    Json out = Json::object();
    for (const auto& [key, member] : *members) out.set(replace_invalid_utf8(key), valid_text(member));
    return out;
  }
  return value;
}

Json license_json(const LicenseRow& license) {
  Json out = Json::object();
  out.set("license_id", license.license_id);
  out.set("state", to_word(license.state));
  set_if(out, "media_kind", license.media_kind);
  set_if(out, "license_type", license.license_type);
  set_if(out, "size", license.size);
  set_if(out, "format", license.format);
  out.set("licensed_at", format_rfc3339(license.licensed_at));
  set_if(out, "licensed_at_text", license.licensed_at_text);
  set_if(out, "licensed_by", license.licensed_by);
  set_if(out, "downloadable", license.downloadable);
  out.set("first_seen_at", format_rfc3339(license.first_seen_at));
  set_if(out, "vanished_at", time_or_null(license.vanished_at));
  out.set("details", license.details);
  set_if(out, "raw", provider_json(license.raw));
  return out;
}

std::string name_in_folder(const FileRow& file, const std::filesystem::path& folder) {
  if (file.path.empty()) return {};
  const std::filesystem::path path(file.path);
  return folder.empty() ? path.filename().string() : path.lexically_relative(folder).string();
}

Json file_json(const FileRow& file, const std::filesystem::path& folder) {
  Json out = Json::object();
  out.set("license_id", file.license_id);
  set_if(out, "size", file.size);
  set_if(out, "format", file.format);
  if (file.state == FileState::kMirrored || file.state == FileState::kBlocked) out.set("state", to_word(file.state));
  if (file.state == FileState::kBlocked) set_if(out, "reason", file.reason);
  set_if(out, "name", name_in_folder(file, folder));
  set_if(out, "bytes", file.bytes);
  set_if(out, "sha256", file.sha256);
  set_if(out, "mirrored_at", time_or_null(file.mirrored_at));
  return out;
}

Json licenses_json(const SidecarInput& input) {
  Json out = Json::array();
  for (const auto* license : ordered_licenses(input)) out.push(license_json(*license));
  return out;
}

Json files_json(const SidecarInput& input) {
  std::vector<const FileRow*> order;
  for (const auto& file : input.files) order.push_back(&file);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->license_id, a->size, a->format) < std::tie(b->license_id, b->size, b->format);
  });
  const auto folder = std::filesystem::path(input.asset.sidecar_path).parent_path();
  Json out = Json::array();
  for (const auto* file : order) out.push(file_json(*file, folder));
  return out;
}

Json collections_json(const SidecarInput& input) {
  Json out = Json::array();
  for (const auto& [id, name] : input.collections) out.push(Json::object({{"collection_id", id}, {"name", name}}));
  return out;
}

}  // namespace

std::string JsonWriter::write(const SidecarInput& input) const {
  const auto& asset = input.asset;
  Json out = Json::object();
  out.set("schema_version", kSchemaVersion);
  out.set("provider", asset.provider);
  out.set("account", asset.account);
  out.set("asset_id", asset.asset_id);
  out.set("state", to_word(asset.state));
  out.set("first_seen_at", format_rfc3339(asset.first_seen_at));
  set_if(out, "updated_at", time_or_null(asset.updated_at));
  set_if(out, "withdrawn_at", time_or_null(asset.withdrawn_at));
  out.set("metadata", to_json(input.metadata));
  out.set("licenses", licenses_json(input));
  out.set("files", files_json(input));
  if (!input.collections.empty()) out.set("collections", collections_json(input));
  set_if(out, "raw", provider_json(asset.raw));
  return write_json(valid_text(out), JsonStyle::kPretty);
}

}  // namespace damsync
