#include <algorithm>

#include "tests/simulators/getty_sim.h"

namespace damsync {
namespace {

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
  Json sizes = Json::array();
  for (const auto& size : image.sizes())
    sizes.push(Json::object({{"name", size.name},
                             {"media_type", "image/jpeg"},
                             {"width", size.width},
                             {"height", size.height},
                             {"bytes", size.width * size.height}}));
  Json out = Json::object({{"id", image.id},
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
                           {"license_model", image.license_model},
                           {"keywords", std::move(keywords)},
                           {"allowed_use", Json::object({{"how_can_i_use_it", "Available for all permitted uses."},
                                                         {"release_info", "No release required"},
                                                         {"usage_restrictions", texts(image.restrictions)}})},
                           {"max_dimensions", Json::object({{"width", image.width}, {"height", image.height}})},
                           {"download_sizes", std::move(sizes)}});
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

/// Nothing when the fields may be told to the one who asks.
std::optional<SimResponse> GettySim::check_fields(const SimRequest& request,
                                                  const std::vector<std::string>& fields) const {
  if (!needs_token(fields) || user_of(request)) return std::nullopt;
  return refuse(401, "AuthorizationTokenRequired", "The access token is missing");
}

SimResponse GettySim::list_images(const SimRequest& request) const {
  if (auto bad = check_params(request, {{"ids", getty_rule::any}, {"fields", getty_rule::image_fields}})) return *bad;
  const auto ids = split_list(request.param("ids").value_or(""));
  const auto fields = split_list(request.param("fields").value_or("id,title"));
  if (ids.empty()) return refuse(400, "ImageIdMustBeSpecified", "At least one image id must be specified");
  if (ids.size() > 100) return refuse(400, "InvalidParameterValue", "Too many ids");
  if (auto bad = check_fields(request, fields)) return *bad;
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
  if (auto bad = check_params(request, {{"fields", getty_rule::image_fields}})) return *bad;
  const auto fields = split_list(request.param("fields").value_or("id,title"));
  if (auto bad = check_fields(request, fields)) return *bad;
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
  if (auto bad = check_params(
          request,
          {{"fields", getty_rule::image_fields}, {"page", getty_rule::number}, {"page_size", getty_rule::any}}))
    return *bad;
  const auto fields = split_list(request.param("fields").value_or("id,title"));
  if (auto bad = check_fields(request, fields)) return *bad;
  const std::string size = request.param("page_size").value_or("30");
  if (!is_getty_page_size(size)) return refuse(400, "InvalidPageSize", "Invalid page_size");
  const std::string page = request.param("page").value_or("1");
  if (std::stol(page) < 1) return refuse(400, "PageNumberLessThanOne", "page must be at least 1");
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
