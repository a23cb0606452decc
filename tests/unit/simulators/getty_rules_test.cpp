#include <doctest/doctest.h>

#include "sync/http/json_reader.h"
#include "sync/transfer/media_probe.h"
#include "tests/simulators/getty_sim.h"
#include "tests/support/fake_clock.h"

namespace damsync {
namespace {

/// A service with one image, asked without a socket by somebody who is logged in.
struct Service {
  Service() {
    sim.edit([](GettyState& state) {
      state.images["11"] = GettySimImage{.id = "11"};
      state.tokens["t"] = {"anna", FakeClock().utc() + std::chrono::hours(1)};
      state.channels.emplace_back();
      state.channels.front().queue.push_back({.id = "11", .lifecycle = "Update", .time = FakeClock().utc()});
    });
  }
  SimResponse call(const std::string& method, const std::string& target, const std::string& body = "",
                   const std::string& token = "\r\nAuthorization: Bearer t") {
    auto request =
        parse_request_head(method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:1\r\nApi-Key: sandbox-key" + token);
    REQUIRE(request.has_value());
    request->body = body;
    return sim.handle(*request);
  }
  SimResponse order(const std::string& query, const std::string& body = "") {
    return call("POST", "/v3/downloads/images/11" + query, body);
  }
  /// The file that an order leads to, and its pixels.
  MediaFacts ordered(const std::string& query) {
    const auto answer = parse_json(order(query).body);
    REQUIRE(answer.ok());
    const std::string uri = *answer->find("uri")->if_string();
    const auto file = call("GET", uri.substr(uri.find("/delivery")), "", "");
    REQUIRE(file.status == 200);
    MediaProbe probe;
    probe.feed(std::span(file.body.data(), file.body.size()));
    return probe.facts();
  }
  /// The newest row of the history.
  Json row(const std::string& query = "") {
    const auto answer = parse_json(call("GET", "/v3/downloads" + query).body);
    REQUIRE(answer.ok());
    REQUIRE(answer->find("downloads") != nullptr);
    return answer->find("downloads")->if_array()->front();
  }
  GettySim sim{FakeClock().utc()};
};

}  // namespace

TEST_CASE_FIXTURE(Service, "getty simulator: an order that the service would refuse is refused and costs nothing") {
  for (const char* wrong : {"auto_download=perhaps", "height=abc", "file_type=tiff", "product_id=xyz",
                            "product_type=nonsense", "use_team_credits=2", "height=200&height=200", "size=medium"})
    CHECK_MESSAGE(order(std::string("?") + wrong).status == 400, wrong);
  for (const char* wrong : {"height=401", "height=399", "file_type=eps"}) {
    const auto refused = order(std::string("?") + wrong);
    CHECK_MESSAGE(refused.status == 404, wrong);
    CHECK(refused.body.find("FileDownloadSizeNotFound") != std::string::npos);
  }
  for (const char* wrong : {"product_id=99", "product_id=4321&product_type=easyaccess"})
    CHECK_MESSAGE(order(std::string("?") + wrong).status == 403, wrong);
  for (const char* wrong : {"not json", "[]", "{\"project_code\":7}"})
    CHECK_MESSAGE(order("", wrong).status == 400, wrong);
  sim.edit([](GettyState& state) { state.products.front().project_codes = {"P-7"}; });
  CHECK(order("", R"({"project_code":"P-8"})").status == 400);
  CHECK(sim.books().executions.empty());
  CHECK(order("?auto_download=false&product_id=4321&product_type=premiumaccess", R"({"project_code":"P-7"})").status ==
        200);
  CHECK(sim.books().executions.at("11") == 1);
}

TEST_CASE_FIXTURE(Service, "getty simulator: what is no value for a parameter is refused, as is one given twice") {
  for (const char* wrong : {"/v3/downloads?use_time=maybe", "/v3/downloads?company_downloads=2",
                            "/v3/downloads?page=1&page=1", "/v3/downloads?page=one", "/v3/downloads?product_type=all",
                            "/v3/products?fields=nonsense", "/v3/images?ids=11&fields=nonsense"})
    CHECK_MESSAGE(call("GET", wrong).status == 400, wrong);
  for (const char* wrong : {"channel_id=7&batch_size=abc", "channel_id=7&batch_size=0", "batch_size=10"})
    CHECK_MESSAGE(call("PUT", std::string("/v3/asset-changes/change-sets?") + wrong).status == 400, wrong);
  CHECK(call("PUT", "/v3/asset-changes/change-sets?channel_id=7&batch_size=10").status == 201);
}

TEST_CASE_FIXTURE(Service, "getty simulator: what can be downloaded is told only to those who carry a token") {
  for (const char* field : {"downloads", "download_sizes", "largest_downloads"})
    for (const char* path : {"/v3/images?ids=11&fields=", "/v3/images/11?fields=title,"}) {
      CAPTURE(field);
      CHECK(call("GET", std::string(path) + field, "", "").status == 401);
      CHECK(call("GET", std::string(path) + field).status == 200);
    }
}

TEST_CASE_FIXTURE(Service, "getty simulator: the size of the height asked for is delivered and stands in the history") {
  const auto medium = ordered("?auto_download=false&height=200");
  CHECK(medium.width == 300);
  CHECK(medium.height == 200);
  CHECK(*row().find("size_name")->if_string() == "medium");
  CHECK(row().find("dimensions")->find("height")->as_int64() == 200);
  sim.advance(std::chrono::minutes(1));
  CHECK(ordered("?auto_download=false&height=").height == 400);
  CHECK(*row().find("size_name")->if_string() == "x_large");
}

TEST_CASE_FIXTURE(Service, "getty simulator: a row of the history tells all that the service tells, once little") {
  order("?auto_download=false", R"({"download_notes":"Cover","project_code":"P-7"})");
  const Json full = row();
  CHECK(*full.find("download_details")->find("download_notes")->if_string() == "Cover");
  CHECK(*full.find("download_details")->find("project_code")->if_string() == "P-7");
  CHECK(*full.find("license_model")->if_string() == "royaltyfree");
  CHECK(*full.find("download_source")->if_string() == "api");
  CHECK(*full.find("user")->find("username")->if_string() == "anna");
  sim.edit([](GettyState& state) { state.switches.dialect = GettySwitches::Dialect::kStartDate; });
  const Json old = row();
  CHECK(old.find("download_details") != nullptr);
  for (const char* later : {"asset_type", "product_id", "size_name", "user", "dimensions", "license_model"})
    CHECK_MESSAGE(old.find(later) == nullptr, later);
}

}  // namespace damsync
