#include "tests/simulators/getty_params.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <set>
#include <sstream>
#include <string_view>

namespace damsync {
namespace {

using Words = std::set<std::string, std::less<>>;

const Words& image_words() {
  static const Words kWords{"allowed_use",
                            "alternative_ids",
                            "artist",
                            "artist_title",
                            "asset_family",
                            "call_for_image",
                            "caption",
                            "city",
                            "collection_code",
                            "collection_id",
                            "collection_name",
                            "color_type",
                            "comp",
                            "comp_webp",
                            "copyright",
                            "country",
                            "credit_line",
                            "date_camera_shot",
                            "date_created",
                            "date_submitted",
                            "detail_set",
                            "display_set",
                            "download_product",
                            "download_sizes",
                            "downloads",
                            "editorial_segments",
                            "editorial_source",
                            "entity_details",
                            "event_ids",
                            "graphical_style",
                            "id",
                            "is_ai_editable",
                            "istock_collection",
                            "istock_licenses",
                            "keywords",
                            "largest_downloads",
                            "license_model",
                            "links",
                            "max_dimensions",
                            "object_name",
                            "orientation",
                            "people",
                            "preview",
                            "product_types",
                            "quality_rank",
                            "referral_destinations",
                            "state_province",
                            "summary_set",
                            "thumb",
                            "title",
                            "uri_oembed"};
  return kWords;
}

bool one_of(std::string_view value, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), value) != words.end();
}

}  // namespace

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) out.push_back(part);
  return out;
}

bool needs_token(const std::vector<std::string>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const auto& field) {
    return one_of(field, {"downloads", "download_sizes", "largest_downloads"});
  });
}

namespace getty_rule {

bool any(const std::string&) { return true; }

bool flag(const std::string& value) { return one_of(value, {"true", "false"}); }

bool number(const std::string& value) {
  std::int32_t read = 0;
  const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), read);
  return error == std::errc() && stop == value.data() + value.size();
}

bool number_or_blank(const std::string& value) { return value.empty() || number(value); }

bool file_type(const std::string& value) { return one_of(value, {"eps", "jpg"}); }

bool product_type(const std::string& value) {
  return one_of(value, {"easyaccess", "editorialsubscription", "imagepack", "premiumaccess", "royaltyfreesubscription",
                        "creditpack", "aigen"});
}

bool image_fields(const std::string& value) {
  const auto fields = split_list(value);
  return std::all_of(fields.begin(), fields.end(), [](const auto& field) { return image_words().contains(field); });
}

bool product_fields(const std::string& value) { return value == "download_requirements"; }

}  // namespace getty_rule
}  // namespace damsync
