#include "sync/providers/getty/getty_wire.h"

#include "storage/base/text.h"
#include "sync/providers/field_reader.h"

namespace damsync::getty {
namespace {

/// The product that images are made with, not found by.
constexpr std::string_view kGeneratorProduct = "aigen";

template <class T>
Checked<T> settle(std::string what, const Json& item, const FieldReader& in, T value) {
  if (in.ok()) return value;
  return make_rejected(std::move(what), item, in.reason());
}

/// Times without a zone are UTC here.
FieldReader nested_reader(const Json& object, std::string where) {
  return FieldReader(object, std::move(where), MissingZone::kUtc);
}

std::string text_or_empty(FieldReader& in, std::string_view key) { return in.maybe_text(key).value_or(""); }

void read_asset_id(FieldReader& in, const Json& row, std::string_view fallback, DownloadWire& out) {
  const auto generated = in.maybe_id("generated_asset_id");
  out.ai_generated = generated.has_value();
  const auto id = in.maybe_id("id");
  const Json* said = row.find("id");
  if (id)
    out.asset_id = *id;
  else if (said != nullptr && !said->is_null())
    return;  // the reader has already said what is wrong with it
  else if (generated)
    out.asset_id = *generated;
  else
    out.asset_id = fallback;
  if (!id && generated) out.asset_type = "generated";
  if (out.asset_id.empty())
    in.reject("id", "is missing, but required");
  else if (!is_asset_id(out.asset_id))
    in.reject("id", "does not have the form of an asset id");
}

void read_user(FieldReader& in, DownloadWire& out) {
  const Json* user = in.maybe_object("user");
  if (user == nullptr) return;
  auto nested = nested_reader(*user, "user.");
  out.username = text_or_empty(nested, "username");
  out.first_name = text_or_empty(nested, "first_name");
  out.last_name = text_or_empty(nested, "last_name");
  in.absorb(nested);
}

/// Notes and project code are nested in the list of downloads and flat in the history of one asset.
void read_details(FieldReader& in, DownloadWire& out) {
  out.notes = text_or_empty(in, "download_notes");
  out.project_code = text_or_empty(in, "project_code");
  const Json* details = in.maybe_object("download_details");
  if (details == nullptr) return;
  auto nested = nested_reader(*details, "download_details.");
  if (auto notes = nested.maybe_text("download_notes")) out.notes = *notes;
  if (auto code = nested.maybe_text("project_code")) out.project_code = *code;
  in.absorb(nested);
}

void read_dimensions(FieldReader& in, std::string_view key, std::optional<std::int64_t>& width,
                     std::optional<std::int64_t>& height) {
  const Json* dimensions = in.maybe_object(key);
  if (dimensions == nullptr) return;
  auto nested = nested_reader(*dimensions, std::string(key) + ".");
  width = nested.maybe_count("width");
  height = nested.maybe_count("height");
  in.absorb(nested);
}

void read_allowed_use(FieldReader& in, ImageWire& out) {
  const Json* use = in.maybe_object("allowed_use");
  if (use == nullptr) return;
  auto nested = nested_reader(*use, "allowed_use.");
  out.how_can_i_use_it = nested.maybe_text("how_can_i_use_it");
  out.release_info = nested.maybe_text("release_info");
  out.usage_restrictions = nested.texts("usage_restrictions");
  in.absorb(nested);
}

void read_source(FieldReader& in, ImageWire& out) {
  const Json* source = in.maybe_object("editorial_source");
  if (source == nullptr) return;
  auto nested = nested_reader(*source, "editorial_source.");
  out.editorial_source = nested.maybe_text("name");
  in.absorb(nested);
}

/// Entries without text occur and say nothing.
void read_keywords(FieldReader& in, ImageWire& out) {
  const auto* items = in.maybe_array("keywords");
  if (items == nullptr) return;
  for (const Json& item : *items) {
    auto nested = nested_reader(item, "keywords[].");
    if (auto text = nested.maybe_text("text"); text && !text->empty()) out.keywords.push_back(*text);
    in.absorb(nested);
  }
}

void read_event_ids(FieldReader& in, ImageWire& out) {
  const auto* items = in.maybe_array("event_ids");
  if (items == nullptr) return;
  for (const Json& item : *items) {
    const auto id = id_text(item);
    if (id)
      out.event_ids.push_back(*id);
    else
      in.reject("event_ids", "holds " + describe_value(&item) + " that is no id");
  }
}

void read_alternative_ids(FieldReader& in, ImageWire& out) {
  const Json* ids = in.maybe_object("alternative_ids");
  if (ids == nullptr) return;
  auto nested = nested_reader(*ids, "alternative_ids.");
  for (const auto& [key, value] : *ids->if_object())
    if (auto id = nested.maybe_id(key)) out.alternative_ids.emplace_back(key, *id);
  in.absorb(nested);
}

void read_sizes(FieldReader& in, ImageWire& out) {
  const auto* items = in.maybe_array("download_sizes");
  if (items == nullptr) return;
  for (const Json& item : *items) {
    auto nested = nested_reader(item, "download_sizes[].");
    out.download_sizes.push_back(SizeWire{.name = text_or_empty(nested, "name"),
                                          .media_type = nested.maybe_text("media_type"),
                                          .width = nested.maybe_count("width"),
                                          .height = nested.maybe_count("height")});
    in.absorb(nested);
  }
}

void read_texts(FieldReader& in, ImageWire& out) {
  out.title = in.maybe_text("title");
  out.caption = in.maybe_text("caption");
  out.artist = in.maybe_text("artist");
  out.artist_title = in.maybe_text("artist_title");
  out.asset_family = in.maybe_text("asset_family");
  out.city = in.maybe_text("city");
  out.collection_code = in.maybe_text("collection_code");
  out.collection_id = in.maybe_id("collection_id");
  out.collection_name = in.maybe_text("collection_name");
  out.color_type = in.maybe_text("color_type");
  out.copyright = in.maybe_text("copyright");
  out.country = in.maybe_text("country");
  out.credit_line = in.maybe_text("credit_line");
  out.date_camera_shot = in.maybe_text("date_camera_shot");
  out.date_created = in.maybe_text("date_created");
  out.date_submitted = in.maybe_text("date_submitted");
  out.graphical_style = in.maybe_text("graphical_style");
  out.license_model = in.maybe_text("license_model");
  out.object_name = in.maybe_text("object_name");
  out.orientation = in.maybe_text("orientation");
  out.state_province = in.maybe_text("state_province");
}

void read_requirements(FieldReader& in, Product& out) {
  const Json* requirements = in.maybe_object("download_requirements");
  if (requirements == nullptr) return;
  auto nested = nested_reader(*requirements, "download_requirements.");
  out.note_required = nested.maybe_flag("is_note_required").value_or(false);
  out.project_code_required = nested.maybe_flag("is_project_code_required").value_or(false);
  out.project_codes = nested.texts("project_codes");
  in.absorb(nested);
}

void read_overage(FieldReader& in, Product& out) {
  const Json* overage = in.maybe_object("overage");
  if (overage == nullptr) return;
  auto nested = nested_reader(*overage, "overage.");
  out.overage_remaining = nested.maybe_count("remaining");
  in.absorb(nested);
}

}  // namespace

bool is_asset_id(std::string_view id) noexcept { return is_safe_id(id); }

Checked<DownloadWire> read_download(const Json& row, std::string_view asset_id) {
  FieldReader in(row, {}, MissingZone::kUtc);
  DownloadWire out;
  out.asset_type = to_lower(text_or_empty(in, "asset_type"));
  if (in.ok()) read_asset_id(in, row, asset_id, out);
  out.downloaded_at = in.time("date_downloaded");
  out.downloaded_at_text = in.text("date_downloaded");
  out.product_type = text_or_empty(in, "product_type");
  if (iequals(out.product_type, kGeneratorProduct)) out.ai_generated = true;
  out.product_id = in.maybe_id("product_id").value_or("");
  out.agreement_name = text_or_empty(in, "agreement_name");
  out.size_name = text_or_empty(in, "size_name");
  out.license_model = text_or_empty(in, "license_model");
  out.download_source = text_or_empty(in, "download_source");
  read_user(in, out);
  read_details(in, out);
  read_dimensions(in, "dimensions", out.width, out.height);
  if (in.ok()) out.raw = write_json(row);
  return settle("license", row, in, std::move(out));
}

Checked<ImageWire> read_image(const Json& item) {
  FieldReader in(item, {}, MissingZone::kUtc);
  ImageWire out;
  out.id = in.id("id");
  if (in.ok() && !is_asset_id(out.id)) in.reject("id", "does not have the form of an asset id");
  read_texts(in, out);
  read_allowed_use(in, out);
  read_source(in, out);
  out.call_for_image = in.maybe_flag("call_for_image");
  out.editorial_segments = in.texts("editorial_segments");
  out.people = in.texts("people");
  out.product_types = in.texts("product_types");
  read_event_ids(in, out);
  read_keywords(in, out);
  read_alternative_ids(in, out);
  read_dimensions(in, "max_dimensions", out.max_width, out.max_height);
  read_sizes(in, out);
  if (in.ok()) out.raw = write_json(item);
  return settle("asset", item, in, std::move(out));
}

Checked<Product> read_product(const Json& item) {
  FieldReader in(item, {}, MissingZone::kUtc);
  Product out;
  out.id = in.id("id");
  out.name = text_or_empty(in, "name");
  out.type = text_or_empty(in, "type");
  out.agreement_name = text_or_empty(in, "agreement_name");
  out.active = iequals(text_or_empty(in, "status"), "active");
  out.downloads_remaining = in.maybe_count("downloads_remaining");
  out.download_limit = in.maybe_count("download_limit");
  out.credits_remaining = in.maybe_count("credits_remaining");
  out.download_limit_duration = text_or_empty(in, "download_limit_duration");
  out.limit_resets_at = in.maybe_time("download_limit_reset_utc_date");
  out.expires_at = in.maybe_time("expiration_utc_date");
  read_overage(in, out);
  read_requirements(in, out);
  return settle("product", item, in, std::move(out));
}

}  // namespace damsync::getty
