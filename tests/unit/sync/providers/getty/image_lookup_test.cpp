#include "sync/providers/getty/image_lookup.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <sstream>

#include "tests/unit/sync/providers/getty/getty_bench.h"

using namespace damsync;

namespace {

std::vector<std::string> asked_ids(const HttpRequest& request) {
  bool well_formed = true;
  const std::string target = request.url.target();
  for (const auto& [name, value] : parse_form(target.substr(target.find('?') + 1), well_formed)) {
    if (name != "ids") continue;
    std::vector<std::string> out;
    std::istringstream list(value);
    for (std::string id; std::getline(list, id, ',');) out.push_back(id);
    return out;
  }
  return {};
}

std::string envelope(const std::vector<std::string>& found, const std::vector<std::string>& missing) {
  Json images = Json::array();
  for (const auto& id : found) images.push(Json::object({{"id", id}, {"title", "T" + id}}));
  Json body = Json::object({{"images", std::move(images)}});
  Json not_found = Json::array();
  for (const auto& id : missing) not_found.push(id);
  if (!missing.empty()) body.set("images_not_found", std::move(not_found));
  return write_json(body);
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> out;
  for (int i = 1; i <= count; ++i) out.push_back(std::to_string(i));
  return out;
}

HttpResponse answer(const HttpRequest& request, int status, std::string body) {
  return HttpResponse{status, {}, std::move(body), request.url};
}

}  // namespace

TEST_CASE("getty describe: batches of 100 with every field by name") {
  GettyBench bench;
  bench.transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return answer(request, 200, envelope(asked_ids(request), {}));
  });

  const auto out = bench.make().describe(numbers(150), {});

  REQUIRE(out.ok());
  CHECK(out->assets.size() == 150);
  REQUIRE(bench.transport.requests().size() == 2);
  CHECK(asked_ids(bench.transport.requests()[0]).size() == 100);
  const std::string fields = *bench.asked(0).param("fields");
  for (const char* field : {"allowed_use", "keywords", "people", "date_camera_shot", "alternative_ids", "title"})
    CHECK(fields.find(field) != std::string::npos);
  for (const char* field : {"_set", "downloads,", "display", "quality_rank", "referral"})
    CHECK(fields.find(field) == std::string::npos);
}

TEST_CASE("getty describe: ids the service calls unknown are absent") {
  GettyBench bench;
  bench.transport.push(200, envelope({"1"}, {"2"}));
  const auto out = bench.make().describe(std::vector<std::string>{"1", "2"}, {});
  REQUIRE(out.ok());
  CHECK(out->assets.size() == 1);
  CHECK(out->absent == std::vector<std::string>{"2"});
}

TEST_CASE("getty describe: ids an answer passes over in silence are asked for again before they are absent") {
  GettyBench bench;
  bench.transport.push(200, envelope({"1"}, {}));
  bench.transport.push(200, envelope({"2"}, {}));
  const auto out = bench.make().describe(std::vector<std::string>{"1", "2"}, {});
  REQUIRE(out.ok());
  CHECK(out->assets.size() == 2);
  CHECK(out->absent.empty());
}

TEST_CASE("getty describe: a batch of nothing but missing ids is absent, said by 404 or by an empty list") {
  for (const bool by_status : {true, false}) {
    GettyBench bench;
    bench.transport.fallback([&](const HttpRequest& request) -> Result<HttpResponse> {
      if (by_status) return answer(request, 404, R"({"ErrorCode":"ImageNotFound","ErrorMessage":"x"})");
      return answer(request, 200, R"({"images":[]})");
    });
    const auto out = bench.make().describe(numbers(4), {});
    REQUIRE(out.ok());
    CHECK(out->absent == numbers(4));
  }
}

TEST_CASE("getty describe: one poisoned id costs a few calls and no other asset") {
  for (const auto& [status, code] :
       std::vector<std::pair<int, std::string>>{{400, "InvalidParameterValue"}, {500, "InvalidIStockCollection"}}) {
    GettyBench bench;
    bench.transport.fallback([&](const HttpRequest& request) -> Result<HttpResponse> {
      const auto ids = asked_ids(request);
      if (std::find(ids.begin(), ids.end(), "13") != ids.end())
        return answer(request, status, R"({"ErrorCode":")" + code + R"(","ErrorMessage":"x"})");
      return answer(request, 200, envelope(ids, {}));
    });
    const auto out = bench.make().describe(numbers(100), {});
    REQUIRE(out.ok());
    CHECK(out->assets.size() == 99);
    REQUIRE(out->rejected.size() == 1);
    CHECK(out->rejected.front().key == "13");
    CHECK(bench.transport.requests().size() <= 15);
  }
}

TEST_CASE("getty describe: trouble of the service is not blamed on an id") {
  GettyBench bench;
  bench.transport.push(500, R"({"ErrorCode":"SystemError"})");
  const auto out = bench.make().describe(numbers(4), {});
  REQUIRE_FALSE(out.ok());
  CHECK(out.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("P1 P2 getty describe: an id without the form of one is never sent") {
  GettyBench bench;
  const auto out = bench.make().describe(std::vector<std::string>{"../1", "1,2", "", "a b"}, {});
  REQUIRE(out.ok());
  CHECK(out->rejected.size() == 4);
  CHECK(bench.transport.requests().empty());
}

TEST_CASE("getty recheck: one asset, bare or in an envelope, missing in any way is not found") {
  const auto recheck = [](int status, std::string body) {
    GettyBench bench;
    bench.transport.push(status, std::move(body));
    return bench.make().recheck("1", "", {});
  };
  const auto bare = recheck(200, R"({"id":"1","title":"T"})");
  REQUIRE(bare.ok());
  CHECK((*bare)->metadata.title == "T");
  CHECK((*bare)->etag.empty());
  CHECK((*recheck(200, envelope({"1"}, {})))->asset_id == "1");
  CHECK(recheck(200, envelope({}, {"1"})).error().code == ErrorCode::kNotFound);
  CHECK(recheck(404, "").error().code == ErrorCode::kNotFound);
  CHECK(recheck(200, R"({"id":"2"})").error().code == ErrorCode::kProtocol);
  CHECK(recheck(200, R"({"id":"1","title":7})").error().code == ErrorCode::kInvalid);
}

TEST_CASE("getty suggestions: up to three others, of the same series first") {
  GettyBench bench;
  bench.transport.push(200, envelope({"1", "5"}, {}));
  bench.transport.push(
      200, R"({"images":[{"id":"5"},{"id":"../6"},{"id":6,"title":"Boats"},{"id":"7","title":7},{"id":"8"}]})");
  const auto found = bench.make().suggestions("1", {});
  REQUIRE(found.ok());
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].asset_id == "5");
  CHECK((*found)[0].why == "same series");
  CHECK((*found)[1] == Suggestion{"6", "Boats", "similar"});
  CHECK((*found)[2] == Suggestion{"7", "", "similar"});
  CHECK(bench.asked(0).path == "/v3/images/1/same-series");
  CHECK(bench.asked(1).path == "/v3/images/1/similar");

  GettyBench gone;
  gone.transport.push(404, "");
  gone.transport.push(404, "");
  CHECK(gone.make().suggestions("1", {})->empty());
}

TEST_CASE("M7 getty refetch: nothing is fetched again, because it would consume quota") {
  GettyBench bench;
  const auto source = bench.make().refetch(License{}, {});
  REQUIRE_FALSE(source.ok());
  CHECK(source.error().code == ErrorCode::kRefusedByPolicy);
  CHECK(source.error().message == "would consume quota");
  CHECK(bench.transport.requests().empty());
  CHECK_FALSE(bench.make().capabilities().free_refetch);
}

TEST_CASE("Q6 getty products: an unreadable product is left out") {
  GettyBench bench;
  bench.transport.push(
      200, R"({"products":[{"id":1,"status":"active","downloads_remaining":5},{"id":2,"downloads_remaining":-3}]})");
  const auto products = bench.make().products({});
  REQUIRE(products.ok());
  REQUIRE(products->size() == 1);
  CHECK(products->front().downloads_remaining == 5);
}

TEST_CASE("getty plans: a product that is not active is no plan") {
  GettyBench bench;
  bench.transport.push(200, R"({"products":[{"id":1,"status":"active","downloads_remaining":5,"download_limit":50},
      {"id":2,"status":"inactive","downloads_remaining":0,"download_limit":50}]})");
  const auto plans = bench.make().plans({});
  REQUIRE(plans.ok());
  REQUIRE(plans->size() == 1);
  CHECK(plans->front().plan_id == "1");
}
