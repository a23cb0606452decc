#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sync/http/json_reader.h"
#include "sync/providers/shutterstock/shutterstock_normalize.h"
#include "sync/providers/shutterstock/shutterstock_wire.h"
#include "tests/support/paths.h"

using namespace damsync;
using namespace damsync::shutterstock;

namespace {

constexpr const char* kLicense = R"({"id":"i1188641320","user":{"username":"userone"},"license":"standard",
  "subscription_id":"s18382630","download_time":"2016-10-03T15:58:18-04:00","is_downloadable":true,
  "image":{"id":"114350371","is_ai_generated":true,"format":{"size":"huge","format":"jpg"}},
  "metadata":{"Purchase Order":"123456","client":"Company A"},
  "revshare":{"purchase_amount":1.50,"purchase_currency":"USD"},"new_field":{"a":1}})";

constexpr const char* kImage = R"({"id":"118139110","media_type":"image","image_type":"photo","description":"A cat",
  "added_date":"2012-11-09","original_filename":"cat.jpg","asset_collection":"Choice","url":"https://www.example.com/i","location":"Lisbon, Portugal",
  "contributor":{"id":"1306729"},"is_adult":false,"is_editorial":false,"is_illustration":false,
  "has_model_release":true,"has_property_release":false,"keywords":["zebra","ant"],
  "categories":[{"id":"1","name":"Animals"}],"model_releases":[{"id":"m1"}],"models":[{"id":"p1"}],"releases":["r1"],
  "assets":{"small_jpg":{"format":"jpg","width":500,"height":333,"file_size":88064,"is_licensable":true},
            "vector_eps":{"format":"eps","is_licensable":true},
            "preview":{"url":"https://image.example.com/p","width":450,"height":300}}})";

Json parsed(const std::string& text) {
  const auto json = parse_json(text);
  REQUIRE_MESSAGE(json.ok(), text);
  return *json;
}

/// The six kinds of JSON value.
std::vector<std::pair<std::string, Json>> kinds() {
  return {{"null", Json()},         {"boolean", Json(true)},  {"number", parsed("[7]").if_array()->front()},
          {"string", Json("text")}, {"array", Json::array()}, {"object", Json::object()}};
}

/// Replaces the member at `path` (`image.format.size`).
void replace(Json& object, const std::string& path, const Json& value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string::npos) {
    object.set(path, value);
    return;
  }
  Json inner = *object.find(path.substr(0, dot));
  replace(inner, path.substr(dot + 1), value);
  object.set(path.substr(0, dot), inner);
}

struct Field {
  std::string path;
  std::string accepted;  ///< kinds that make a usable item
};

template <class T>
void check_matrix(const char* item, const std::vector<Field>& fields, Checked<T> (*read)(const Json&)) {
  for (const auto& field : fields)
    for (const auto& [kind, value] : kinds()) {
      Json changed = parsed(item);
      replace(changed, field.path, value);
      const auto result = read(changed);
      const bool usable = std::holds_alternative<T>(result);
      INFO(field.path << " as " << kind);
      CHECK(usable == (field.accepted.find(kind) != std::string::npos));
      if (usable) continue;
      const auto& rejected = std::get<RejectedItem>(result);
      CHECK(rejected.reason.find(field.path.substr(field.path.rfind('.') + 1)) != std::string::npos);
      CHECK(rejected.raw_sha256.size() == 64);
    }
}

License license_of(const std::string& text) {
  auto read = read_license(parsed(text));
  REQUIRE(std::holds_alternative<LicenseWire>(read));
  return normalize(std::get<LicenseWire>(std::move(read)));
}

std::string with(const char* item, const std::string& path, const std::string& value) {
  Json json = parsed(item);
  replace(json, path, parsed("[" + value + "]").if_array()->front());
  return write_json(json);
}

bool usable_license(const std::string& text) { return std::holds_alternative<LicenseWire>(read_license(parsed(text))); }

}  // namespace

TEST_CASE("J4 license row: a field of a wrong type rejects the row and is named") {
  // A number is a license id and a subscription id (J5), but text is not always a time, an image id or an amount.
  check_matrix<LicenseWire>(kLicense,
                            {{"id", "number string"},
                             {"license", "string"},
                             {"download_time", ""},
                             {"user", "null object"},
                             {"user.username", "null string"},
                             {"subscription_id", "null number string"},
                             {"is_downloadable", "null boolean"},
                             {"image", ""},
                             {"image.id", "number"},
                             {"image.is_ai_generated", "null boolean"},
                             {"image.format", "null object"},
                             {"image.format.size", "null string"},
                             {"image.format.format", "null string"},
                             {"metadata", "null object"},
                             {"metadata.client", "null boolean number string"},
                             {"revshare", "null object"},
                             {"revshare.purchase_amount", "null number"},
                             {"revshare.purchase_currency", "null string"}},
                            read_license);
}

TEST_CASE("J4 image: a field of a wrong type rejects the image and is named") {
  check_matrix<ImageWire>(kImage,
                          {{"id", "number"},
                           {"media_type", "null string"},
                           {"image_type", "null string"},
                           {"description", "null string"},
                           {"added_date", "null string"},
                           {"original_filename", "null string"},
                           {"asset_collection", "null string"},
                           {"url", "null string"},
                           {"location", "null string"},
                           {"contributor", "null object"},
                           {"contributor.id", "null number string"},
                           {"is_adult", "null boolean"},
                           {"is_editorial", "null boolean"},
                           {"is_illustration", "null boolean"},
                           {"has_model_release", "null boolean"},
                           {"has_property_release", "null boolean"},
                           {"keywords", "null array"},
                           {"categories", "null array"},
                           {"model_releases", "null array"},
                           {"models", "null array"},
                           {"releases", "null array"},
                           {"assets", "null object"},
                           {"assets.small_jpg", "null object"},
                           {"assets.small_jpg.format", "null string"},
                           {"assets.small_jpg.width", "null number"},
                           {"assets.small_jpg.height", "null number"}},
                          read_image);
}

TEST_CASE("J5 ids: strings of the allowed form or integers below 2^63, printed exactly") {
  for (const char* good : {"9007199254740993", "\"9007199254740993\"", "9223372036854775807"})
    CHECK(usable_license(with(kLicense, "image.id", good)));
  CHECK(license_of(with(kLicense, "image.id", "9007199254740993")).asset_id == "9007199254740993");
  CHECK(license_of(with(kLicense, "image.id", "9223372036854775807")).asset_id == "9223372036854775807");
  for (const char* bad : {"1.0", "1e3", "9223372036854775808", "1000000000000000000000000000000", "-1", "0", "\"0\"",
                          "\"\"", "\"007\"", "\" 1\"", "\"1 \"", "\"1,2\"", "\"1\\n\"", "\"\\u0661\""}) {
    INFO(bad);
    CHECK_FALSE(usable_license(with(kLicense, "image.id", bad)));
  }
}

TEST_CASE("P1 P2 P3 ids: paths, controls, lengths and look-alikes are rejected, never sent and never stored") {
  const std::string long_id(4096, 'a');
  for (const std::string& bad : {std::string("../../etc/passwd"),
                                 std::string("..%2f"),
                                 std::string("%2e%2e/"),
                                 std::string("/abs"),
                                 std::string("~"),
                                 std::string("."),
                                 std::string(".."),
                                 std::string("a/b"),
                                 std::string("a\\\\b"),
                                 std::string("a\\u0000b"),
                                 std::string("a\\nb"),
                                 std::string("a\\tb"),
                                 std::string("\\u001b[2J"),
                                 long_id,
                                 std::string(256, 'x'),
                                 std::string(""),
                                 std::string("a b"),
                                 std::string("\xF0\x9F\x98\x80"),
                                 std::string("a\xE2\x80\xAE"),
                                 std::string("e\xCC\x81"),
                                 std::string("a\xE2\x80\x8B"),
                                 std::string("\xD0\xB0"
                                             "bc")}) {
    INFO(bad);
    CHECK_FALSE(usable_license(with(kLicense, "id", "\"" + bad + "\"")));
    CHECK_FALSE(usable_license(with(kLicense, "image.id", "\"" + bad + "\"")));
  }
  const auto read = read_license(parsed(with(kLicense, "id", "\"\\u001b[2J" + long_id + "\"")));
  CHECK(std::get<RejectedItem>(read).key.size() <= 80);
  CHECK(std::get<RejectedItem>(read).key.find('\x1b') == std::string::npos);
}

TEST_CASE("J6 license row: required fields must be there, unknown ones are ignored") {
  for (const char* name : {"id", "license", "download_time", "image"}) {
    Json row = parsed(kLicense);
    auto& members = *row.if_object();
    std::erase_if(members, [&](const auto& member) { return member.first == name; });
    const auto read = read_license(row);
    REQUIRE(std::holds_alternative<RejectedItem>(read));
    CHECK(std::get<RejectedItem>(read).reason.find(name) != std::string::npos);
  }
  CHECK(usable_license(kLicense));
}

TEST_CASE("J7 text: a NUL character rejects the item, other controls stay as they came") {
  CHECK_FALSE(std::holds_alternative<ImageWire>(read_image(parsed(with(kImage, "description", "\"a\\u0000b\"")))));
  CHECK_FALSE(std::holds_alternative<ImageWire>(read_image(parsed(with(kImage, "keywords", "[\"a\\u0000b\"]")))));
  const auto read = read_image(parsed(with(kImage, "description", "\"a\\u0002b\"")));
  CHECK(std::get<ImageWire>(read).description ==
        "a\x02"
        "b");
}

TEST_CASE("J9 dates: strict, with a zone, applied, second 60 is 59") {
  for (const char* bad : {"\"2016-10-03T15:58:18\"", "\"2016-10-03T15:58:18+99:99\"", "\"2016-02-30T00:00:00Z\"",
                          "\"0000-01-01T00:00:00Z\"", "\"9999999-01-01T00:00:00Z\"", "\"1\"", "1475524698",
                          "\"2016-10-03T15:58:18Z trailing\"", "\"2016-10-03\""}) {
    INFO(bad);
    CHECK_FALSE(usable_license(with(kLicense, "download_time", bad)));
  }
  CHECK(format_rfc3339(license_of(with(kLicense, "download_time", "\"2016-12-31T23:59:60Z\"")).licensed_at) ==
        "2016-12-31T23:59:59Z");
  CHECK(format_rfc3339(license_of(with(kLicense, "download_time", "\"2021-01-15T10:46:34.250-05:00\"")).licensed_at) ==
        "2021-01-15T15:46:34.250Z");
}

TEST_CASE("J10 prices: negative, text with rubbish and booleans reject the row") {
  for (const char* bad : {"-1", "\"12abc\"", "true", "\"-3\"", "\"\"", "1e400"}) {
    INFO(bad);
    CHECK_FALSE(usable_license(with(kLicense, "revshare.purchase_amount", bad)));
  }
  CHECK(write_json(license_of(with(kLicense, "revshare.purchase_amount", "\"12.30\"")).details).find("\"12.30\"") !=
        std::string::npos);
}

TEST_CASE("J10 subscription: a quota that cannot be read makes no plan, one that is absent is not known") {
  const char* plan = R"({"id":"s1","allotment":{"downloads_left":317,"downloads_limit":350}})";
  CHECK(std::get<Subscription>(read_subscription(parsed(plan))).downloads_left == 317);
  for (const char* bad : {"-1", "1.5", "\"12\"", "true", "1e400"})
    CHECK(std::holds_alternative<RejectedItem>(read_subscription(parsed(with(plan, "allotment.downloads_left", bad)))));
  CHECK_FALSE(std::get<Subscription>(read_subscription(parsed(R"({"id":"s1"})"))).downloads_left);
}

TEST_CASE("normalize: a license keeps what the history says, under our names") {
  const License license = license_of(kLicense);
  CHECK(license.license_id == "i1188641320");
  CHECK(license.asset_id == "114350371");
  CHECK(license.media_kind == "image");
  CHECK(license.license_type == "standard");
  CHECK(license.size == "huge");
  CHECK(license.format == "jpg");
  CHECK(format_rfc3339(license.licensed_at) == "2016-10-03T19:58:18Z");
  CHECK(license.licensed_at_text == "2016-10-03T15:58:18-04:00");
  CHECK(license.licensed_by == "userone");
  CHECK(license.downloadable == true);
  CHECK(
      write_json(license.details) ==
      R"({"ai_generated":true,"client":"Company A","currency":"USD","price":1.50,"purchase_order":"123456","subscription_id":"s18382630"})");
}

TEST_CASE("normalize: absent is not false, and a format that is not told follows the size") {
  const char* bare = R"({"id":"e1","license":"enhanced","download_time":"2021-07-15T15:46:34.000Z",
                         "image":{"id":"1","format":{"size":"vector"}}})";
  const License vector = license_of(bare);
  CHECK_FALSE(vector.downloadable.has_value());
  CHECK(vector.format == "eps");
  CHECK(license_of(with(bare, "image.format", "null")).format == "jpg");
  CHECK(license_of(with(bare, "image.format", "null")).size.empty());
}

TEST_CASE("normalize: licenses of other media keep their kind and are not lost") {
  const auto row = [](const std::string& media) {
    return R"({"id":"e1","license":"standard","download_time":"2021-07-15T15:46:34Z",)" + media + "}";
  };
  CHECK(license_of(row(R"("audio":{"id":"442583"})")).media_kind == "audio");
  CHECK(license_of(row(R"("video":{"id":"2140697"})")).media_kind == "video");
  CHECK(license_of(row(R"("editorial":{"id":"9926131a"})")).media_kind == "editorial");
  const License editorial = license_of(row(R"("image":{"id":"9763363ao"})"));
  CHECK(editorial.media_kind == "editorial");
  CHECK(editorial.asset_id == "9763363ao");
  CHECK_FALSE(usable_license(row(R"("image":{"id":"ao"})")));
  CHECK_FALSE(usable_license(row(R"("other":{"id":"1"})")));
}

TEST_CASE("normalize: an image keeps stable facts only, keywords in their order") {
  auto read = read_image(parsed(kImage));
  const AssetMetadata metadata = normalize(std::get<ImageWire>(std::move(read)), {});
  CHECK(metadata.kind == "photo");
  CHECK(metadata.caption == "A cat");
  CHECK(metadata.creator_id == "1306729");
  CHECK(metadata.keywords == std::vector<std::string>{"zebra", "ant"});
  CHECK(metadata.categories == std::vector<std::string>{"Animals"});
  CHECK(metadata.has_property_release == false);
  CHECK_FALSE(metadata.ai_generated.has_value());
  CHECK(write_json(metadata.extra) == R"({"location":"Lisbon, Portugal"})");
  REQUIRE(metadata.renditions.size() == 2);
  CHECK(metadata.renditions[0] == Rendition{"small", "jpg", 500, 333});
  CHECK(metadata.renditions[1] == Rendition{"vector", "eps", std::nullopt, std::nullopt});
  const std::string text = write_json(to_json(metadata));
  CHECK(text.find("image.example.com") == std::string::npos);
  CHECK(text.find("88064") == std::string::npos);
}

TEST_CASE("normalize: a category without a name gets the known one, else its id stands") {
  auto read = read_image(parsed(with(kImage, "categories", R"([{"id":"1"},{"id":"2"}])")));
  const auto image = std::get<ImageWire>(std::move(read));
  CHECK(lacks_category_names(image));
  CHECK(normalize(image, {{"1", "Animals"}}).categories == std::vector<std::string>{"Animals", "2"});
}

TEST_CASE("shutterstock: no source of the engine can post to the call that buys") {
  const std::filesystem::path folder = std::filesystem::path(source_dir()) / "sync/providers/shutterstock";
  int posts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".md") continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    INFO(entry.path().filename().string());
    CHECK(text.find("kSpends") == std::string::npos);
    for (std::size_t at = text.find("post_free("); at != std::string::npos; at = text.find("post_free(", at + 1))
      ++posts;
    if (text.find("Method::kPost") != std::string::npos) CHECK(entry.path().filename() == "shutterstock_api.cpp");
  }
  CHECK(posts == 3);  // declared, defined, and used once: by the redownload
  std::ifstream in(folder / "redownload.cpp");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  CHECK(text.find("\"/v2/images/licenses/{}/downloads\"") != std::string::npos);
}
