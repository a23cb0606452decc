#include "sync/providers/shutterstock/shutterstock_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "storage/base/text.h"
#include "sync/providers/field_reader.h"

namespace damsync::shutterstock {
namespace {

/// Members of a history row that name the licensed thing, and what kind of thing that is.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMediaMembers{{{"image", "image"},
                                                                                      {"editorial", "editorial"},
                                                                                      {"editorial_image", "editorial"},
                                                                                      {"video", "video"},
                                                                                      {"editorial_video", "video"},
                                                                                      {"audio", "audio"},
                                                                                      {"sfx", "audio"}}};

template <class T>
Checked<T> settle(std::string what, const Json& item, const FieldReader& in, T value) {
  if (in.ok()) return value;
  return make_rejected(std::move(what), item, in.reason());
}

void read_media(FieldReader& in, LicenseWire& out) {
  for (const auto& [key, kind] : kMediaMembers) {
    const Json* media = in.maybe_object(key);
    if (!in.ok()) return;
    if (media == nullptr) continue;
    FieldReader nested(*media, std::string(key) + ".");
    out.asset_id = nested.id("id");
    out.media_kind = kind;
    out.is_ai_generated = nested.maybe_flag("is_ai_generated");
    if (const Json* format = nested.maybe_object("format")) {
      FieldReader sizes(*format, std::string(key) + ".format.");
      out.size = sizes.maybe_text("size");
      out.format = sizes.maybe_text("format");
      nested.absorb(sizes);
    }
    in.absorb(nested);
    return;
  }
  in.reject("image", "is missing, and no other medium is named");
}

void check_media_id(FieldReader& in, LicenseWire& out) {
  if (!in.ok()) return;
  if (out.media_kind == "image" && is_editorial_id(out.asset_id)) out.media_kind = "editorial";
  const bool fits = out.media_kind == "image" ? is_image_id(out.asset_id) : is_safe_id(out.asset_id);
  if (!fits) in.reject("image.id", "does not have the form of an id");
}

void read_metadata(FieldReader& in, LicenseWire& out) {
  const Json* metadata = in.maybe_object("metadata");
  if (metadata == nullptr) return;
  for (const auto& [key, value] : *metadata->if_object()) {
    if (value.is_null()) continue;
    if (value.is_array() || value.is_object())
      in.reject("metadata." + printable(key), fmt::format("is {}, not a plain value", describe_value(&value)));
    if (const auto* text = value.if_string(); text != nullptr && text->find('\0') != std::string::npos)
      in.reject("metadata." + printable(key), "holds a NUL character");
    out.metadata.emplace_back(key, value);
  }
}

void read_revshare(FieldReader& in, LicenseWire& out) {
  const Json* revshare = in.maybe_object("revshare");
  if (revshare == nullptr) return;
  FieldReader nested(*revshare, "revshare.");
  out.purchase_amount = nested.maybe_amount("purchase_amount");
  out.purchase_currency = nested.maybe_text("purchase_currency");
  in.absorb(nested);
}

/// Previews and thumbnails have a URL that changes and no say in what can be licensed.
bool is_size(std::string_view key, const Json& value) {
  if (value.find("url") != nullptr) return false;
  const std::string_view suffix = key.substr(std::min(key.rfind('_'), key.size()));
  return suffix == "_jpg" || suffix == "_tiff" || suffix == "_eps" || value.find("is_licensable") != nullptr;
}

void read_sizes(FieldReader& in, ImageWire& out) {
  const Json* assets = in.maybe_object("assets");
  if (assets == nullptr) return;
  for (const auto& [key, value] : *assets->if_object()) {
    if (value.is_null() || !is_size(key, value)) continue;
    FieldReader nested(value, "assets." + printable(key) + ".");
    out.sizes.push_back(AssetSizeWire{.key = key,
                                      .format = nested.maybe_text("format"),
                                      .width = nested.maybe_count("width"),
                                      .height = nested.maybe_count("height")});
    in.absorb(nested);
  }
}

void read_categories(FieldReader& in, ImageWire& out) {
  const auto* categories = in.maybe_array("categories");
  if (categories == nullptr) return;
  for (const Json& item : *categories) {
    FieldReader nested(item, "categories[].");
    out.categories.push_back(CategoryWire{.id = nested.id("id"), .name = nested.maybe_text("name")});
    in.absorb(nested);
  }
}

}  // namespace

bool is_image_id(std::string_view id) noexcept {
  return !id.empty() && id.size() <= 64 && id.front() != '0' &&
         id.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_editorial_id(std::string_view id) noexcept {
  const std::size_t letters = id.find_first_not_of("0123456789");
  if (letters == 0 || letters == std::string_view::npos || id.size() > 64) return false;
  return std::all_of(id.begin() + static_cast<std::ptrdiff_t>(letters), id.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

Checked<LicenseWire> read_license(const Json& row) {
  FieldReader in(row);
  LicenseWire out;
  out.id = in.id("id");
  if (in.ok() && !is_safe_id(out.id)) in.reject("id", "does not have the form of a license id");
  out.license = in.text("license");
  out.download_time = in.time("download_time");
  out.download_time_text = in.text("download_time");
  if (const Json* user = in.maybe_object("user")) {
    FieldReader nested(*user, "user.");
    out.username = nested.maybe_text("username");
    in.absorb(nested);
  }
  out.subscription_id = in.maybe_id("subscription_id");
  out.is_downloadable = in.maybe_flag("is_downloadable");
  read_media(in, out);
  check_media_id(in, out);
  read_metadata(in, out);
  read_revshare(in, out);
  if (in.ok()) out.raw = write_json(row);
  return settle("license", row, in, std::move(out));
}

Checked<ImageWire> read_image(const Json& item) {
  FieldReader in(item);
  ImageWire out;
  out.id = in.id("id");
  if (in.ok() && !is_image_id(out.id)) in.reject("id", "does not have the form of an image id");
  out.media_type = in.maybe_text("media_type");
  out.image_type = in.maybe_text("image_type");
  out.description = in.maybe_text("description");
  out.added_date = in.maybe_text("added_date");
  out.original_filename = in.maybe_text("original_filename");
  out.asset_collection = in.maybe_text("asset_collection");
  out.url = in.maybe_text("url");
  out.location = in.maybe_text("location");
  if (const Json* contributor = in.maybe_object("contributor")) {
    FieldReader nested(*contributor, "contributor.");
    out.contributor_id = nested.maybe_id("id");
    in.absorb(nested);
  }
  out.is_adult = in.maybe_flag("is_adult");
  out.is_editorial = in.maybe_flag("is_editorial");
  out.is_illustration = in.maybe_flag("is_illustration");
  out.has_model_release = in.maybe_flag("has_model_release");
  out.has_property_release = in.maybe_flag("has_property_release");
  out.is_ai_generated = in.maybe_flag("is_ai_generated");
  out.keywords = in.texts("keywords");
  read_categories(in, out);
  out.model_release_ids = in.ids("model_releases");
  out.model_ids = in.ids("models");
  out.releases = in.texts("releases");
  read_sizes(in, out);
  if (in.ok()) out.raw = write_json(item);
  return settle("asset", item, in, std::move(out));
}

Checked<Subscription> read_subscription(const Json& item) {
  FieldReader in(item);
  Subscription out;
  out.id = in.id("id");
  out.license = in.maybe_text("license");
  out.description = in.maybe_text("description");
  out.expires_at = in.maybe_time("expiration_time");
  if (const Json* allotment = in.maybe_object("allotment")) {
    FieldReader nested(*allotment, "allotment.");
    out.allotment_start = nested.maybe_time("start_time");
    out.allotment_end = nested.maybe_time("end_time");
    out.downloads_left = nested.maybe_count("downloads_left");
    out.downloads_limit = nested.maybe_count("downloads_limit");
    in.absorb(nested);
  }
  return settle("subscription", item, in, std::move(out));
}

Checked<CategoryWire> read_category(const Json& item) {
  FieldReader in(item);
  CategoryWire out{.id = in.id("id"), .name = in.maybe_text("name")};
  return settle("category", item, in, std::move(out));
}

}  // namespace damsync::shutterstock
