#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sync/providers/getty/getty_errors.h"
#include "tests/unit/sync/providers/getty/getty_bench.h"

using namespace damsync;
using namespace damsync::getty;

namespace {

const UtcTime kNoon = UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 15)) + std::chrono::hours(12);

struct Case {
  const char* what;
  int status;
  std::string body;
  Headers headers;
  Refusal refusal;
  ErrorCode code;
  Retry retry;
};

}  // namespace

TEST_CASE("T29 getty: a 403 is read before it is believed") {
  const std::vector<Case> cases{
      {"per second, header",
       403,
       "",
       {{"X-Error-Detail", "Account Over Queries Per Second Limit"}},
       Refusal::kPerSecond,
       ErrorCode::kThrottled,
       Retry::kAfterBackoff},
      {"per second, body",
       403,
       R"({"message":"Account Over Queries Per Second Limit"})",
       {},
       Refusal::kPerSecond,
       ErrorCode::kThrottled,
       Retry::kAfterBackoff},
      {"per day",
       403,
       R"({"message":"Account Over Rate Limit"})",
       {{"X-Error-Detail", "Account Over Rate Limit"}},
       Refusal::kDailyLimit,
       ErrorCode::kThrottled,
       Retry::kAt},
      {"inactive key",
       403,
       R"({"message":"Account Inactive"})",
       {},
       Refusal::kKey,
       ErrorCode::kUnauthorized,
       Retry::kNever},
      {"gateway",
       403,
       R"({"message":"Forbidden"})",
       {{"x-amzn-errortype", "ForbiddenException"}},
       Refusal::kNotAllowed,
       ErrorCode::kUnauthorized,
       Retry::kNever},
      {"scope",
       403,
       R"({"ErrorCode":"NoAccessToProductType","ErrorMessage":"No access"})",
       {},
       Refusal::kNotAllowed,
       ErrorCode::kUnauthorized,
       Retry::kNever},
      {"quota, today",
       403,
       R"({"ErrorCode":"OverageLimitReached","ErrorMessage":"Overage limit"})",
       {},
       Refusal::kQuota,
       ErrorCode::kRefusedByPolicy,
       Retry::kNever},
      {"quota, 2014",
       403,
       R"({"message":"No product offering found"})",
       {},
       Refusal::kQuota,
       ErrorCode::kRefusedByPolicy,
       Retry::kNever},
      {"empty body", 403, "", {}, Refusal::kNotAllowed, ErrorCode::kUnauthorized, Retry::kNever},
  };
  for (const auto& row : cases) {
    CAPTURE(row.what);
    const HttpResponse response{row.status, row.headers, row.body, {}};
    CHECK(classify(response) == row.refusal);
    const Error error = refusal_error(response, "GET /v3/x", kNoon);
    CHECK(error.code == row.code);
    CHECK(error.retry == row.retry);
    CHECK(error.http_status == row.status);
  }
}

TEST_CASE("T28 getty: a 429 is patience, whatever its envelope, and Retry-After is honoured within limits") {
  const HttpResponse plain{429, {}, R"({"message":"Too Many Requests"})", {}};
  CHECK(refusal_error(plain, "x", kNoon).retry == Retry::kAfterBackoff);
  const HttpResponse timed{429, {{"Retry-After", "7"}}, "", {}};
  CHECK(refusal_error(timed, "x", kNoon).retry_after == std::chrono::seconds(7));
  const HttpResponse years{429, {{"Retry-After", "315360000"}}, "", {}};
  CHECK(refusal_error(years, "x", kNoon).retry_after == std::chrono::hours(1));
}

TEST_CASE("getty: the daily limit waits until the day is over") {
  const HttpResponse response{403, {}, R"({"message":"Account Over Rate Limit"})", {}};

  const Error error = refusal_error(response, "GET /v3/downloads", kNoon);

  CHECK(error.retry == Retry::kAt);
  CHECK(error.retry_after == std::chrono::hours(12));
}

TEST_CASE("getty: error words are found in every envelope the service ever used") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"ErrorCode":"ImageNotFound","ErrorMessage":"Image id not found: 1"})",
       "ImageNotFound|Image id not found: 1"},
      {R"({"code":"ImageNotFound","message":"Image not found: 1"})", "ImageNotFound|Image not found: 1"},
      {R"({"message":"Account Inactive"})", "|Account Inactive"},
      {R"({"error":"invalid_client","error_description":"unknown"})", "invalid_client|unknown"},
      {"", "|"},
      {"<html>", "|"},
      {"[1]", "|"},
      {R"({"ErrorCode":7,"message":null})", "|"},
  };
  for (const auto& [body, expected] : cases) {
    CAPTURE(body);
    const auto words = words_of(HttpResponse{400, {}, body, {}});
    CHECK(words.code + "|" + words.text == expected);
  }
}

TEST_CASE("getty: statuses without words have their usual meaning") {
  CHECK(classify({401, {{"WWW-Authenticate", "Bearer realm=\"Download\""}}, "", {}}) == Refusal::kToken);
  CHECK(classify({401, {}, R"({"ErrorCode":"AuthorizationTokenRequired"})", {}}) == Refusal::kToken);
  CHECK(classify({401, {}, R"({"message":"Unauthorized"})", {}}) == Refusal::kKey);
  CHECK(classify({404, {}, "", {}}) == Refusal::kNotFound);
  CHECK(classify({400, {}, R"({"ErrorCode":"InvalidPage","ErrorMessage":"page must be less"})", {}}) ==
        Refusal::kPastEnd);
  CHECK(classify({400, {}, R"({"message":"page must be less than or equal to 7, results count 698"})", {}}) ==
        Refusal::kPastEnd);
  CHECK(classify({400, {}, R"({"ErrorCode":"InvalidPageSize","ErrorMessage":"x"})", {}}) == Refusal::kBadRequest);
  CHECK(classify({500, {}, R"({"ErrorCode":"SystemError"})", {}}) == Refusal::kTrouble);
  CHECK(classify({500, {}, R"({"ErrorCode":"InvalidIStockCollection"})", {}}) == Refusal::kBadCollection);
  CHECK(classify({206, {}, "", {}}) == Refusal::kNoAnswer);
}

TEST_CASE("T25 T26 getty: a page or nothing at all where JSON is due is a broken answer") {
  const auto page = read_answer({200, {}, "<html><title>Log in</title>", {}}, "GET /v3/x", kNoon);
  REQUIRE_FALSE(page.ok());
  CHECK(page.error().code == ErrorCode::kProtocol);
  CHECK(page.error().retry == Retry::kAfterBackoff);
  CHECK(page.error().message.find("Log in") != std::string::npos);
  const auto empty = read_answer({200, {}, "", {}}, "GET /v3/x", kNoon);
  REQUIRE_FALSE(empty.ok());
  CHECK(empty.error().message.find("empty") != std::string::npos);
}

TEST_CASE("T29 getty: a 403 about the rate is waited out and the call made again") {
  GettyBench bench;
  bench.transport.push(403, R"({"message":"Account Over Queries Per Second Limit"})");
  bench.transport.push(403, "", {{"X-Error-Detail", "Account Over Queries Per Second Limit"}});
  bench.transport.push(200, R"({"products":[]})");

  const auto products = bench.make().products({});

  CHECK(products.ok());
  CHECK(bench.clock.waits() == std::vector<Millis>{Millis(1000), Millis(2000)});
}

TEST_CASE("T29 getty: a rate limit that never ends is handed to the caller") {
  GettyBench bench;
  bench.transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{403, {{"X-Error-Detail", "Account Over Queries Per Second Limit"}}, "", request.url};
  });

  const auto products = bench.make().products({});

  REQUIRE_FALSE(products.ok());
  CHECK(products.error().code == ErrorCode::kThrottled);
  CHECK(bench.transport.requests().size() == 6);
}

TEST_CASE("getty: every call carries the key among the credentials and the language among the headers") {
  GettyBench bench;
  bench.answer_nothing();

  (void)bench.make().poll(downloads_from(""), {});

  for (const auto& request : bench.transport.requests()) {
    CHECK(*request.credentials.find("Api-Key") == "key-7f3a");
    CHECK(request.headers.find("Api-Key") == nullptr);
    CHECK(*request.headers.find("Accept-Language") == "de");
    CHECK(request.url.text().find("key-7f3a") == std::string::npos);
    CHECK(request.effect == Effect::kSafe);
  }
}
