#include <doctest/doctest.h>

#include "tests/unit/sync/providers/shutterstock/shutterstock_bench.h"

using namespace damsync;
using namespace damsync::shutterstock;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

License held(const std::string& id = "e1", const std::string& size = "huge") {
  License license;
  license.license_id = id;
  license.asset_id = "11";
  license.size = size;
  license.format = "jpg";
  return license;
}

const char* kLink = R"({"url":"https://download.shutterstock.com/gatekeeper/abc/shutterstock_11.jpg"})";

}  // namespace

TEST_CASE_FIXTURE(ShutterstockBench, "describe: ids in one call, matched by id, what the answer leaves out is absent") {
  auto shutterstock = provider();
  transport.push(200, list_body({image_item("12"), image_item("11"), image_item("77")}));
  const std::vector<std::string> ids{"11", "12", "13", "../1", "9763363ao"};
  const auto out = shutterstock.describe(ids, {});
  REQUIRE(out.ok());
  CHECK(target(0) == "/v2/images?id=11&id=12&id=13&view=full");
  REQUIRE(out->assets.size() == 2);
  CHECK(out->assets[0].asset_id == "11");
  CHECK(out->assets[0].metadata.caption == "about 11");
  CHECK(out->absent == std::vector<std::string>{"13"});
  CHECK(out->rejected.size() == 2);
}

TEST_CASE_FIXTURE(ShutterstockBench, "describe: a refused batch is halved until the poison id stands alone") {
  auto shutterstock = provider();
  transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    const std::string& asked = request.url.target();
    if (has(asked, "id=13&")) return HttpResponse{400, {}, R"({"message":"Validation failed"})", request.url};
    std::vector<std::string> rows;
    for (const char* id : {"11", "12", "14"})
      if (has(asked, fmt::format("id={}&", id))) rows.push_back(image_item(id));
    return HttpResponse{200, {}, list_body(rows), request.url};
  });
  const auto out = shutterstock.describe(std::vector<std::string>{"11", "12", "13", "14"}, {});
  REQUIRE(out.ok());
  CHECK(out->assets.size() == 3);
  CHECK(out->absent.empty());
  REQUIRE(out->rejected.size() == 1);
  CHECK(out->rejected[0].key == "13");
  CHECK(has(out->rejected[0].reason, "Validation failed"));
}

TEST_CASE_FIXTURE(ShutterstockBench, "describe: an answer of 404 to everything withdraws nothing") {
  auto shutterstock = provider();
  transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{404, {}, R"({"message":"Not Found","code":"INTERNAL"})", request.url};
  });
  const auto out = shutterstock.describe(std::vector<std::string>{"11", "12"}, {});
  REQUIRE(out.ok());
  CHECK(out->absent.empty());
  CHECK(out->rejected.size() == 2);
}

TEST_CASE_FIXTURE(ShutterstockBench, "describe: an item with an unreadable id makes nothing absent") {
  auto shutterstock = provider();
  transport.push(200, list_body({image_item("11"), R"({"id":null})"}));
  transport.push(200, list_body({image_item("11")}));
  transport.push(200, list_body({R"({"id":null})"}));
  const auto out = shutterstock.describe(std::vector<std::string>{"11", "12"}, {});
  REQUIRE(out.ok());
  CHECK(out->assets.size() == 1);
  CHECK(out->absent.empty());
  REQUIRE(out->rejected.size() == 1);
  CHECK(out->rejected[0].key == "12");
}

TEST_CASE_FIXTURE(ShutterstockBench, "describe: trouble of the service is an error, not a judgement on the ids") {
  auto shutterstock = provider();
  transport.push(503, "");
  const auto out = shutterstock.describe(std::vector<std::string>{"11", "12"}, {});
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().code == ErrorCode::kUnavailable);
  CHECK(transport.requests().size() == 1);
}

TEST_CASE_FIXTURE(ShutterstockBench, "describe: category names are asked for once, and only when one is missing") {
  auto shutterstock = provider();
  const std::string item = R"({"id":"11","categories":[{"id":"1"},{"id":"2","name":"Arts"}]})";
  transport.push(200, list_body({item}));
  transport.push(200, list_body({R"({"id":"1","name":"Animals"})"}));
  transport.push(200, list_body({item}));
  for (int i = 0; i < 2; ++i) {
    const auto out = shutterstock.describe(std::vector<std::string>{"11"}, {});
    REQUIRE(out.ok());
    CHECK(out->assets.at(0).metadata.categories == std::vector<std::string>{"Animals", "Arts"});
  }
  CHECK(target(1) == "/v2/images/categories");
  CHECK(transport.requests().size() == 3);
}

TEST_CASE_FIXTURE(ShutterstockBench, "recheck: the validator comes unquoted and goes back as it came") {
  auto shutterstock = provider();
  transport.push(200, image_item("11"), {{"Etag", "0cae240d87744e43d0046d3922470eb2"}});
  const auto first = shutterstock.recheck("11", "", {});
  REQUIRE(first.ok());
  REQUIRE(first->has_value());
  CHECK((*first)->etag == "0cae240d87744e43d0046d3922470eb2");
  CHECK(target(0) == "/v2/images/11?view=full");
  CHECK(transport.requests()[0].headers.find("If-None-Match") == nullptr);
  transport.push(304, "");
  const auto second = shutterstock.recheck("11", (*first)->etag, {});
  REQUIRE(second.ok());
  CHECK_FALSE(second->has_value());
  CHECK(*transport.requests()[1].headers.find("If-None-Match") == "0cae240d87744e43d0046d3922470eb2");
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "recheck: 404 is not found, another image is no answer, T23 a 304 unasked neither") {
  auto shutterstock = provider();
  transport.push(404, R"({"message":"Not Found"})");
  CHECK(shutterstock.recheck("11", "x", {}).error().code == ErrorCode::kNotFound);
  transport.push(200, image_item("12"));
  CHECK(shutterstock.recheck("11", "", {}).error().code == ErrorCode::kProtocol);
  transport.push(304, "");
  CHECK(shutterstock.recheck("11", "", {}).error().retry == Retry::kAfterBackoff);
  CHECK(shutterstock.recheck("../11", "", {}).error().code == ErrorCode::kInvalid);
  CHECK(transport.requests().size() == 3);
}

TEST_CASE_FIXTURE(ShutterstockBench, "refetch: a free call with the size only where the service knows it") {
  auto shutterstock = provider();
  const std::vector<std::pair<std::string, std::string>> rows{
      {"huge", R"({"size":"huge"})"}, {"vector", R"({"size":"vector"})"}, {"original", "{}"}, {"", "{}"}};
  for (const auto& [size, body] : rows) {
    transport.push(200, kLink);
    const auto source = shutterstock.refetch(held("e1eba3833793", size), {});
    REQUIRE(source.ok());
    CHECK(source->url == "https://download.shutterstock.com/gatekeeper/abc/shutterstock_11.jpg");
    CHECK(source->expected_format == "jpg");
    CHECK(source->expires_at == clock.utc() + std::chrono::hours(8));
    const auto& request = transport.requests().back();
    CHECK(request.method == Method::kPost);
    CHECK(request.effect == Effect::kSafe);
    CHECK(request.url.target() == "/v2/images/licenses/e1eba3833793/downloads");
    CHECK(request.body == body);
    CHECK(request.content_type == "application/json");
  }
}

TEST_CASE_FIXTURE(ShutterstockBench, "M7 T29 refetch: the license, the token and the moment are blamed apart") {
  struct Row {
    int status;
    const char* body;
    ErrorCode code;
    Retry retry;
  };
  const std::vector<Row> rows{
      {403, R"({"message":"You do not have access to this route. Please contact support"})", ErrorCode::kUnauthorized,
       Retry::kNever},
      {403, R"({"message":"Insufficient scope"})", ErrorCode::kUnauthorized, Retry::kNever},
      {401, R"({"message":"Invalid access token"})", ErrorCode::kUnauthorized, Retry::kNever},
      {403, R"({"message":"This license is not downloadable"})", ErrorCode::kGone, Retry::kNever},
      {403, "", ErrorCode::kGone, Retry::kNever},
      {404, R"({"message":"Not Found"})", ErrorCode::kGone, Retry::kNever},
      {400, R"({"message":"Media unavailable"})", ErrorCode::kGone, Retry::kNever},
      {403, R"({"message":"Account Over Queries Per Second Limit"})", ErrorCode::kThrottled, Retry::kAfterBackoff},
      {429, "", ErrorCode::kThrottled, Retry::kAfterBackoff},
      {502, "", ErrorCode::kUnavailable, Retry::kAfterBackoff},
      {200, "", ErrorCode::kProtocol, Retry::kAfterBackoff},
      {200, R"({"message":"later"})", ErrorCode::kProtocol, Retry::kAfterBackoff},
      {200, R"({"url":7})", ErrorCode::kProtocol, Retry::kAfterBackoff},
      {200, R"({"url":"ftp://download.shutterstock.com/a"})", ErrorCode::kProtocol, Retry::kAfterBackoff},
      {200, R"({"url":"/relative"})", ErrorCode::kProtocol, Retry::kAfterBackoff}};
  auto shutterstock = provider();
  for (const auto& row : rows) {
    INFO(row.status << " " << row.body);
    transport.push(row.status, row.body);
    const auto source = shutterstock.refetch(held(), {});
    REQUIRE_FALSE(source.ok());
    CHECK(source.error().code == row.code);
    CHECK(source.error().retry == row.retry);
  }
  transport.push(400, R"({"message":"Media unavailable"})");
  CHECK(has(shutterstock.refetch(held(), {}).error().message, "Media unavailable"));
}

TEST_CASE_FIXTURE(ShutterstockBench, "P1 refetch: a license id of a wrong form is never sent") {
  auto shutterstock = provider();
  for (const char* id : {"../licenses", "", "a b", "a/b", "e1?x=1"})
    CHECK(shutterstock.refetch(held(id), {}).error().code == ErrorCode::kInvalid);
  CHECK(transport.requests().empty());
}

TEST_CASE_FIXTURE(ShutterstockBench, "still listed: the asset's own history decides, and doubt is an error") {
  settings.team_history = true;
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e9", "2026-01-01T00:00:00Z"), R"({"id":"e1","license":7})"}));
  CHECK(*shutterstock.still_listed(held(), {}));
  CHECK(target(0) == "/v2/images/licenses?image_id=11&per_page=200&page=1&team_history=true");
  transport.push(200, list_body({license_row("e9", "2026-01-01T00:00:00Z")}));
  transport.push(200, list_body({}));
  CHECK_FALSE(*shutterstock.still_listed(held(), {}));
  transport.push(200, list_body({R"({"id":null})"}));
  CHECK_FALSE(shutterstock.still_listed(held(), {}).ok());
  transport.push(200, R"({"data":[],"errors":[{"message":"x"}]})");
  CHECK_FALSE(shutterstock.still_listed(held(), {}).ok());
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "subscriptions: expired plans are listed without a quota, unreadable ones left out") {
  auto shutterstock = provider();
  transport.push(
      200, list_body({R"({"id":"s1","license":"standard","allotment":{"downloads_left":317,"downloads_limit":350}})",
                      R"({"id":"s2","expiration_time":"2017-02-05T23:29:10-05:00"})",
                      R"({"id":"s3","allotment":{"downloads_left":-1}})"}));
  const auto plans = shutterstock.subscriptions({});
  REQUIRE(plans.ok());
  REQUIRE(plans->size() == 2);
  CHECK((*plans)[0].downloads_left == 317);
  CHECK_FALSE((*plans)[1].downloads_left.has_value());
  CHECK(target(0) == "/v2/user/subscriptions");
}
