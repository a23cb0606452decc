#include "sync/sidecar/json_ld_writer.h"

#include <doctest/doctest.h>

#include "sync/http/json_reader.h"
#include "sync/sidecar/xmp_writer.h"
#include "tests/unit/sync/sidecar/sidecar_samples.h"

using namespace damsync;
using namespace damsync::sidecar_samples;

namespace {

Json written(SidecarInput input) {
  const auto parsed = parse_json(JsonLdWriter().write(beside_first_file(input)));
  REQUIRE(parsed);
  return *parsed;
}

std::string text(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  if (found == nullptr) return "(absent)";
  return found->if_string() != nullptr ? *found->if_string() : write_json(*found);
}

}  // namespace

TEST_CASE("json-ld: an image stands there as schema.org describes one") {
  const Json json = written(full());
  CHECK(text(json, "@context") == "https://schema.org");
  CHECK(text(json, "@type") == "ImageObject");
  CHECK(text(json, "name") == "Harbour at dawn");
  CHECK(text(json, "caption") == *full().metadata.caption);
  CHECK(text(json, "creditText") == "Søren Ågård/Shutterstock");
  CHECK(text(json, "copyrightNotice") == "© 2012 Søren Ågård");
  CHECK(text(json, "creator") == R"({"@type":"Person","identifier":"1306729","name":"Søren Ågård"})");
  CHECK(text(json, "provider") == R"({"@type":"Organization","name":"Shutterstock"})");
  CHECK(text(json, "acquireLicensePage") == *full().metadata.page_url);
  CHECK(text(json, "license") == "https://example.org/terms?v=1&l=en");
  CHECK(text(json, "expires") == "2026-12-31");
  CHECK(text(json, "contentUrl") == "shutterstock_118139110-huge.jpg");
  CHECK(text(json, "encodingFormat") == "image/jpeg");
  CHECK(text(json, "sha256") == std::string(64, 'a'));
  CHECK(text(json, "width") == "5616");
  CHECK(text(json, "height") == "3744");
  CHECK(text(json, "isFamilyFriendly") == "true");
  CHECK(text(json, "digitalSourceType") == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia");
  CHECK(text(json, "keywords") == R"(["harbour","港口","ميناء","🚢"])");
  CHECK(text(json, "about").find(R"("name":"王芳")") != std::string::npos);
  CHECK(text(json, "contentLocation").find(R"("addressCountry":"Egypt")") != std::string::npos);
  CHECK(text(json, "conditionsOfAccess").starts_with("Editorial use only."));
}

TEST_CASE("json-ld: nothing is claimed that nobody said") {
  const Json json = written(bare());
  std::string names;
  for (const auto& [name, value] : *json.if_object()) names += name + " ";
  CHECK(names == "@context @type contentSize contentUrl encodingFormat identifier sha256 ");
}

TEST_CASE("json-ld: pixels are those of the file's own size, or none") {
  auto input = full();
  input.files[0].size = "medium";  // not listed
  CHECK(text(written(input), "width") == "(absent)");
}

TEST_CASE("json-ld: a license that has ended gives no terms") {
  auto input = full();
  input.today = std::chrono::sys_days(std::chrono::year(2027) / 1 / 1);
  CHECK(text(written(input), "license") == "(absent)");
  CHECK(text(written(input), "expires") == "(absent)");
}

TEST_CASE("W5 json-ld: hostile texts are text") {
  auto input = full();
  for (const std::string hostile : {"</script><b>\"&]]>\r\n", "\x01\x02", "=cmd()", "a\xED\xA0\x80z", "\xFF"}) {
    input.metadata.title = hostile;
    CHECK_FALSE(text(written(input), "name").empty());
  }
  input.metadata.title = "</script>";
  CHECK(text(written(input), "name") == "</script>");
}

TEST_CASE("json-ld: it stands beside the file, and the same facts give the same bytes") {
  auto input = full();
  CHECK(JsonLdWriter().file_name_for(input).empty());
  beside_first_file(input);
  CHECK(JsonLdWriter().file_name_for(input) == input.files[0].path + ".jsonld");
  auto same = full();
  beside_first_file(same);
  CHECK(JsonLdWriter().write(input) == JsonLdWriter().write(same));
}
