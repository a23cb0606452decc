#include "sync/report/proof.h"

#include <doctest/doctest.h>

#include "storage/base/digest.h"

using namespace damsync;

namespace {

std::vector<ProofHolding> sample() {
  ProofHolding holding;
  holding.head.complete = true;
  ReportLicense row;
  row.provider = "agency";
  row.account = "newsroom";
  row.asset_id = "1001";
  row.license_id = "e1";
  row.title = "<script>alert('x')</script> & \"more\"";
  row.licensee = "Example Media Ltd";
  row.licensed_at_original = "2026-01-30T19:00:00-05:00";
  row.raw_sha256 = sha256_hex(R"({"id":"e1"})");
  holding.licenses = {row};
  holding.raw["e1"] = R"({"id":"e1"})";
  holding.chain = {{"license.added e1", 7, std::string(64, 'c')}};
  return {holding};
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("proof: the object holds every column, the provider's own words and whether they match their hash") {
  auto holdings = sample();
  const Json json = proof_json("agency", "1001", holdings);
  const Json& license = json.find("holdings")->if_array()->at(0).find("licenses")->if_array()->at(0);
  for (const auto& column : report_columns()) CHECK(license.find(column.name) != nullptr);
  CHECK(*license.find("raw") == Json(R"({"id":"e1"})"));
  CHECK(*license.find("raw_matches_sha256") == Json(true));
  CHECK(license.find("project")->is_null());

  holdings[0].raw["e1"] = "altered";
  CHECK(holds(write_json(proof_json("agency", "1001", holdings)), R"("raw_matches_sha256":false)"));
  CHECK(holds(proof_page("agency", "1001", holdings), "DO NOT MATCH"));
}

TEST_CASE("proof: what comes from outside is escaped on the page") {
  const std::string page = proof_page("agency", "1001", sample());
  CHECK_FALSE(holds(page, "<script"));
  CHECK(holds(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"));
  CHECK(holds(page, "{&quot;id&quot;:&quot;e1&quot;}"));
  CHECK(holds(page, "Example Media Ltd"));
  CHECK(holds(page, std::string(64, 'c')));
}

TEST_CASE("proof: the page tells nothing known from not known, and leaves out what does not apply") {
  auto holdings = sample();
  auto& row = holdings[0].licenses[0];
  row.license_state = "held";
  row.asset_state = "active";
  const std::string page = proof_page("agency", "1001", holdings);
  CHECK(holds(page, "Restrictions</th><td>the provider names none</td>"));
  CHECK_FALSE(holds(page, "Vanished at"));
  CHECK_FALSE(holds(page, "Withdrawn at"));
  row.asset_state = "unknown";
  row.license_state = "vanished";
  const std::string unknown = proof_page("agency", "1001", holdings);
  CHECK(holds(unknown, "Restrictions</th><td><span class=\"quiet\">not known</span></td>"));
  CHECK(holds(unknown, "Vanished at"));
}

TEST_CASE("proof: the name of its files holds nothing but plain letters") {
  CHECK(proof_name("agency", "118139110") == "proof-agency-118139110");
  CHECK(proof_name("agency", "../../etc/x y") == "proof-agency-______etc_x_y");
}
