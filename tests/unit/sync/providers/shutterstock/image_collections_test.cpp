#include "sync/providers/shutterstock/image_collections.h"

#include <doctest/doctest.h>

#include <map>

#include "tests/unit/sync/providers/shutterstock/shutterstock_bench.h"

namespace damsync::shutterstock {
namespace {

struct CollectionsBench : ShutterstockBench {
  CollectionsBench() {
    transport.fallback([this](const HttpRequest& request) -> Result<HttpResponse> {
      const std::string target = request.url.target();
      const auto found = answers.find(target);
      const auto body = found == answers.end() ? default_body(target) : found->second;
      return HttpResponse{body == "404" ? 404 : 200, {{"Content-Type", "application/json"}}, body, request.url};
    });
  }

  static std::string default_body(const std::string& target) {
    return target.find("page=") != std::string::npos ? list_body({}) : "404";
  }

  void page(const std::string& path, int number, const std::vector<std::string>& rows) {
    answers["/v2/images/collections" + path + "?page=" + std::to_string(number) + "&per_page=150"] = list_body(rows);
  }

  ShutterstockApi api{settings.base_url, transport, clock};
  ImageCollections source{api, {"77", "78"}};
  std::map<std::string, std::string> answers;
};

std::string row(const std::string& id, const std::string& more = "") {
  return R"({"id":")" + id + R"(","name":"N)" + id + R"(","total_item_count":2)" + more + "}";
}

std::string item(const std::string& id) { return R"({"id":")" + id + R"(","media_type":"image"})"; }

}  // namespace

TEST_CASE_FIXTURE(CollectionsBench,
                  "collections: every page is read, featured ones are asked for by id, gone ones left out") {
  page("", 1,
       {row("3"),
        row("2", R"(,"items_updated_time":"2026-03-01T00:00:00-05:00","updated_time":"2026-02-01T00:00:00Z")")});
  page("", 2, {row("1")});
  answers["/v2/images/collections/featured/77"] = row("77");
  const auto all = source.collections({});
  REQUIRE(all);
  std::string ids;
  for (const auto& one : *all) ids += one.collection_id + " ";
  CHECK(ids == "1 2 3 77 ");
  CHECK((*all)[1].name == "N2");
  CHECK((*all)[1].items == 2);
  CHECK((*all)[1].updated_at == parse_rfc3339("2026-03-01T05:00:00Z").value());
  CHECK_FALSE((*all)[0].updated_at);
}

TEST_CASE_FIXTURE(CollectionsBench,
                  "F2 collections: items that move between pages and repeat count once, foreign ones not at all") {
  page("/5/items", 1, {item("13"), item("999"), item("11")});
  page("/5/items", 2, {item("11"), item("12")});
  page("/77/items", 1, {});
  page("/featured/77/items", 1, {item("12")});
  CHECK(source.items({"5", "", 0, {}}, known, {}).value() == std::vector<std::string>{"11", "12", "13"});
  CHECK(source.items({"77", "", 0, {}}, known, {}).value() == std::vector<std::string>{"12"});
}

TEST_CASE_FIXTURE(CollectionsBench, "F4 collections: a page that comes again and again is the end, not a trap") {
  for (int number = 1; number <= 3; ++number) page("/5/items", number, {item("11")});
  CHECK(source.items({"5", "", 0, {}}, known, {}).value() == std::vector<std::string>{"11"});
  CHECK(transport.requests().size() == 2);
}

TEST_CASE_FIXTURE(CollectionsBench, "J4 P1 collections: hostile rows give no item, and no path") {
  page("/5/items", 1, {R"({"id":"../11"})", R"({"id":null})", "{}", "[]", "7", R"({"id":11})", R"({"id":["12"]})"});
  CHECK(source.items({"5", "", 0, {}}, known, {}).value() == std::vector<std::string>{"11"});
  for (const std::string bad : {R"({"id":"../../etc","name":"x"})", R"({"name":"x"})", R"({"id":"1","name":7})",
                                R"({"id":"1","total_item_count":-1})", R"({"id":"1","items_updated_time":"soon"})"}) {
    CAPTURE(bad);
    page("", 1, {bad});
    CHECK(source.collections({}).error().code == ErrorCode::kProtocol);
  }
}

TEST_CASE_FIXTURE(CollectionsBench, "T29 collections: a missing scope is named") {
  transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{
        403, {{"Content-Type", "application/json"}}, R"({"message":"You do not have access"})", request.url};
  });
  const auto refused = source.collections({});
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
  CHECK(refused.error().message.find("collections.view") != std::string::npos);
}

}  // namespace damsync::shutterstock
