#include <doctest/doctest.h>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

UtcTime at(const char* text) { return parse_rfc3339(text).value(); }

/// A newsroom at noon of a day in March 2026.
struct Newsroom {
  ShutterstockSim sim{{.start = at("2026-03-15T12:00:00Z")}};
  Newsroom() {
    sim.edit([&](ShutterstockState& state) { load_demo(state, at("2026-03-15T12:00:00Z")); });
  }
};

}  // namespace

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: a request without User-Agent is refused") {
  SimRequest request = sim_request("GET", "/v2/images/categories");
  std::erase_if(request.headers, [](const auto& header) { return header.first == "User-Agent"; });

  CHECK(sim.handle(request).status == 400);
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: wrong credentials get 401 and the documented message") {
  for (const char* authorization : {"", "Bearer wrong", "Basic d3Jvbmc6d3Jvbmc=", "Digest x"}) {
    CAPTURE(authorization);
    const auto response = sim.handle(sim_request("GET", "/v2/images/categories", authorization));
    CHECK(response.status == 401);
    CHECK(response.body == R"({"message":"Invalid access token"})");
    CHECK(header_of(response, "WWW-Authenticate").empty());
  }
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: an expired token gets 401") {
  sim.edit([&](ShutterstockState& state) { state.tokens["short"] = {"anna", {}, at("2026-03-15T13:00:00Z")}; });
  const auto ask = [&] { return sim.handle(sim_request("GET", "/v2/images/categories", "Bearer short")).status; };

  CHECK(ask() == 200);
  sim.advance(std::chrono::hours(1));
  CHECK(ask() == 401);
}

TEST_CASE_FIXTURE(Newsroom,
                  "shutterstock simulator: a missing scope gets 403, Basic is enough for the catalogue only") {
  sim.edit([&](ShutterstockState& state) { state.tokens["poor"] = {"anna", {"purchases.view"}, std::nullopt}; });
  const std::string basic = "Basic " + base64("sandbox-client:sandbox-secret");
  const auto ask = [&](const char* target, const std::string& who) {
    return sim.handle(sim_request("GET", target, who)).status;
  };

  CHECK(ask("/v2/images/licenses", "Bearer poor") == 403);
  CHECK(ask("/v2/user/subscriptions", "Bearer poor") == 200);
  CHECK(ask("/v2/images/licenses", basic) == 403);
  CHECK(ask("/v2/images/updated", basic) == 200);
  CHECK(ask("/v2/images?id=108036", basic) == 200);
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: invalid parameters get 400 and name their place") {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"/v2/images/licenses?per_page=201", "$.query.per_page"},
      {"/v2/images/licenses?per_page=-1", "$.query.per_page"},
      {"/v2/images/licenses?page=0", "$.query.page"},
      {"/v2/images/licenses?page=x", "$.query.page"},
      {"/v2/images/licenses?sort=oldes", "$.query.sort"},
      {"/v2/images/licenses?image_id=12a", "$.query.image_id"},
      {"/v2/images/licenses?start_date=yesterday", "$.query.start_date"},
      {"/v2/images/licenses?start_date=2026-01-02T00:00:00Z&end_date=2026-01-01T00:00:00Z", "$.query.start_date"},
      {"/v2/images/licenses?team_history=yes", "$.query.team_history"},
      {"/v2/images/licenses?download_availability=some", "$.query.download_availability"},
      {"/v2/images/updated?per_page=2001", "$.query.per_page"},
      {"/v2/images/updated?per_page=0", "$.query.per_page"},
      {"/v2/images/updated?page=0", "$.query.page"},
      {"/v2/images/updated?sort=random", "$.query.sort"},
      {"/v2/images/updated?type=change", "$.query.type"},
      {"/v2/images/updated?start_date=2026-03-01T00:00:00Z", "$.query.start_date"},
      {"/v2/images/updated?end_date=2026-02-30", "$.query.end_date"},
      {"/v2/images/updated?start_date=2026-03-01&end_date=2026-03-05", "$.query.end_date"},
      {"/v2/images/updated?start_date=2026-03-03&end_date=2026-03-01", "$.query.start_date"},
      {"/v2/images/updated?interval=1%20DAY&start_date=2026-03-01", "$.query.interval"},
      {"/v2/images/updated?interval=1%20FORTNIGHT", "$.query.interval"},
      {"/v2/images/updated?interval=4%20DAY", "$.query.interval"},
      {"/v2/images", "$.query.id"},
      {"/v2/images?id=123,%20456", "$.query.id"},
      {"/v2/images?id=0123", "$.query.id"},
      {"/v2/images?id=108036&view=all", "$.query.view"},
      {"/v2/images/12x", "$.params.id"},
      {"/v2/images/collections?per_page=151", "$.query.per_page"},
      {"/v2/images/collections?sort=oldest", "$.query.sort"},
      {"/v2/images/collections?embed=items", "$.query.embed"},
      {"/v2/images/collections/x1", "$.params.id"},
      {"/v2/images/collections/1/items?page=0", "$.query.page"},
      {"/v2/images/collections/featured/1/items?per_page=0", "$.query.per_page"},
  };
  for (const auto& [target, path] : cases) {
    CAPTURE(target);
    const auto response = sim_get(sim, target);
    CHECK(response.status == 400);
    const Json body = body_json(response);
    CHECK(*body.find("message")->if_string() == "Validation failed");
    CHECK(*body.find("errors")->if_array()->front().find("path")->if_string() == path);
  }
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: valid edge values are taken and unknown parameters ignored") {
  for (const char* target : {"/v2/images/licenses?per_page=0", "/v2/images/licenses?per_page=200&nonsense=1",
                             "/v2/images/updated?per_page=2000&limit=x", "/v2/images/updated?interval=3%20DAY",
                             "/v2/images/updated?start_date=2026-03-01&end_date=2026-03-04", "/v2/images?id=1"}) {
    CAPTURE(target);
    CHECK(sim_get(sim, target).status == 200);
  }
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: unknown routes and malformed URLs get their own errors") {
  CHECK(sim_get(sim, "/v2/nothing").body == R"({"message":"Not Found","code":"INTERNAL"})");
  CHECK(sim_get(sim, "/v2/images/999999999").body == R"({"message":"Not Found"})");
  const auto malformed = sim_get(sim, "/v2/images?id=%zz");
  CHECK(malformed.status == 400);
  CHECK(header_of(malformed, "Content-Type") == "text/html");
}

TEST_CASE_FIXTURE(Newsroom,
                  "shutterstock simulator: answers carry the odd content type, an unquoted Etag and the virtual date") {
  const auto response = sim_get(sim, "/v2/images/categories");
  const std::string etag = header_of(response, "Etag");
  SimRequest again = sim_request("GET", "/v2/images/categories");
  again.headers.emplace_back("If-None-Match", etag);

  CHECK(header_of(response, "Content-Type") == "application/json; charset=utf8");
  CHECK(etag.size() == 32);
  CHECK(etag.find('"') == std::string::npos);
  CHECK(header_of(response, "Date") == "Sun, 15 Mar 2026 12:00:00 GMT");
  CHECK(sim.handle(again).status == 304);
  sim.advance(std::chrono::hours(24));
  CHECK(header_of(sim.handle(again), "Date") == "Mon, 16 Mar 2026 12:00:00 GMT");
}

TEST_CASE_FIXTURE(Newsroom,
                  "shutterstock simulator: lists omit unknown and withdrawn images and are short unless asked") {
  const auto ids = sim.edit([](ShutterstockState& state) { return state.image_ids(); });
  sim.edit([&](ShutterstockState& state) { state.withdraw(ids[1], at("2026-03-15T11:00:00Z")); });
  const std::string query = "/v2/images?id=" + ids[0] + "&id=77&id=" + ids[1] + "&id=" + ids[2];

  const auto shorter = sim_get(sim, query);
  const auto full = sim_get(sim, query + "&view=full");

  CHECK(column(shorter, "id") == std::vector<std::string>{ids[0], ids[2]});
  CHECK(body_json(shorter).find("data")->if_array()->front().find("keywords") == nullptr);
  const Json row = body_json(full).find("data")->if_array()->front();
  CHECK(row.find("keywords") != nullptr);
  CHECK(row.find("assets")->find("huge_jpg")->find("width")->as_int64() == 600);
  CHECK(sim_get(sim, "/v2/images/" + ids[1]).status == 404);
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: buying is refused and counted as an alarm") {
  sim.edit([](ShutterstockState& state) { state.tokens["rich"] = {"anna", {"licenses.create"}, std::nullopt}; });
  SimRequest request = sim_post("/v2/images/licenses", R"({"images":[{"image_id":"1"}]})");
  const int without_scope = sim.handle(request).status;
  SimRequest rich = sim_request("POST", "/v2/images/licenses", "Bearer rich");
  const int with_scope = sim.handle(rich).status;

  CHECK(without_scope == 403);
  CHECK(with_scope == 403);
  CHECK(sim.books().purchases == 2);
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: a refresh token is good for one use and brings the next") {
  const auto exchange = [&](const std::string& refresh) {
    return sim.handle(sim_post("/v2/oauth/access_token",
                               "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=refresh_token"
                               "&refresh_token=" +
                                   refresh,
                               "application/x-www-form-urlencoded"));
  };
  const auto first = exchange("v2/refresh-unknown");
  const auto second = exchange("v2/sandbox-refresh-token");
  const auto third = exchange("v2/sandbox-refresh-token");

  CHECK(first.status == 400);
  REQUIRE(second.status == 200);
  CHECK(third.status == 400);
  const Json tokens = body_json(second);
  const std::string token = *tokens.find("access_token")->if_string();
  const auto ask = [&] { return sim.handle(sim_request("GET", "/v2/images/licenses", "Bearer " + token)).status; };
  CHECK(ask() == 200);
  sim.advance(std::chrono::hours(1));
  CHECK(ask() == 401);
  CHECK(exchange(*tokens.find("refresh_token")->if_string()).status == 200);
}

TEST_CASE_FIXTURE(Newsroom, "shutterstock simulator: the authorize page hands back a code that buys one token") {
  const auto page =
      sim.handle(sim_request("GET",
                             "/v2/oauth/authorize?client_id=sandbox-client&response_type=code&redirect_uri=http://"
                             "127.0.0.1:9/back&state=s%201",
                             ""));
  REQUIRE(page.status == 302);
  const std::string back = header_of(page, "Location");
  CHECK(back.ends_with("&state=s%201"));
  const std::string code = back.substr(back.find("code=") + 5, back.find('&') - back.find("code=") - 5);
  const std::string form = "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=authorization_code&code=";

  const auto token = sim.handle(sim_post("/v2/oauth/access_token", form + code, "application/x-www-form-urlencoded"));

  REQUIRE(token.status == 200);
  CHECK(body_json(token).find("expires_in") == nullptr);
}

TEST_CASE_FIXTURE(
    Newsroom, "shutterstock simulator: a code grants what was asked for, once, to the application it was made for") {
  sim.edit([](ShutterstockState& state) { state.clients["other"] = {"other-secret"}; });
  const std::string page =
      "/v2/oauth/authorize?client_id=sandbox-client&response_type=code&redirect_uri=http://localhost/";
  const auto code_for = [&](const std::string& scope) {
    const std::string back = header_of(sim.handle(sim_request("GET", page + "&scope=" + scope, "")), "Location");
    return back.substr(back.find("code=") + 5, back.find('&') - back.find("code=") - 5);
  };
  const auto redeem = [&](const std::string& client, const std::string& code, const std::string& more = "") {
    return sim.handle(sim_post("/v2/oauth/access_token",
                               "client_id=" + client + "&client_secret=" + (client == "other" ? "other" : "sandbox") +
                                   "-secret&grant_type=authorization_code&code=" + code + more,
                               "application/x-www-form-urlencoded"));
  };
  CHECK(sim.handle(sim_request("GET", page + "&scope=all", "")).status == 400);
  CHECK(sim.handle(sim_request("GET", page + "&realm=everybody", "")).status == 400);

  const std::string code = code_for("licenses.view%20licenses.create");
  CHECK(redeem("other", code).status == 400);
  CHECK(redeem("sandbox-client", code, "&expires=perhaps").status == 400);
  const auto token = redeem("sandbox-client", code, "&expires=true");
  REQUIRE(token.status == 200);
  CHECK(redeem("sandbox-client", code).status == 400);

  const std::string bearer = "Bearer " + *body_json(token).find("access_token")->if_string();
  CHECK(sim.handle(sim_request("GET", "/v2/images/licenses", bearer)).status == 200);
  CHECK(sim.handle(sim_request("GET", "/v2/user/subscriptions", bearer)).status == 403);
  CHECK(body_json(sim.handle(sim_request("GET", "/v2/user/access_token", bearer))).find("scopes")->if_array()->size() ==
        1);  // the person has no licenses.create to give
}

}  // namespace damsync
