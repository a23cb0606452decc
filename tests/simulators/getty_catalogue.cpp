#include <algorithm>
#include <sstream>

#include "tests/simulators/getty_sim.h"

namespace damsync {
namespace {

const std::set<std::string, std::less<>>& known_fields() {
  static const std::set<std::string, std::less<>> kFields{"allowed_use",
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
                                                          "copyright",
                                                          "country",
                                                          "credit_line",
                                                          "date_camera_shot",
                                                          "date_created",
                                                          "date_submitted",
                                                          "detail_set",
                                                          "display_set",
                                                          "download_sizes",
                                                          "downloads",
                                                          "editorial_segments",
                                                          "editorial_source",
                                                          "entity_details",
                                                          "event_ids",
                                                          "graphical_style",
                                                          "id",
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
  return kFields;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> out;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');) out.push_back(part);
  return out;
}

bool are_known(const std::vector<std::string>& fields) {
  return std::all_of(fields.begin(), fields.end(), [](const auto& field) { return known_fields().contains(field); });
}

Json texts(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push(value);
  return out;
}

Json whole_image(const GettySimImage& image) {
  Json keywords = Json::array();
  for (const auto& text : image.keywords)
    keywords.push(Json::object({{"keyword_id", "60" + std::to_string(text.size())}, {"text", text}, {"relevance", 1}}));
  keywords.push(Json::object({{"keyword_id", "1"}, {"text", nullptr}}));
  Json out =
      Json::object({{"id", image.id},
                    {"title", image.title},
                    {"caption", image.caption},
                    {"artist", image.artist},
                    {"artist_title", "None"},
                    {"asset_family", image.asset_family},
                    {"city", nullptr},
                    {"collection_id", 41},
                    {"collection_name", "Hulton"},
                    {"copyright", "2016 " + image.artist},
                    {"credit_line", image.artist + "/Getty Images"},
                    {"date_created", "2006-04-10T16:59:21-07:00"},
                    {"date_submitted", "2017-09-12T00:00:00"},
                    {"graphical_style", "photography"},
                    {"license_model", "royaltyfree"},
                    {"keywords", std::move(keywords)},
                    {"allowed_use", Json::object({{"how_can_i_use_it", "Available for all permitted uses."},
                                                  {"release_info", "No release required"},
                                                  {"usage_restrictions", texts(image.restrictions)}})},
                    {"max_dimensions", Json::object({{"width", image.width}, {"height", image.height}})},
                    {"download_sizes", Json(Json::Array{Json::object({{"name", "x_large"},
                                                                      {"media_type", "image/jpeg"},
                                                                      {"width", image.width},
                                                                      {"height", image.height},
                                                                      {"bytes", image.width * image.height}})})}});
  for (const auto& [key, value] : *image.fields.if_object()) out.set(key, value);
  return out;
}

/// Only what was asked for; sets of fields are not simulated, names are.
Json image_json(const GettySimImage& image, const std::vector<std::string>& fields) {
  Json out = Json::object({{"id", image.id}});
  const Json whole = whole_image(image);
  for (const auto& [key, value] : *whole.if_object())
    if (std::find(fields.begin(), fields.end(), key) != fields.end()) out.set(key, value);
  return out;
}

}  // namespace

SimResponse GettySim::list_images(const SimRequest& request) const {
  if (auto bad = check_params(request, {"ids", "fields"})) return *bad;
  const auto ids = split(request.param("ids").value_or(""));
  const auto fields = split(request.param("fields").value_or("id,title"));
  if (ids.empty()) return refuse(400, "ImageIdMustBeSpecified", "At least one image id must be specified");
  if (ids.size() > 100 || !are_known(fields)) return refuse(400, "InvalidParameterValue", "Invalid ids or fields");
  if (std::find(fields.begin(), fields.end(), "download_sizes") != fields.end() && !user_of(request))
    return refuse(401, "AuthorizationTokenRequired", "download_sizes needs a token");
  Json images = Json::array();
  Json missing = Json::array();
  for (const auto& id : ids) {
    const auto found = state_.images.find(id);
    if (found == state_.images.end() || found->second.withdrawn) {
      missing.push(id);
      continue;
    }
    if (found->second.poisoned) return refuse(500, "InvalidIStockCollection", "Invalid iStock collection");
    images.push(image_json(found->second, fields));
  }
  if (images.if_array()->empty() && state_.switches.all_missing_is_404)
    return refuse(404, "ImageNotFound", "Image id not found: " + ids.front());
  Json body = Json::object({{"images", images}});
  if (!images.if_array()->empty()) body.set("images_not_found", missing);
  return getty_json(body);
}

SimResponse GettySim::one_image(const SimRequest& request, const std::string& id) const {
  if (auto bad = check_params(request, {"fields"})) return *bad;
  const auto fields = split(request.param("fields").value_or("id,title"));
  if (!are_known(fields)) return refuse(400, "InvalidParameterValue", "Invalid fields");
  const auto found = state_.images.find(id);
  if (found == state_.images.end() || found->second.withdrawn)
    return refuse(404, "ImageNotFound", "Image id not found: " + id);
  if (found->second.poisoned) return refuse(500, "InvalidIStockCollection", "Invalid iStock collection");
  Json image = image_json(found->second, fields);
  if (state_.switches.single_image_bare) return getty_json(image);
  return getty_json(Json::object({{"images", Json(Json::Array{image})}, {"images_not_found", Json::array()}}));
}

/// Of the images named only those that are still offered.
SimResponse GettySim::related(const SimRequest& request, const Route& route) const {
  if (auto bad = check_params(request, {"fields", "page", "page_size"})) return *bad;
  const auto fields = split(request.param("fields").value_or("id,title"));
  if (!are_known(fields)) return refuse(400, "InvalidParameterValue", "Invalid fields");
  const std::string size = request.param("page_size").value_or("30");
  if (!is_getty_page_size(size)) return refuse(400, "InvalidPageSize", "Invalid page_size");
  const std::string page = request.param("page").value_or("1");
  if (page.empty() || page.find_first_not_of("0123456789") != std::string::npos || page.size() > 4 || page == "0")
    return refuse(400, "PageNumberLessThanOne", "page must be at least 1");
  const auto found = state_.images.find(route.id);
  if (found == state_.images.end() || (found->second.withdrawn && !state_.switches.related_of_withdrawn))
    return refuse(404, "ImageNotFound", "Image id not found: " + route.id);
  std::vector<const GettySimImage*> others;
  for (const auto& id : route.name.ends_with("/similar") ? found->second.similar : found->second.relatives)
    if (const auto other = state_.images.find(id); other != state_.images.end() && !other->second.withdrawn)
      others.push_back(&other->second);
  const std::size_t first = (std::stoul(page) - 1) * std::stoul(size);
  if (first > 0 && first >= others.size())
    return refuse(400, "InvalidPage", "page must be less, results count " + std::to_string(others.size()));
  Json images = Json::array();
  for (std::size_t i = first; i < std::min(others.size(), first + std::stoul(size)); ++i)
    images.push(image_json(*others[i], fields));
  return getty_json(
      Json::object({{"result_count", static_cast<std::int64_t>(others.size())}, {"images", std::move(images)}}));
}

}  // namespace damsync
