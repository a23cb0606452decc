#include "sync/providers/getty_connect/connect_wire.h"

#include <doctest/doctest.h>

#include "sync/http/json_reader.h"
#include "sync/providers/getty/getty_normalize.h"

using namespace damsync;
using getty::ImageWire;

namespace {

AssetMetadata normalized(const std::string& json) {
  auto read = getty_connect::read_image(parse_json(json).value());
  if (const auto* rejected = std::get_if<RejectedItem>(&read)) FAIL(rejected->reason);
  return getty::normalize(std::get<ImageWire>(std::move(read)));
}

std::string reason(const std::string& json) {
  const auto read = getty_connect::read_image(parse_json(json).value());
  const auto* rejected = std::get_if<RejectedItem>(&read);
  return rejected == nullptr ? "" : rejected->reason;
}

}  // namespace

TEST_CASE("connect image: every described member reaches our terms") {
  const auto image = normalized(R"({"ApplicableProductOfferings":[],"Artist":"Jane Doe","ArtistTitle":"Staff",
    "AuthorizationConstraints":[],"Caption":"At the airport","City":"New York","CollectionId":"41","CollectionName":"Hulton",
    "ColorType":"Black and White","Copyright":"1964 Jane Doe","Country":"USA","CreditLine":"Jane Doe/Hulton",
    "DateCreated":"1964-02-07T00:00:00","DateSubmitted":"/Date(1364949101417-0700)/","EditorialSegments":["Entertainment"],
    "EditorialSourceId":"9","EditorialSourceName":"Archive","EventId":7,"EventIds":[7,8],"GraphicStyle":"Photography",
    "ImageFamily":"Editorial","ImageId":"3364505","Keywords":[{"Id":"1","Text":"Airport","Type":"Place"},
    {"Id":"2","Text":"Music","Type":null},{"Id":"3","Text":null,"Type":"x"}],"LicensingModel":"RightsManaged","QualityRank":2,
    "ReferralDestinations":[{"SiteName":"x","Url":"http://x"}],"ReleaseMessage":"Not released.",
    "Restrictions":["No use in Japan.","Contact your local office."],"SizesDownloadableImages":[],"StateProvince":"NY",
    "Title":"The Beatles arrive","UrlComp":"http://x/1?s=2","UrlPreview":"","UrlWatermarkComp":"","UrlWatermarkPreview":""})");
  CHECK(image.title == "The Beatles arrive");
  CHECK(image.caption == "At the airport");
  CHECK(image.creator_name == "Jane Doe");
  CHECK(image.credit_line == "Jane Doe/Hulton");
  CHECK(image.copyright == "1964 Jane Doe");
  CHECK(image.collection == "Hulton");
  CHECK(image.editorial == true);
  CHECK(image.kind == "photography");
  CHECK(image.media_type == "image");
  CHECK(image.keywords == std::vector<std::string>{"Airport", "Music"});
  CHECK(image.restrictions == std::vector<std::string>{"No use in Japan.", "Contact your local office."});
  CHECK(image.releases == std::vector<std::string>{"Not released."});
  CHECK_FALSE(image.has_model_release.has_value());
  CHECK(image.license_model == "rightsmanaged");
  CHECK(image.created_on == "1964-02-07T00:00:00");
  CHECK(image.added_on == "2013-04-03T00:31:41.417Z");
  const std::string extra = write_json(image.extra, JsonStyle::kCanonical);
  for (const char* part : {R"("artist_title":"Staff")", R"("city":"New York")", R"("country":"USA")",
                           R"("state_province":"NY")", R"("collection_id":"41")", R"("event_ids":["7","8"])",
                           R"("editorial_segments":["Entertainment"])", R"("editorial_source":"Archive")"}) {
    CAPTURE(part);
    CHECK(extra.find(part) != std::string::npos);
  }
}

TEST_CASE("connect image: what changes by itself is no change") {
  const auto first = normalized(R"({"ImageId":"1","Title":"a","QualityRank":2,"UrlPreview":"http://x/1?e=1"})");
  const auto again = normalized(
      R"({"ImageId":"1","Title":"a","QualityRank":3,"UrlPreview":"http://x/1?e=2","ReferralDestinations":[{"Url":"y"}]})");
  CHECK(first == again);
}

TEST_CASE("connect image: an image of nothing but its id is an image, and absent is not false") {
  const auto image = normalized(R"({"ImageId":1,"Title":null,"EventId":0,"Restrictions":null})");
  CHECK_FALSE(image.title.has_value());
  CHECK_FALSE(image.editorial.has_value());
  CHECK(image.extra == Json::object());
}

TEST_CASE("P1 connect image: a misfit names its member") {
  CHECK(reason("{}") == "ImageId: is missing, but required");
  CHECK(reason(R"({"ImageId":"../1"})") == "ImageId: does not have the form of an asset id");
  CHECK(reason(R"({"ImageId":"1","Title":7})") == "Title: is a number, not a string");
  CHECK(reason(R"({"ImageId":"1","Restrictions":"none"})") == "Restrictions: is a string, not an array");
  CHECK(reason(R"({"ImageId":"1","Restrictions":[1]})") == "Restrictions: holds a number among its strings");
  CHECK(reason(R"({"ImageId":"1","Keywords":[7]})") == "Keywords[].is a number, not an object");
  CHECK(reason(R"({"ImageId":"1","EventIds":[{}]})") == "EventIds: holds an object that is no id");
}
