#include "tests/simulators/shutterstock_answers.h"

#include <algorithm>
#include <charconv>

#include "storage/base/time.h"
#include "tests/simulators/eastern_time.h"

namespace damsync {
namespace {

std::string aspect_text(const SimImage& image) {
  const long scaled = 10000L * image.width / image.height;
  std::string digits = std::to_string(scaled % 10000);
  digits.insert(0, 4 - digits.size(), '0');
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const std::string whole = std::to_string(scaled / 10000);
  return digits == "0" ? whole : whole + "." + digits;
}

Json thumbnail(const SimImage& image, std::string_view kind, int height) {
  const std::string host = "https://thumb" + std::to_string(1 + image.id.back() % 9) + ".shutterstock.com/";
  return Json::object(
      {{"height", height},
       {"url", host + std::string(kind) + "/" + image.contributor + "/" + image.id + "/stock-" + image.id + ".jpg"},
       {"width", height * image.width / image.height}});
}

Json rendition_json(const SimRendition& rendition) {
  if (rendition.size == "vector") {
    return Json::object({{"display_name", "Vector"}, {"format", "eps"}, {"is_licensable", true}});
  }
  const bool small = rendition.size == "small";
  const bool super = rendition.size == "supersize";
  const char* name = small ? "Small" : super ? "Super" : rendition.size == "medium" ? "Med" : "Huge";
  const int rough_size = (rendition.width * rendition.height / 8192 + 1) * 1024;
  return Json::object({{"display_name", name},
                       {"dpi", small ? 72 : 300},
                       {"file_size", rough_size},
                       {"format", "jpg"},
                       {"height", rendition.height},
                       {"is_licensable", !super},
                       {"width", rendition.width}});
}

Json assets_json(const SimImage& image, bool full) {
  Json assets = Json::object();
  if (full) {
    for (const auto& one : image.renditions()) {
      assets.set(one.size + (one.size == "vector" ? "_eps" : "_jpg"), rendition_json(one));
    }
    assets.set("mosaic", thumbnail(image, "mosaic_250", 250));
    assets.set("preview_1000", thumbnail(image, "preview_1000", 667));
    assets.set("preview_1500", thumbnail(image, "preview_1500", 1000));
  }
  assets.set("huge_thumb", thumbnail(image, "huge_thumb", 260));
  assets.set("large_thumb", thumbnail(image, "thumb_large", 100));
  assets.set("preview", thumbnail(image, "display_pic_with_logo", 300));
  assets.set("small_thumb", thumbnail(image, "thumb_small", 67));
  return assets;
}

Json id_list(const std::vector<std::string>& ids) {
  Json list = Json::array();
  for (const auto& id : ids) list.push(Json::object({{"id", id}}));
  return list;
}

Json text_list(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push(text);
  return list;
}

Json categories_json(const SimImage& image, const std::vector<SimCategory>& categories) {
  Json list = Json::array();
  for (const auto& id : image.categories) {
    const auto known =
        std::find_if(categories.begin(), categories.end(), [&](const auto& one) { return one.id == id; });
    list.push(Json::object({{"id", id}, {"name", known == categories.end() ? "" : known->name}}));
  }
  return list;
}

}  // namespace

SimResponse json_answer(const Json& body, int status) {
  return json_response(body, status, "application/json; charset=utf8");
}

SimResponse message_answer(int status, std::string_view message) {
  return json_answer(Json::object({{"message", message}}), status);
}

long ParameterCheck::integer(std::string_view name, long fallback, long least, long most) {
  const auto text = request_.param(name);
  if (!text) return fallback;
  const std::string path = "$.query." + std::string(name);
  long value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || text->empty()) {
    mistake("VALIDATION_TYPE_MISMATCH", "Invalid type: string (expected integer)", *text, path);
  } else if (value < least) {
    mistake("VALIDATION_MINIMUM", "Value " + *text + " is less than minimum " + std::to_string(least), *text, path);
  } else if (value > most) {
    mistake("VALIDATION_MAXIMUM", "Value " + *text + " is greater than maximum " + std::to_string(most), *text, path);
  }
  return value;
}

std::string ParameterCheck::word(std::string_view name, std::string_view fallback,
                                 std::initializer_list<std::string_view> allowed) {
  std::string result(fallback);
  for (const auto& text : request_.params(name)) {
    if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
      std::string expected;
      for (const auto one : allowed) expected.append(expected.empty() ? "" : ", ").append(one);
      mistake("VALIDATION_ENUM_MISMATCH", "No enum match (" + text + "), expects: " + expected, text,
              "$.query." + std::string(name));
    }
    result = text;
  }
  return result;
}

bool ParameterCheck::flag(std::string_view name) { return word(name, "false", {"true", "false"}) == "true"; }

void ParameterCheck::mistake(std::string_view code, std::string message, std::string_view data, std::string path) {
  errors_.push(
      Json::object({{"code", code}, {"message", std::move(message)}, {"data", data}, {"path", std::move(path)}}));
}

SimResponse ParameterCheck::refusal() const {
  return json_answer(Json::object({{"message", "Validation failed"}, {"errors", errors_}}), 400);
}

bool is_image_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > 19 || id.front() == '0') return false;
  return std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Json image_json(const SimImage& image, const std::vector<SimCategory>& categories) {
  Json json = Json::object();
  json.set("id", image.id);
  json.set("added_date", format_date(image.added));
  json.set("aspect", Json::Number{aspect_text(image)});
  json.set("assets", assets_json(image, true));
  json.set("categories", categories_json(image, categories));
  json.set("contributor", Json::object({{"id", image.contributor}}));
  json.set("description", image.description);
  json.set("image_type", image.image_type);
  json.set("is_adult", image.adult);
  json.set("is_editorial", image.editorial);
  json.set("is_illustration", image.image_type != "photo");
  if (image.model_release) json.set("has_model_release", *image.model_release);
  if (image.property_release) json.set("has_property_release", *image.property_release);
  json.set("keywords", text_list(image.keywords));
  json.set("media_type", "image");
  if (!image.model_releases.empty()) json.set("model_releases", id_list(image.model_releases));
  if (!image.models.empty()) json.set("models", id_list(image.models));
  if (!image.original_filename.empty()) json.set("original_filename", image.original_filename);
  json.set("url", "https://www.shutterstock.com/image-photo/stock-" + image.id);
  return json;
}

Json minimal_image_json(const SimImage& image) {
  return Json::object({{"id", image.id},
                       {"aspect", Json::Number{aspect_text(image)}},
                       {"assets", assets_json(image, false)},
                       {"contributor", Json::object({{"id", image.contributor}})},
                       {"description", image.description},
                       {"image_type", image.image_type},
                       {"media_type", "image"},
                       {"url", "https://www.shutterstock.com/image-photo/stock-" + image.id}});
}

Json license_json(const SimLicense& license, const ShutterstockSwitches& switches) {
  // The provider writes newer rows in UTC and older ones in its own time zone.
  const bool in_utc = to_millis(license.download_time) / 1000 % 5 == 0;
  const std::string time = in_utc ? format_zulu_millis(license.download_time) : format_eastern(license.download_time);
  Json format = Json::object({{"size", license.size}});
  if (in_utc) format.set("format", license.size == "vector" ? "eps" : "jpg");
  Json row = Json::object();
  row.set("id", license.id);
  row.set("user", Json::object({{"username", license.username}}));
  row.set("license", license.license);
  row.set("subscription_id", license.subscription_id);
  row.set("download_time", time);
  row.set(license.media, Json::object({{"id", license.image_id}, {"format", std::move(format)}}));
  if (switches.license_availability) {
    row.set("is_downloadable", license.downloadable);
    Json metadata = Json::object();
    for (const auto& [key, value] : license.metadata) metadata.set(key, value);
    row.set("metadata", std::move(metadata));
  }
  return row;
}

}  // namespace damsync
