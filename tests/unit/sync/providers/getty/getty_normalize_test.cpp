#include "sync/providers/getty/getty_normalize.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "storage/base/text.h"
#include "sync/http/json_reader.h"
#include "sync/providers/getty/getty_wire.h"
#include "tests/unit/sync/providers/getty/getty_bench.h"

using namespace damsync;
using namespace damsync::getty;

namespace {

DownloadWire wire(const Json& row) {
  auto read = read_download(row);
  if (const auto* rejected = std::get_if<RejectedItem>(&read)) FAIL(rejected->reason);
  return std::get<DownloadWire>(std::move(read));
}

std::string rejection(const Json& row) {
  const auto read = read_download(row);
  const auto* rejected = std::get_if<RejectedItem>(&read);
  return rejected == nullptr ? "" : rejected->reason;
}

std::vector<std::string> ids(std::vector<DownloadWire> rows) {
  std::vector<std::string> out;
  for (const auto& license : normalize(std::move(rows))) out.push_back(license.license_id);
  return out;
}

Json image_json(std::string_view text) { return *parse_json(text); }

}  // namespace

TEST_CASE("getty: a derived license id never changes") {
  // This text is in catalogs: a change of the rule would make every license vanish and come back under another name.
  CHECK(ids({wire(download_row("83454804", "2019-09-19T19:30:37Z"))}) ==
        std::vector<std::string>{"g83454804-20190919T193037Z-c0abada836-0"});
}

TEST_CASE("getty: the derived id does not depend on how the service writes the same thing") {
  const auto reference = ids({wire(download_row("83454804", "2019-09-19T19:30:37Z"))});
  const auto same = [&](Json with, std::string_view time = "2019-09-19T19:30:37Z") {
    return ids({wire(download_row("83454804", time, std::move(with)))}) == reference;
  };
  CHECK(same(Json::object({{"product_id", "4321"}})));
  CHECK(same(Json::object({{"product_id", nullptr}, {"download_source", "web"}, {"thumb_uri", "https://x.test/2"}})));
  CHECK(same(Json::object(), "2019-09-19T19:30:37"));
  CHECK(same(Json::object(), "2019-09-19T15:30:37-04:00"));
  CHECK(same(Json::object({{"agreement_name", "renamed"}})));
  CHECK_FALSE(same(Json::object({{"size_name", "small"}})));
  CHECK_FALSE(same(Json::object({{"product_type", "imagepack"}})));
  CHECK_FALSE(same(Json::object({{"user", Json::object({{"username", "ben"}})}})));
  CHECK_FALSE(same(Json::object(), "2019-09-19T19:30:38Z"));
}

TEST_CASE("getty: identical rows are as many licenses, in any order") {
  const auto row = [] { return wire(download_row("1", "2026-03-02T08:00:00Z")); };
  const auto other = [] { return wire(download_row("1", "2026-03-02T08:00:00Z", Json::object({{"product_id", 9}}))); };

  const auto forward = normalize({row(), other(), row()});
  const auto backward = normalize({row(), row(), other()});

  REQUIRE(forward.size() == 3);
  CHECK(forward == backward);
  for (const auto& license : forward) CHECK(is_safe_id(license.license_id));
  CHECK(forward[0].license_id != forward[1].license_id);
  CHECK(forward[1].license_id != forward[2].license_id);
}

TEST_CASE("getty: the longest ids still give a safe license id") {
  const std::string longest(64, '9');
  const auto license = normalize({wire(download_row(longest, "2026-03-02T08:00:00.123Z"))}).front();
  CHECK(is_safe_id(license.license_id));
  CHECK(license.asset_id == longest);
}

TEST_CASE("getty: a download becomes a license with all that the row says") {
  const auto license =
      normalize(
          {wire(download_row(
              "83454804", "2026-03-02T08:00:00Z",
              Json::object({{"download_details", Json::object({{"download_notes", "cover"}, {"project_code", "P-7"}})},
                            {"dimensions", Json::object({{"width", 3000}, {"height", 2000}, {"dpi", 300}})},
                            {"user", Json::object({{"username", "anna"}, {"first_name", "Anna"}, {"last_name", "Ek"}})},
                            {"license_model", "royaltyfree"}})))})
          .front();

  CHECK(license.asset_id == "83454804");
  CHECK(license.media_kind == "image");
  CHECK(license.license_type == "premiumaccess");
  CHECK(license.size == "x_large");
  CHECK(license.format == "jpg");
  CHECK(license.licensed_by == "anna");
  CHECK(license.licensed_at_text == "2026-03-02T08:00:00Z");
  CHECK(
      write_json(license.details) ==
      R"({"agreement":"Premium Access 2026","first_name":"Anna","height":2000,"last_name":"Ek","license_model":"royaltyfree","notes":"cover",)"
      R"("product_id":"4321","product_type":"premiumaccess","project":"P-7","width":3000})");
}

TEST_CASE("getty: the format of a license is what its size tells, a row without a size tells none") {
  const auto format = [](Json size) {
    return normalize({wire(download_row("1", "2026-03-02T08:00:00Z", Json::object({{"size_name", std::move(size)}})))})
        .front()
        .format;
  };
  CHECK(format("x_large") == "jpg");
  CHECK(format("Vector") == "eps");
  CHECK(format(nullptr) == "");
}

TEST_CASE("getty: rows of every era are licenses") {
  const Json oldest = Json::object({{"date_downloaded", "2018-01-05T10:00:00"},
                                    {"id", "452224426"},
                                    {"product_type", "easyaccess"},
                                    {"thumb_uri", "https://x.test/1"},
                                    {"agreement_name", "A"},
                                    {"download_details", nullptr}});
  CHECK(wire(oldest).asset_id == "452224426");
  CHECK(format_rfc3339(wire(oldest).downloaded_at) == "2018-01-05T10:00:00Z");
  const Json flat =
      download_row("1", "2026-03-02T08:00:00Z", Json::object({{"download_notes", "n"}, {"project_code", "p"}}));
  CHECK(wire(flat).notes == "n");
  CHECK(wire(flat).project_code == "p");
}

TEST_CASE("getty: what is not an image keeps its kind and is not mirrored") {
  const auto kind = [](Json with) {
    return normalize({wire(download_row("1", "2026-03-02T08:00:00Z", std::move(with)))}).front().media_kind;
  };
  CHECK(kind(Json::object({{"asset_type", "Image"}})) == "image");
  CHECK(kind(Json::object({{"asset_type", nullptr}})) == "image");
  CHECK(kind(Json::object({{"asset_type", "video"}})) == "video");
  CHECK(kind(Json::object({{"asset_type", "Film"}})) == "video");
  CHECK(kind(Json::object({{"asset_type", "music"}})) == "audio");
  CHECK(kind(Json::object({{"asset_type", "multimedia"}})) == "multimedia");
  CHECK(kind(Json::object({{"id", nullptr}, {"generated_asset_id", "gen-1"}})) == "generated");
}

TEST_CASE("getty: a license says that its asset was made by AI, and where nothing is said it says nothing") {
  const auto said = [](Json with) {
    const auto license = normalize({wire(download_row("1", "2026-03-02T08:00:00Z", std::move(with)))}).front();
    const Json* flag = license.details.find("ai_generated");
    return flag == nullptr ? std::string("nothing") : write_json(*flag);
  };
  CHECK(said(Json::object({{"id", nullptr}, {"generated_asset_id", "gen-1"}})) == "true");
  CHECK(said(Json::object({{"generated_asset_id", "gen-1"}})) == "true");
  CHECK(said(Json::object({{"product_type", "AIGen"}})) == "true");
  CHECK(said(Json::object({{"product_type", "premiumaccess"}, {"generated_asset_id", nullptr}})) == "nothing");
}

TEST_CASE("J4 getty: each field of a history row with a wrong type makes that row unusable and names the field") {
  const std::vector<Json> values{Json(true), Json(7), Json("text"), Json::array(), Json::object({{"a", 1}})};
  const std::vector<std::pair<std::string, std::string>> fields{{"id", "si"},
                                                                {"date_downloaded", ""},
                                                                {"asset_type", "s"},
                                                                {"product_type", "s"},
                                                                {"product_id", "si"},
                                                                {"agreement_name", "s"},
                                                                {"size_name", "s"},
                                                                {"user", "o"},
                                                                {"download_details", "o"},
                                                                {"dimensions", "o"},
                                                                {"license_model", "s"},
                                                                {"download_source", "s"},
                                                                {"generated_asset_id", "si"}};
  const std::string kinds = "bisao";
  for (const auto& [field, accepted] : fields) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (accepted.find(kinds[i]) != std::string::npos) continue;
      CAPTURE(field);
      CAPTURE(kinds[i]);
      Json with = Json::object();
      with.set(field, values[i]);
      CHECK(rejection(download_row("1", "2026-03-02T08:00:00Z", std::move(with))).find(field) == 0);
    }
  }
}

TEST_CASE("J5 P1 P2 P3 getty: an id that is no asset id makes the row unusable") {
  for (const Json& id : {Json(""), Json(0), Json(-1), Json(Json::Number{"1.0"}), Json(Json::Number{"1e3"}),
                         Json(Json::Number{"9223372036854775808"}), Json("../../etc/passwd"), Json("..%2f"),
                         Json("a/b"), Json("a\\b"), Json("1 2"), Json("1\n2"), Json("."), Json(std::string(65, '1')),
                         Json("12\xE2\x80\xAE"), Json(std::string("1\0002", 3))}) {
    CAPTURE(write_json(id));
    CHECK(rejection(download_row("1", "2026-03-02T08:00:00Z", Json::object({{"id", id}}))).find("id") == 0);
  }
  CHECK(rejection(download_row("1", "2026-03-02T08:00:00Z", Json::object({{"id", 83454804}}))).empty());
}

TEST_CASE("J6 J9 getty: a row without a readable time is unusable, unknown fields are ignored") {
  for (const char* time : {"", "1", "2026-02-30T00:00:00Z", "2026-03-02T08:00:00+99:99", "2026-03-02T08:00:00Z x",
                           "0000-01-01T00:00:00Z", "1583136000"}) {
    CAPTURE(time);
    CHECK(rejection(download_row("1", time)).find("date_downloaded") == 0);
  }
  CHECK(rejection(download_row("1", "2026-03-02T23:59:60Z")).empty());
  CHECK(rejection(download_row("1", "2026-03-02T08:00:00Z", Json::object({{"brand_new", Json::array()}}))).empty());
}

TEST_CASE("getty: an image becomes metadata in our terms") {
  const auto read =
      read_image(image_json(R"({"id":"83454804","title":"Harbour","caption":"A harbour.","artist":"J. Doe",
    "artist_title":"None","asset_family":"editorial","city":"Oslo","country":"Norway","state_province":null,
    "collection_id":41,"collection_name":"Hulton","copyright":"2016 J. Doe","credit_line":"J. Doe/Getty Images",
    "date_camera_shot":"2006-04-10T16:59:21-07:00","date_submitted":"2017-09-12T00:00:00Z","graphical_style":"photography",
    "license_model":"rightsmanaged","people":["Ann","Ann","Bo"],"event_ids":[3,1],"editorial_segments":["news"],
    "keywords":[{"text":"sea"},{"keyword_id":"9"},{"text":"boat"},{"text":"sea"}],"max_dimensions":{"width":5000,"height":4000},
    "allowed_use":{"how_can_i_use_it":"Ask.","release_info":"Model and property released","usage_restrictions":["No covers"]},
    "download_sizes":[{"name":"small","media_type":"image/jpeg","width":500,"height":400,"bytes":1}],
    "alternative_ids":{"istock":"77"},"quality_rank":3,"display_sizes":[{"name":"comp","uri":"https://x.test/s?e=1"}]})"));
  REQUIRE(std::holds_alternative<ImageWire>(read));

  const AssetMetadata out = normalize(std::get<ImageWire>(read));

  CHECK(out.media_type == "image");
  CHECK(out.title == "Harbour");
  CHECK(out.creator_name == "J. Doe");
  CHECK(out.editorial == true);
  CHECK(out.collection == "Hulton");
  CHECK(out.created_on == "2006-04-10T16:59:21-07:00");
  CHECK(out.keywords == std::vector<std::string>{"sea", "boat"});
  CHECK(out.people == std::vector<std::string>{"Ann", "Bo"});
  CHECK(out.restrictions == std::vector<std::string>{"No covers"});
  CHECK(out.usage_terms == "Ask.");
  CHECK(out.license_model == "rightsmanaged");
  CHECK(out.has_model_release == true);
  CHECK(out.has_property_release == true);
  CHECK(out.renditions == std::vector<Rendition>{{"small", "jpg", 500, 400}});
  CHECK(write_json(out.extra, JsonStyle::kCanonical) ==
        R"({"alternative_id_istock":"77","asset_family":"editorial","city":"Oslo","collection_id":"41",)"
        R"("country":"Norway","date_camera_shot":"2006-04-10T16:59:21-07:00","editorial_segments":["news"],)"
        R"("event_ids":["1","3"],"max_height":4000,"max_width":5000,"release_info":"Model and property released"})");
}

TEST_CASE("getty: what changes by itself is no change of an asset") {
  const auto metadata = [](std::string_view volatile_part) {
    const auto read = read_image(image_json(R"({"id":"1","title":"T",)" + std::string(volatile_part) + "}"));
    return to_json(normalize(std::get<ImageWire>(read)));
  };
  CHECK(metadata(R"("quality_rank":1,"display_sizes":[{"uri":"https://a.test/1"}],"largest_downloads":[{"bytes":5}],
                   "referral_destinations":[{"uri":"https://b.test"}],"download_sizes":[{"name":"s","bytes":10}])") ==
        metadata(R"("quality_rank":2,"display_sizes":[{"uri":"https://a.test/2"}],"largest_downloads":[{"bytes":6}],
                   "referral_destinations":[],"download_sizes":[{"name":"s","bytes":11}])"));
}

TEST_CASE("getty: release text claims no more than it says") {
  struct Row {
    const char* said;
    bool model, property;
  };
  for (const Row& row :
       {Row{"Model released", true, false}, Row{"Property released", false, true},
        Row{"No release required", false, false}, Row{"Not released or release not applicable", false, false},
        Row{"Model not released", false, false}}) {
    CAPTURE(row.said);
    ImageWire image;
    image.release_info = row.said;
    const auto out = normalize(std::move(image));
    CHECK(out.has_model_release.has_value() == row.model);
    CHECK(out.has_property_release.has_value() == row.property);
    CHECK(out.releases == std::vector<std::string>{row.said});
  }
}

TEST_CASE("J4 getty: each field of an image with a wrong type makes that image unusable and names the field") {
  const std::vector<Json> values{Json(true), Json(7), Json("text"), Json::array(), Json::object({{"a", 1}})};
  const std::string kinds = "bisao";
  const std::vector<std::pair<std::string, std::string>> fields{{"id", "si"},
                                                                {"title", "s"},
                                                                {"caption", "s"},
                                                                {"artist", "s"},
                                                                {"asset_family", "s"},
                                                                {"city", "s"},
                                                                {"collection_id", "si"},
                                                                {"country", "s"},
                                                                {"credit_line", "s"},
                                                                {"date_created", "s"},
                                                                {"people", "a"},
                                                                {"keywords", "a"},
                                                                {"event_ids", "a"},
                                                                {"product_types", "a"},
                                                                {"allowed_use", "o"},
                                                                {"copyright", "s"},
                                                                {"max_dimensions", "o"},
                                                                {"download_sizes", "a"},
                                                                {"call_for_image", "b"},
                                                                {"license_model", "s"},
                                                                {"editorial_source", "o"},
                                                                {"editorial_segments", "a"}};
  for (const auto& [field, accepted] : fields) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (accepted.find(kinds[i]) != std::string::npos) continue;
      CAPTURE(field);
      CAPTURE(kinds[i]);
      Json image = Json::object({{"id", "1"}});
      image.set(field, values[i]);
      const auto read = read_image(image);
      REQUIRE(std::holds_alternative<RejectedItem>(read));
      CHECK(std::get<RejectedItem>(read).reason.find(field) == 0);
    }
  }
}

TEST_CASE("J10 Q6 getty: a product without a readable rest has none") {
  const auto read = read_product(image_json(R"({"id":4321,"name":"PA","type":"premiumaccess","status":"active",
    "download_limit":1000,"download_limit_reset_utc_date":"2026-04-01T00:00:00",
    "download_requirements":{"is_note_required":true,"is_project_code_required":false,"project_codes":["P-7"]}})"));
  REQUIRE(std::holds_alternative<Product>(read));
  const auto& product = std::get<Product>(read);
  CHECK(product.id == "4321");
  CHECK(product.active);
  CHECK_FALSE(product.downloads_remaining.has_value());
  CHECK(product.note_required);
  CHECK(product.project_codes == std::vector<std::string>{"P-7"});
  for (const char* rest : {"-1", "1.5", "\"12abc\"", "true", "1e400"}) {
    CAPTURE(rest);
    const auto bad = read_product(image_json(R"({"id":1,"downloads_remaining":)" + std::string(rest) + "}"));
    CHECK(std::holds_alternative<RejectedItem>(bad));
  }
}
