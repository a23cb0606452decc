#include "sync/providers/getty/getty_normalize.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "storage/base/digest.h"
#include "storage/base/text.h"

namespace damsync::getty {
namespace {

constexpr std::size_t kShownAsset = 28;
constexpr std::size_t kDigestDigits = 10;

std::string compact_time(UtcTime time) {
  std::string text = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string media_kind_of(const std::string& asset_type) {
  if (asset_type.empty() || asset_type == "image") return "image";
  if (asset_type == "film" || asset_type == "video") return "video";
  if (asset_type == "music" || asset_type == "audio") return "audio";
  return asset_type;
}

/// A row tells its format by its size alone, and older ones have none.
std::string format_of(const DownloadWire& row) {
  if (media_kind_of(row.asset_type) != "image" || row.size_name.empty()) return {};
  const std::string size = to_lower(row.size_name);
  const bool vector = size.find("vector") != std::string::npos || size.find("eps") != std::string::npos;
  return vector ? "eps" : "jpg";
}

void set_text(Json& out, std::string_view key, const std::string& value) {
  if (!value.empty()) out.set(key, value);
}

/// Members in the order of their names. What is not said is no member: a row reads the same as before.
Json details_of(const DownloadWire& row) {
  Json out = Json::object();
  set_text(out, "agreement", row.agreement_name);
  if (row.ai_generated) out.set("ai_generated", true);
  set_text(out, "download_source", row.download_source);
  set_text(out, "first_name", row.first_name);
  if (row.height) out.set("height", *row.height);
  set_text(out, "last_name", row.last_name);
  set_text(out, "license_model", row.license_model);
  set_text(out, "notes", row.notes);
  set_text(out, "product_id", row.product_id);
  set_text(out, "product_type", row.product_type);
  set_text(out, "project", row.project_code);
  if (row.width) out.set("width", *row.width);
  return out;
}

License license_of(DownloadWire row, const std::string& key, int ordinal) {
  License out;
  out.license_id = fmt::format("{}-{}", key, ordinal);
  out.media_kind = media_kind_of(row.asset_type);
  out.format = format_of(row);
  out.details = details_of(row);
  out.asset_id = std::move(row.asset_id);
  out.license_type = std::move(row.product_type);
  out.size = std::move(row.size_name);
  out.licensed_at = row.downloaded_at;
  out.licensed_at_text = std::move(row.downloaded_at_text);
  out.licensed_by = std::move(row.username);
  out.raw = std::move(row.raw);
  return out;
}

std::string media_type_of(const ImageWire& image) {
  const std::string style = to_lower(image.graphical_style.value_or(""));
  return style == "illustration" || style == "vector" ? style : "image";
}

/// Only what is said: `No release required` says nothing about a release.
void read_release(const ImageWire& image, AssetMetadata& out) {
  if (!image.release_info || image.release_info->empty()) return;
  out.releases.push_back(*image.release_info);
  const std::string said = to_lower(*image.release_info);
  if (said.find("not ") != std::string::npos || said.find("released") == std::string::npos) return;
  if (said.find("model") != std::string::npos) out.has_model_release = true;
  if (said.find("property") != std::string::npos) out.has_property_release = true;
}

std::string format_of(const SizeWire& size) {
  const std::string type = to_lower(size.media_type.value_or(""));
  if (type == "image/jpeg" || type == "image/jpg") return "jpg";
  if (type.find("eps") != std::string::npos || type.find("postscript") != std::string::npos) return "eps";
  if (type.starts_with("image/")) return type.substr(6);
  return {};
}

std::vector<Rendition> renditions_of(const ImageWire& image) {
  std::vector<Rendition> out;
  for (const auto& size : image.download_sizes)
    out.push_back({.name = size.name, .format = format_of(size), .width = size.width, .height = size.height});
  const auto order = [](const Rendition& r) { return std::tie(r.name, r.format, r.width, r.height); };
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.empty() && image.max_width && image.max_height)
    out.push_back({.name = "maximum", .format = {}, .width = image.max_width, .height = image.max_height});
  return out;
}

std::vector<std::string> without_repeats(std::vector<std::string> texts) {
  std::vector<std::string> out;
  for (auto& text : texts)
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  return out;
}

/// The provider's own credit, else the one it prints elsewhere: artist and collection.
std::optional<std::string> credit_line_of(const ImageWire& image) {
  if (image.credit_line || !image.artist || image.artist->empty() || !image.collection_name) return image.credit_line;
  return *image.artist + "/" + *image.collection_name;
}

template <class T>
void set_known(Json& out, std::string_view key, const std::optional<T>& value) {
  if (value) out.set(key, *value);
}

void set_list(Json& out, std::string_view key, std::vector<std::string> values) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  Json list = Json::array();
  for (auto& value : values) list.push(std::move(value));
  out.set(key, std::move(list));
}

Json extra_of(const ImageWire& image) {
  Json out = Json::object();
  if (image.artist_title && !iequals(*image.artist_title, "None")) out.set("artist_title", *image.artist_title);
  set_known(out, "asset_family", image.asset_family);
  set_known(out, "call_for_image", image.call_for_image);
  set_known(out, "city", image.city);
  set_known(out, "collection_code", image.collection_code);
  set_known(out, "collection_id", image.collection_id);
  set_known(out, "color_type", image.color_type);
  set_known(out, "country", image.country);
  set_known(out, "date_camera_shot", image.date_camera_shot);
  set_known(out, "date_created", image.date_created);
  set_known(out, "editorial_source", image.editorial_source);
  set_known(out, "max_height", image.max_height);
  set_known(out, "max_width", image.max_width);
  set_known(out, "object_name", image.object_name);
  set_known(out, "orientation", image.orientation);
  set_known(out, "release_info", image.release_info);
  set_known(out, "state_province", image.state_province);
  set_list(out, "editorial_segments", image.editorial_segments);
  set_list(out, "event_ids", image.event_ids);
  set_list(out, "product_types", image.product_types);
  for (const auto& [key, id] : image.alternative_ids) out.set("alternative_id_" + key, id);
  return out;
}

}  // namespace

std::string license_key(const DownloadWire& row) {
  const std::string told = write_json(Json(
      Json::Array{row.asset_id, format_rfc3339(row.downloaded_at), row.product_type, row.size_name, row.username}));
  const std::string digest = sha256_hex(told);
  const bool fits = row.asset_id.size() <= kShownAsset;
  const std::string asset = fits ? row.asset_id : sha256_hex(row.asset_id).substr(0, kShownAsset);
  return fmt::format("g{}-{}-{}", asset, compact_time(row.downloaded_at), digest.substr(0, kDigestDigits));
}

std::vector<License> normalize(std::vector<DownloadWire> rows) {
  // Equal keys in an order that depends on what the rows say, not on where the service put them.
  const auto order = [](const DownloadWire& row) {
    return std::tie(row.product_id, row.agreement_name, row.project_code, row.notes, row.raw);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const DownloadWire& a, const DownloadWire& b) { return order(a) < order(b); });
  std::map<std::string, int> ordinals;
  std::vector<License> out;
  out.reserve(rows.size());
  for (auto& row : rows) {
    const std::string key = license_key(row);
    const int ordinal = ordinals[key]++;
    out.push_back(license_of(std::move(row), key, ordinal));
  }
  std::sort(out.begin(), out.end(), [](const License& a, const License& b) {
    return std::tie(a.licensed_at, a.license_id) < std::tie(b.licensed_at, b.license_id);
  });
  return out;
}

AssetMetadata normalize(ImageWire image) {
  AssetMetadata out;
  out.extra = extra_of(image);
  out.renditions = renditions_of(image);
  out.media_type = media_type_of(image);
  out.illustration = image.graphical_style ? std::optional(*out.media_type != "image") : std::nullopt;
  read_release(image, out);
  if (image.asset_family && iequals(*image.asset_family, "editorial")) out.editorial = true;
  if (image.asset_family && iequals(*image.asset_family, "creative")) out.editorial = false;
  out.kind = std::move(image.graphical_style);
  out.title = std::move(image.title);
  out.caption = std::move(image.caption);
  out.keywords = without_repeats(std::move(image.keywords));
  out.credit_line = credit_line_of(image);
  out.creator_name = std::move(image.artist);
  out.copyright = std::move(image.copyright);
  out.collection = std::move(image.collection_name);
  out.created_on = image.date_camera_shot ? std::move(image.date_camera_shot) : std::move(image.date_created);
  out.added_on = std::move(image.date_submitted);
  out.people = without_repeats(std::move(image.people));
  out.restrictions = std::move(image.usage_restrictions);
  out.usage_terms = std::move(image.how_can_i_use_it);
  out.license_model = std::move(image.license_model);
  return out;
}

}  // namespace damsync::getty
