#include "sync/providers/shutterstock/shutterstock_normalize.h"

#include <algorithm>
#include <tuple>

#include "storage/base/text.h"

namespace damsync::shutterstock {
namespace {

/// `Purchase Order` and `purchase-order` become `purchase_order`: the account names these fields itself.
std::string detail_name(std::string_view name) {
  std::string out;
  for (const char c : to_lower(name)) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || byte >= 0x80)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

Json details_of(LicenseWire& row) {
  Json details = Json::object();
  for (auto& [name, value] : row.metadata)
    if (const std::string key = detail_name(name); !key.empty()) details.set(key, std::move(value));
  if (row.subscription_id) details.set("subscription_id", *row.subscription_id);
  if (row.is_ai_generated) details.set("ai_generated", *row.is_ai_generated);
  if (row.purchase_amount) details.set("price", *row.purchase_amount);
  if (row.purchase_currency) details.set("currency", *row.purchase_currency);
  auto& members = *details.if_object();
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return details;
}

std::string format_of(const LicenseWire& row) {
  if (row.format) return *row.format;
  if (row.media_kind != "image") return {};
  return row.size == "vector" ? "eps" : "jpg";
}

/// `small_jpg` is the size `small` in the format `jpg`.
Rendition rendition_of(AssetSizeWire& size) {
  const std::size_t cut = std::min(size.key.rfind('_'), size.key.size());
  const std::string suffix = cut < size.key.size() ? size.key.substr(cut + 1) : "";
  return Rendition{.name = size.key.substr(0, cut),
                   .format = size.format.value_or(suffix),
                   .width = size.width,
                   .height = size.height};
}

}  // namespace

License normalize(LicenseWire row) {
  License out;
  out.format = format_of(row);
  out.details = details_of(row);
  out.license_id = std::move(row.id);
  out.asset_id = std::move(row.asset_id);
  out.media_kind = std::move(row.media_kind);
  out.license_type = std::move(row.license);
  out.size = std::move(row.size).value_or("");
  out.licensed_at = row.download_time;
  out.licensed_at_text = std::move(row.download_time_text);
  out.licensed_by = std::move(row.username).value_or("");
  out.downloadable = row.is_downloadable;
  out.raw = std::move(row.raw);
  return out;
}

bool lacks_category_names(const ImageWire& image) {
  return std::any_of(image.categories.begin(), image.categories.end(),
                     [](const CategoryWire& category) { return !category.name; });
}

AssetMetadata normalize(ImageWire image, const CategoryNames& names) {
  AssetMetadata out;
  out.media_type = std::move(image.media_type);
  out.kind = std::move(image.image_type);
  out.caption = std::move(image.description);
  out.keywords = std::move(image.keywords);
  for (auto& category : image.categories) {
    const auto known = names.find(category.id);
    out.categories.push_back(category.name ? *category.name : known == names.end() ? category.id : known->second);
  }
  out.creator_id = std::move(image.contributor_id);
  out.collection = std::move(image.asset_collection);
  out.added_on = std::move(image.added_date);
  out.original_filename = std::move(image.original_filename);
  out.page_url = std::move(image.url);
  if (image.location && !image.location->empty()) out.extra.set("location", *image.location);
  out.editorial = image.is_editorial;
  out.adult = image.is_adult;
  out.illustration = image.is_illustration;
  out.ai_generated = image.is_ai_generated;
  out.has_model_release = image.has_model_release;
  out.has_property_release = image.has_property_release;
  out.model_release_ids = std::move(image.model_release_ids);
  out.releases = std::move(image.releases);
  out.people = std::move(image.model_ids);
  for (auto& size : image.sizes) out.renditions.push_back(rendition_of(size));
  std::sort(out.renditions.begin(), out.renditions.end(), [](const Rendition& a, const Rendition& b) {
    return std::tie(a.name, a.format) < std::tie(b.name, b.format);
  });
  return out;
}

}  // namespace damsync::shutterstock
