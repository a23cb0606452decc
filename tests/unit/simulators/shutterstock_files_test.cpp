#include <doctest/doctest.h>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

/// One photo and one license of it.
struct Shop {
  ShutterstockSim sim{{.start = parse_rfc3339("2026-03-15T12:00:00Z").value()}};
  Shop() {
    sim.edit([](ShutterstockState& state) {
      state.add_token(std::string(kSandboxToken), "anna");
      SimImage image;
      image.id = "4711";
      state.put_image(image);
      SimLicense license;
      license.id = "i1";
      license.image_id = image.id;
      license.username = "anna";
      state.add_license(license);
    });
  }
  SimResponse redownload(const std::string& body) {
    return sim.handle(sim_post("/v2/images/licenses/i1/downloads", body));
  }
  std::string file_target() { return target_of(*body_json(redownload("{}")).find("url")->if_string()); }
  SimResponse fetch(const std::string& target, const SimHeaders& headers = {}) {
    SimRequest request = sim_request("GET", target, "");
    for (const auto& header : headers) request.headers.push_back(header);
    return sim.handle(request);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Shop, "shutterstock simulator: a redownload needs a JSON object and a known size") {
  CHECK(redownload("").status == 400);
  CHECK(redownload("[]").status == 400);
  CHECK(redownload(R"({"size":"gigantic"})").status == 400);
  CHECK(redownload(R"({"size":null})").status == 400);
  CHECK(redownload(R"({"size":"vector"})").status == 404);
  CHECK(sim.handle(sim_post("/v2/images/licenses/i1/downloads", "{}", "text/plain")).status == 400);
  CHECK(sim.handle(sim_post("/v2/images/licenses/i2/downloads", "{}")).status == 404);
  CHECK(sim.books().redownloads.empty());
  CHECK(redownload(R"({"size":"small"})").status == 200);
  CHECK(redownload("{}").status == 200);
  CHECK(sim.books().redownloads.at("i1") == 2);
}

TEST_CASE_FIXTURE(Shop, "shutterstock simulator: a license that is not downloadable is refused as switched") {
  sim.edit([](ShutterstockState& state) { state.license("i1")->downloadable = false; });
  CHECK(redownload("{}").status == 403);
  sim.edit([](ShutterstockState& state) { state.switches.not_downloadable_status = 404; });
  CHECK(redownload("{}").status == 404);
  CHECK(sim.books().redownloads.empty());
}

TEST_CASE_FIXTURE(Shop, "M7 shutterstock simulator: a download link works for eight hours and not longer") {
  const std::string target = file_target();

  sim.advance(std::chrono::hours(8) - std::chrono::seconds(1));
  CHECK(fetch(target).status == 200);
  sim.advance(std::chrono::seconds(1));
  const auto late = fetch(target);

  CHECK(late.status == 403);
  CHECK(header_of(late, "Content-Type") == "text/html");
}

TEST_CASE_FIXTURE(Shop, "shutterstock simulator: a forged or damaged download link is refused") {
  const std::string target = file_target();
  const std::size_t from = std::string("/gatekeeper/").size();
  std::string grant = base64_decode(target.substr(from, target.find('/', from) - from)).value();
  REQUIRE(fetch(target).status == 200);

  grant.replace(grant.find("huge"), 4, "small");
  std::string forged = base64(grant);
  forged.erase(forged.find_last_not_of('=') + 1);

  CHECK(fetch("/gatekeeper/" + forged + "/shutterstock_4711.jpg").status == 403);
  CHECK(fetch("/gatekeeper/xyz/shutterstock_4711.jpg").status == 403);
}

TEST_CASE_FIXTURE(Shop, "shutterstock simulator: files need no credentials, and sending them is noted") {
  const std::string target = file_target();
  CHECK(fetch(target).status == 200);
  CHECK(sim.books().credentials_on_files == 0);
  fetch(target, {{"Authorization", "Bearer x"}});
  CHECK(sim.books().credentials_on_files == 1);
  CHECK(sim.books().files.at("4711/huge") == 2);
}

TEST_CASE_FIXTURE(Shop, "M8 shutterstock simulator: a range continues a file only while its Etag is the same") {
  const std::string target = file_target();
  const auto whole = fetch(target);
  const std::string bytes = whole_body(whole);
  const std::string etag = header_of(whole, "ETag");
  REQUIRE(etag.front() == '"');

  const auto rest = fetch(target, {{"Range", "bytes=1000-"}, {"If-Range", etag}});
  const auto some = fetch(target, {{"Range", "bytes=10-19"}});
  const auto other = fetch(target, {{"Range", "bytes=1000-"}, {"If-Range", "\"other\""}});
  const auto beyond = fetch(target, {{"Range", "bytes=" + std::to_string(bytes.size()) + "-"}});

  CHECK(rest.status == 206);
  CHECK(whole_body(rest) == bytes.substr(1000));
  const std::string size = std::to_string(bytes.size());
  CHECK(header_of(rest, "Content-Range") == "bytes 1000-" + std::to_string(bytes.size() - 1) + "/" + size);
  CHECK(whole_body(some) == bytes.substr(10, 10));
  CHECK(other.status == 200);
  CHECK(whole_body(other) == bytes);
  CHECK(beyond.status == 416);
}

TEST_CASE_FIXTURE(Shop, "M6 shutterstock simulator: another revision of a file has other bytes and another Etag") {
  const std::string target = file_target();
  const auto first = fetch(target);
  sim.edit([](ShutterstockState& state) { state.image("4711")->file_revision = 2; });
  const auto second = fetch(target);

  CHECK(whole_body(first) != whole_body(second));
  CHECK(header_of(first, "ETag") != header_of(second, "ETag"));
}

}  // namespace damsync
