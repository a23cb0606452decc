#include "sync/sidecar/xmp_writer.h"
#include "sync/http/json_reader.h"
#include "sync/providers/getty/getty_normalize.h"
#include "sync/providers/getty/getty_wire.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "tests/unit/sync/sidecar/sidecar_samples.h"
#include "tests/unit/sync/sidecar/xmp_flat.h"

using namespace damsync;
using namespace damsync::sidecar_samples;

namespace {

FlatXmp written(const SidecarInput& input) { return flatten_xmp(XmpWriter().write(input)); }

std::vector<std::string> values(const FlatXmp& xmp, const std::string& name) {
  const auto found = xmp.find(name);
  return found == xmp.end() ? std::vector<std::string>{} : found->second;
}

std::string value(const FlatXmp& xmp, const std::string& name) {
  const auto all = values(xmp, name);
  return all.size() == 1 ? all.front() : std::to_string(all.size()) + " values";
}

std::string vocabulary(const std::string& code) { return "http://ns.useplus.org/ldf/vocab/" + code; }

// The UUIDv5 was computed by another program.
const std::string kTerms = "https://example.org/terms?v=1&l=en";
const std::string kUuid = "da319403-4eb5-57fd-8ab5-e94c9e61ac0c";
const std::string kLimits = "Editorial use only. No use in Japan. NUR <print>";
const FlatXmp kExpectedOfFull = {
    {"dc:identifier", {"shutterstock:118139110"}},
    {"Iptc4xmpExt:DigImageGUID", {kUuid}},
    {"plus:LicenseeImageID", {kUuid}},
    {"dc:title", {"Harbour at dawn"}},
    {"photoshop:Headline", {"Harbour at dawn"}},
    {"dc:description", {"ميناء عند الفجر <b> & ]]> 日本語の港 🚢"}},
    {"dc:subject", {"harbour", "港口", "ميناء", "🚢"}},
    {"lr:hierarchicalSubject", {"Collections|封面 / covers", "Collections|18"}},
    {"dc:creator", {"Søren Ågård"}},
    {"plus:ImageCreator[1]/ImageCreatorName", {"Søren Ågård"}},
    {"plus:ImageCreator[1]/ImageCreatorID", {"1306729"}},
    {"photoshop:AuthorsPosition", {"Contributor"}},
    {"photoshop:Credit", {"Søren Ågård/Shutterstock"}},
    {"dc:rights", {"© 2012 Søren Ågård"}},
    {"plus:CopyrightOwner[1]/CopyrightOwnerName", {"© 2012 Søren Ågård"}},
    {"plus:CopyrightStatus", {vocabulary("CS-PRO")}},
    {"xmpRights:Marked", {"True"}},
    {"photoshop:Source", {"Offset"}},
    {"plus:ImageSupplier[1]/ImageSupplierID", {"shutterstock"}},
    {"plus:ImageSupplier[1]/ImageSupplierName", {"Shutterstock"}},
    {"plus:Licensor[1]/LicensorID", {"shutterstock"}},
    {"plus:Licensor[1]/LicensorName", {"Shutterstock"}},
    {"plus:Licensor[1]/LicensorURL", {"https://www.shutterstock.com/image-photo/118139110?a=1&b=2"}},
    {"plus:ImageSupplierImageID", {"118139110"}},
    {"plus:LicensorImageID", {"118139110"}},
    {"Iptc4xmpExt:RegistryId[1]/RegItemId", {"118139110"}},
    {"Iptc4xmpExt:RegistryId[1]/RegOrgId", {"shutterstock"}},
    {"xmpRights:WebStatement", {kTerms}},
    {"plus:TermsAndConditionsURL", {kTerms}},
    {"xmpRights:UsageTerms", {"Editorial use only. Available for all permitted uses. License type: standard."}},
    {"plus:OtherConstraints", {kLimits}},
    {"photoshop:Instructions", {kLimits}},
    {"plus:RegionConstraints", {"Europe only"}},
    {"plus:MediaConstraints", {"Print only"}},
    {"plus:LicenseID", {"e101"}},
    {"plus:LicensorTransactionID", {"e101"}},
    {"plus:LicenseTransactionDate", {"2024-04-30T16:00:00Z"}},
    {"plus:LicenseStartDate", {"2024-01-01"}},
    {"plus:LicenseEndDate", {"2026-12-31"}},
    {"prism:expirationDate", {"2026-12-31"}},
    {"plus:OtherLicenseInfo", {"License type: standard; Subscription: s18382630; Size: huge"}},
    {"plus:EndUser[1]/EndUserID", {"anna"}},
    {"plus:EndUser[1]/EndUserName", {"Anna Müller"}},
    {"plus:Licensee[1]/LicenseeID", {"EML"}},
    {"plus:Licensee[1]/LicenseeName", {"Example Media Ltd"}},
    {"plus:LicenseeProjectReference", {"P-1", "Job 7", "Company A"}},
    {"plus:LicenseeTransactionID", {"00123456"}},
    {"plus:LicenseeImageNotes", {"cover 封面"}},
    {"plus:ModelReleaseID", {"0012"}},
    {"plus:PropertyReleaseID", {"0034"}},
    {"Iptc4xmpExt:PersonInImage", {"王芳", "Jane Doe"}},
    {"xmp:Label", {"Editorial only"}},
    {"Iptc4xmpExt:DigitalSourceType", {"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"}},
    {"plus:DataMining", {vocabulary("DMI-PROHIBITED")}},
    {"Iptc4xmpExt:Event", {"Port opening"}},
    {"Iptc4xmpExt:EventId", {"775001", "775002"}},
    {"photoshop:TransmissionReference", {"775001"}},
    {"photoshop:DateCreated", {"2012-11-09"}},
    {"photoshop:City", {"القاهرة"}},
    {"photoshop:State", {"Cairo"}},
    {"photoshop:Country", {"Egypt"}},
    {"Iptc4xmpExt:LocationShown[1]/City", {"القاهرة"}},
    {"Iptc4xmpExt:LocationShown[1]/ProvinceState", {"Cairo"}},
    {"Iptc4xmpExt:LocationShown[1]/CountryName", {"Egypt"}},
    {"Iptc4xmpExt:LocationShown[1]/CountryCode", {"EGY"}},
    {"Iptc4xmpExt:MaxAvailWidth", {"5616"}},
    {"Iptc4xmpExt:MaxAvailHeight", {"3744"}},
    {"plus:ImageFileFormatAsDelivered", {vocabulary("FF-JPG")}},
    {"plus:ImageFileSizeAsDelivered", {vocabulary("SZ-U30")}},
    {"plus:ImageType", {vocabulary("TY-PHO")}},
    {"plus:AdultContentWarning", {vocabulary("CW-NRQ")}},
    {"plus:CreditLineRequired", {vocabulary("CR-CAI")}},
    {"damsync:Provider", {"shutterstock"}},
    {"damsync:Account", {"newsroom"}},
    {"damsync:Revision", {"7"}},
    {"damsync:AssetState", {"active"}},
    {"damsync:Sha256", {std::string(64, 'a')}},
    {"damsync:IsEditorial", {"True"}},
    {"damsync:LicenseTier", {"standard"}},
    {"damsync:LicenseModel", {"royaltyfree"}},
    {"damsync:HasModelRelease", {"True"}},
    {"damsync:HasPropertyRelease", {"True"}},
    {"damsync:Releases", {"0012", "0034"}},
    {"damsync:Licenses[1]/LicenseID", {"e101"}},
    {"damsync:Licenses[1]/LicenseType", {"standard"}},
    {"damsync:Licenses[1]/LicensedAt", {"2024-04-30T16:00:00Z"}},
    {"damsync:Licenses[1]/LicensedBy", {"anna"}},
    {"damsync:Licenses[1]/Size", {"huge"}},
    {"damsync:Licenses[1]/Format", {"jpg"}},
    {"damsync:Licenses[1]/State", {"held"}},
};

}  // namespace

TEST_CASE("xmp: every mapped property carries the fact it is made from, and nothing else is written") {
  SidecarInput input = full();
  const FlatXmp actual = written(beside_first_file(input));
  for (const auto& [name, expected] : kExpectedOfFull) {
    CAPTURE(name);
    CHECK(values(actual, name) == expected);
  }
  for (const auto& [name, content] : actual) {
    CAPTURE(name);
    CHECK(kExpectedOfFull.contains(name));
  }
}

TEST_CASE("xmp: what the provider did not say is left out") {
  SidecarInput input = bare();
  const FlatXmp actual = written(beside_first_file(input));
  std::set<std::string> names;
  for (const auto& [name, content] : actual) names.insert(name);
  CHECK(names == std::set<std::string>{"Iptc4xmpExt:DigImageGUID",
                                       "Iptc4xmpExt:RegistryId[1]/RegItemId",
                                       "Iptc4xmpExt:RegistryId[1]/RegOrgId",
                                       "damsync:Account",
                                       "damsync:LicenseTier",
                                       "damsync:Licenses[1]/Format",
                                       "damsync:Licenses[1]/LicenseID",
                                       "damsync:Licenses[1]/LicenseType",
                                       "damsync:Licenses[1]/LicensedAt",
                                       "damsync:Licenses[1]/LicensedBy",
                                       "damsync:Licenses[1]/Size",
                                       "damsync:Licenses[1]/State",
                                       "damsync:Provider",
                                       "damsync:Revision",
                                       "damsync:Sha256",
                                       "damsync:AssetState",
                                       "dc:identifier",
                                       "plus:CopyrightStatus",
                                       "plus:EndUser[1]/EndUserID",
                                       "plus:ImageFileFormatAsDelivered",
                                       "plus:ImageFileSizeAsDelivered",
                                       "plus:ImageSupplier[1]/ImageSupplierID",
                                       "plus:ImageSupplierImageID",
                                       "plus:LicenseID",
                                       "plus:LicenseTransactionDate",
                                       "plus:LicenseeImageID",
                                       "plus:Licensor[1]/LicensorID",
                                       "plus:LicensorImageID",
                                       "plus:LicensorTransactionID",
                                       "plus:OtherLicenseInfo",
                                       "xmpRights:Marked",
                                       "xmpRights:UsageTerms"});
}

TEST_CASE("xmp: false is not unknown, and unknown is not false") {
  SidecarInput input = bare();
  CHECK(value(written(input), "damsync:IsEditorial") == "0 values");
  input.metadata.editorial = false;
  input.metadata.ai_generated = false;
  input.metadata.has_model_release = false;
  const FlatXmp actual = written(input);
  CHECK(value(actual, "damsync:IsEditorial") == "False");
  CHECK(value(actual, "damsync:HasModelRelease") == "False");
  CHECK(values(actual, "xmp:Label").empty());
  CHECK(values(actual, "plus:CreditLineRequired").empty());
  CHECK(values(actual, "Iptc4xmpExt:DigitalSourceType").empty());
  CHECK(values(actual, "plus:ModelReleaseStatus").empty());
}

TEST_CASE("xmp: editorial use stands in four places") {
  SidecarInput input = bare();
  input.metadata.editorial = true;
  const FlatXmp actual = written(input);
  CHECK(value(actual, "xmpRights:UsageTerms").starts_with("Editorial use only."));
  CHECK(value(actual, "photoshop:Instructions") == "Editorial use only.");
  CHECK(value(actual, "xmp:Label") == "Editorial only");
  CHECK(value(actual, "damsync:IsEditorial") == "True");
}

TEST_CASE("xmp: a release status is written only on an explicit statement") {
  struct Row {
    const char* said;
    std::string model, property;
  };
  const Row rows[] = {
      {"Not released.", vocabulary("MR-NON"), vocabulary("PR-NON")},
      {"Model not released", vocabulary("MR-NON"), ""},
      {"Property not released", "", vocabulary("PR-NON")},
      {"No people", vocabulary("MR-NAP"), ""},
      {"No release required", "", ""},
      {"Property released", "", ""},
      {"Not released or partially released. More information may be required.", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.said);
    SidecarInput input = bare();
    input.metadata.has_model_release = true;
    input.metadata.extra = Json::object({{"release_info", row.said}});
    const FlatXmp actual = written(input);
    CHECK(values(actual, "plus:ModelReleaseStatus").size() == (row.model.empty() ? 0 : 1));
    CHECK(values(actual, "plus:PropertyReleaseStatus").size() == (row.property.empty() ? 0 : 1));
    if (!row.model.empty()) CHECK(value(actual, "plus:ModelReleaseStatus") == row.model);
    if (!row.property.empty()) CHECK(value(actual, "plus:PropertyReleaseStatus") == row.property);
    CHECK(value(actual, "damsync:ReleaseInfo") == row.said);
  }
}

TEST_CASE("xmp: releases are called property releases only where the provider says that there is one") {
  SidecarInput input = bare();
  input.metadata.releases = {"0034"};
  CHECK(values(written(input), "plus:PropertyReleaseID").empty());
  CHECK(value(written(input), "damsync:Releases") == "0034");
  input.metadata.has_property_release = true;
  CHECK(value(written(input), "plus:PropertyReleaseID") == "0034");
}

TEST_CASE("xmp: a statement in words is never the id of a release") {
  const auto read =
      getty::read_image(*parse_json(R"({"id":"1","allowed_use":{"release_info":"Model and property released"}})"));
  SidecarInput input = bare();
  input.metadata = getty::normalize(std::get<getty::ImageWire>(read));
  REQUIRE(input.metadata.has_property_release == true);
  CHECK(values(written(input), "plus:PropertyReleaseID").empty());
  CHECK(values(written(input), "plus:ModelReleaseID").empty());
  CHECK(value(written(input), "damsync:ReleaseInfo") == "Model and property released");
  input.metadata.releases = {"Released"};
  input.metadata.extra.set("release_info", "Released");
  CHECK(values(written(input), "plus:PropertyReleaseID").empty());
}

TEST_CASE("xmp: the most pixels there are is what the provider says, else its largest size") {
  const auto read = getty::read_image(*parse_json(
      R"({"id":"1","max_dimensions":{"width":5000,"height":4000},"download_sizes":[{"name":"s","width":500,"height":400}]})"));
  SidecarInput input = bare();
  input.metadata = getty::normalize(std::get<getty::ImageWire>(read));
  CHECK(value(written(input), "Iptc4xmpExt:MaxAvailWidth") == "5000");
  CHECK(value(written(input), "Iptc4xmpExt:MaxAvailHeight") == "4000");
  input.metadata.extra = Json::object();
  CHECK(value(written(input), "Iptc4xmpExt:MaxAvailWidth") == "500");
}

TEST_CASE("xmp: without a copyright notice the creator is named as the owner") {
  SidecarInput input = full();
  input.metadata.copyright.reset();
  CHECK(value(written(input), "plus:CopyrightOwner[1]/CopyrightOwnerName") == "Søren Ågård");
  input.metadata.creator_name.reset();
  CHECK(values(written(input), "plus:CopyrightOwner[1]/CopyrightOwnerName").empty());
}

TEST_CASE("xmp: an image that was licensed as generated by AI says so") {
  SidecarInput input = bare();
  CHECK(values(written(input), "Iptc4xmpExt:DigitalSourceType").empty());
  input.licenses[0].details.set("ai_generated", true);
  CHECK(value(written(input), "Iptc4xmpExt:DigitalSourceType").ends_with("/trainedAlgorithmicMedia"));
  input.metadata.ai_generated = false;
  CHECK(values(written(input), "Iptc4xmpExt:DigitalSourceType").empty());
}

TEST_CASE("xmp: a license is in force within the days of its agreement alone") {
  SidecarInput input = bare();
  const auto start = std::chrono::sys_days(std::chrono::year(2024) / 6 / 30);
  input.agreements["e101"].start = start;
  input.today = start - std::chrono::days(1);
  CHECK(values(written(input), "plus:LicenseID").empty());
  input.today = start;
  CHECK(value(written(input), "plus:LicenseID") == "e101");
}

TEST_CASE("xmp: the best license in force stands in plus, all of them in our own list") {
  SidecarInput input = bare();
  input.licenses = {license("e3", "standard", "2024-03-01T00:00:00Z"),
                    license("e1", "enhanced", "2024-01-01T00:00:00Z"),
                    license("e2", "standard", "2024-02-01T00:00:00Z")};
  SUBCASE("the widest tier first") { CHECK(value(written(input), "plus:LicenseID") == "e1"); }
  SUBCASE("a vanished license is never the one in force") {
    input.licenses[1].state = LicenseState::kVanished;
    CHECK(value(written(input), "plus:LicenseID") == "e3");
    CHECK(value(written(input), "damsync:Licenses[1]/State") == "vanished");
  }
  SUBCASE("an ended license is not in force from the day after its end") {
    const auto end = std::chrono::sys_days(std::chrono::year(2024) / 6 / 30);
    input.agreements["e1"].end = end;
    input.today = end;
    CHECK(value(written(input), "plus:LicenseID") == "e1");
    input.today = end + std::chrono::days(1);
    CHECK(value(written(input), "plus:LicenseID") == "e3");
    CHECK(values(written(input), "prism:expirationDate").empty());
  }
  SUBCASE("of one tier, the license the file was fetched with") {
    input.licenses[1].license_type = "standard";
    input.files = {file_of(input.licenses[2], "a.jpg")};
    CHECK(value(written(beside_first_file(input)), "plus:LicenseID") == "e2");
  }
  SUBCASE("with none held, no license is claimed") {
    for (auto& row : input.licenses) row.state = LicenseState::kVanished;
    CHECK(values(written(input), "plus:LicenseID").empty());
    CHECK(values(written(input), "damsync:LicenseTier").empty());
  }
  CHECK(value(written(input), "damsync:Licenses[1]/LicenseID") == "e1");
  CHECK(value(written(input), "damsync:Licenses[2]/LicenseID") == "e2");
  CHECK(value(written(input), "damsync:Licenses[3]/LicenseID") == "e3");
}

TEST_CASE("xmp: an id that we composed is not shown as a transaction of the provider") {
  SidecarInput input = bare();
  CHECK(value(written(input), "plus:LicensorTransactionID") == "e101");
  const auto row = getty::read_download(*parse_json(R"({"id":"83454804","date_downloaded":"2019-09-19T19:30:37Z"})"));
  static_cast<License&>(input.licenses[0]) = getty::normalize({std::get<getty::DownloadWire>(row)}).front();
  input.composed_license_ids = true;
  CHECK(value(written(input), "plus:LicenseID").starts_with("g83454804-2019"));
  CHECK(values(written(input), "plus:LicensorTransactionID").empty());
  input.licenses[0].details = Json::object({{"product_id", 4321}});
  CHECK(value(written(input), "plus:LicensorTransactionID") == "4321");
}

TEST_CASE("xmp: the credit line is the provider's, else creator and supplier") {
  SidecarInput input = full();
  input.metadata.credit_line.reset();
  CHECK(value(written(input), "photoshop:Credit") == "Søren Ågård/Shutterstock");
  input.metadata.creator_name.reset();
  CHECK(values(written(input), "photoshop:Credit").empty());
}

TEST_CASE("xmp: the house's copyright notice stands in only where the provider gives none") {
  SidecarInput input = full();
  input.house.copyright_notice = "© the contributor";
  CHECK(value(written(input), "dc:rights") == "© 2012 Søren Ågård");
  input.metadata.copyright.reset();
  CHECK(value(written(input), "dc:rights") == "© the contributor");
  CHECK(value(written(input), "plus:CopyrightOwner[1]/CopyrightOwnerName") == "Søren Ågård");
}

TEST_CASE("xmp: kinds, formats and sizes become terms of the PLUS vocabulary") {
  SidecarInput input = bare();
  input.metadata.kind = "vector";
  input.metadata.adult = true;
  input.house.credit_required = false;
  input.files[0].format = "";
  input.files[0].path = "a/01/1/shutterstock_1-vector.EPS";
  const std::pair<std::int64_t, const char*> sizes[] = {{1'000'000, "SZ-U01"},
                                                        {1'000'001, "SZ-U10"},
                                                        {30'000'000, "SZ-U30"},
                                                        {50'000'000, "SZ-U50"},
                                                        {50'000'001, "SZ-G50"}};
  for (const auto& [bytes, code] : sizes) {
    input.files[0].bytes = bytes;
    CHECK(value(written(beside_first_file(input)), "plus:ImageFileSizeAsDelivered") == vocabulary(code));
  }
  const FlatXmp actual = written(input);
  CHECK(value(actual, "plus:ImageFileFormatAsDelivered") == vocabulary("FF-EPS"));
  CHECK(value(actual, "plus:ImageType") == vocabulary("TY-ILL"));
  CHECK(value(actual, "plus:AdultContentWarning") == vocabulary("CW-AWR"));
  CHECK(value(actual, "plus:CreditLineRequired") == vocabulary("CR-NRQ"));
}

TEST_CASE("xmp: text that is no date does not become the date of creation") {
  SidecarInput input = bare();
  input.metadata.created_on = "circa 1920";
  CHECK(values(written(input), "photoshop:DateCreated").empty());
}

TEST_CASE("xmp: the same facts give the same bytes, whatever their order") {
  SidecarInput input = full();
  input.licenses.push_back(license("e102", "enhanced", "2024-05-01T00:00:00Z"));
  const std::string first = XmpWriter().write(beside_first_file(input));
  std::reverse(input.licenses.begin(), input.licenses.end());
  CHECK(XmpWriter().write(input) == first);
}

TEST_CASE("xmp: times of checks do not change the bytes, a new revision does") {
  SidecarInput input = full();
  const std::string first = XmpWriter().write(beside_first_file(input));
  input.asset.checked_at = at("2025-01-01T00:00:00Z");
  input.asset.etag = "other";
  input.files[0].verified_at = at("2025-01-01T00:00:00Z");
  CHECK(XmpWriter().write(input) == first);
  input.asset.revision = 8;
  CHECK(XmpWriter().write(input) != first);
}

TEST_CASE("xmp: every language alternative has exactly one x-default and no other language") {
  SidecarInput input = full();
  const std::string packet = XmpWriter().write(beside_first_file(input));
  const auto count = [&packet](const std::string& what) {
    std::size_t found = 0;
    for (auto at = packet.find(what); at != std::string::npos; at = packet.find(what, at + 1)) ++found;
    return found;
  };
  CHECK(count("<rdf:Alt>") == 10);
  CHECK(count("xml:lang=") == 10);
  CHECK(count("xml:lang=\"x-default\"") == 10);
}

TEST_CASE("xmp: the sidecar is named after the whole file name, and a file without a place has none") {
  SidecarInput input = bare();
  CHECK(XmpWriter().file_name_for(input).empty());
  CHECK(XmpWriter().file_name_for(beside_first_file(input)) ==
        "newsroom/10/118139110/shutterstock_118139110-huge.jpg.xmp");
  input.files[0].path.clear();
  CHECK(XmpWriter().file_name_for(input).empty());
}

TEST_CASE("W5 J7 xmp: hostile text is scrubbed and stays well-formed") {
  const std::pair<std::string, std::string> rows[] = {
      {"a]]>b", "a]]>b"},
      {"<script>&amp;\"'</script>", "<script>&amp;\"'</script>"},
      {"=cmd()\r\nsecond\tline", "=cmd()\nsecond\tline"},
      {std::string("bell\x07 esc\x1b[31m nul\0 us\x1f", 23), "bell esc[31m nul us"},
      {"fffe\xEF\xBF\xBE ffff\xEF\xBF\xBF", "fffe ffff"},
      {"lone \xED\xA0\xBD end", "lone \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD end"},
      {"overlong \xC0\xAF", "overlong \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"cut \xE6\x97", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"<?xpacket end=\"w\"?><!-- -->", "<?xpacket end=\"w\"?><!-- -->"},
      {"&#1;&lt;", "&#1;&lt;"},
  };
  for (const auto& [hostile, clean] : rows) {
    CAPTURE(clean);
    SidecarInput input = bare();
    input.metadata.title = hostile;
    input.metadata.keywords = {hostile};
    input.licenses[0].licensed_by = hostile;
    const FlatXmp actual = written(input);
    CHECK(value(actual, "dc:title") == clean);
    CHECK(value(actual, "dc:subject") == clean);
    CHECK(value(actual, "plus:EndUser[1]/EndUserID") == clean);
  }
}

TEST_CASE("xmp: text that is empty after scrubbing is left out") {
  SidecarInput input = bare();
  input.metadata.title = "\x01\x02";
  input.metadata.caption = " \n ";
  input.metadata.keywords = {"", "\x07", "kept"};
  const FlatXmp actual = written(input);
  CHECK(values(actual, "dc:title").empty());
  CHECK(values(actual, "dc:description").empty());
  CHECK(values(actual, "dc:subject") == std::vector<std::string>{"kept"});
}
