#include <doctest/doctest.h>

#include "tests/unit/sync/providers/shutterstock/shutterstock_bench.h"

using namespace damsync;
using namespace damsync::shutterstock;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Headers dated(const std::string& date) { return {{"Content-Type", "application/json"}, {"Date", date}}; }

}  // namespace

TEST_CASE_FIXTURE(ShutterstockBench, "licenses: the first run lists everything, oldest first, until an empty page") {
  auto shutterstock = provider();
  transport.push(200,
                 list_body({license_row("e1", "2026-01-01T00:00:00Z"), license_row("e2", "2026-01-02T00:00:00Z")}));
  transport.push(200, list_body({}));
  const auto pages = poll_all(shutterstock, "licenses");
  REQUIRE(pages.size() == 2);
  CHECK(pages[0].licenses.size() == 2);
  CHECK_FALSE(pages[0].last);
  CHECK(pages[1].last);
  CHECK_FALSE(pages[1].complete_listing);
  CHECK(target(0) == "/v2/images/licenses?sort=oldest&per_page=200&page=1");
  CHECK(target(1) == "/v2/images/licenses?sort=oldest&per_page=200&page=2");
}

TEST_CASE_FIXTURE(ShutterstockBench, "licenses: a poll starts 48 hours before the newest license") {
  settings.team_history = true;
  settings.license_filter = "-standard";
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e1", "2026-03-10T12:00:00Z")}));
  transport.push(200, list_body({}));
  const auto cursor = poll_all(shutterstock, "licenses").back().next;
  transport.push(200, list_body({}));
  poll_all(shutterstock, "licenses", cursor);
  CHECK(target(2) ==
        "/v2/images/licenses?start_date=2026-03-08T12%3A00%3A00Z&sort=oldest&per_page=200&page=1&team_history=true&"
        "license=-standard");
}

TEST_CASE_FIXTURE(ShutterstockBench, "F3 licenses: a service that caps the page size does not end the scan early") {
  auto shutterstock = provider();
  for (int read = 0; read < 2; ++read) {
    for (int page = 0; page < 3; ++page) {
      std::vector<std::string> rows;
      for (int row = 0; row < 25; ++row)
        rows.push_back(license_row(fmt::format("e{}x{}", page, row), "2026-01-01T00:00:00Z"));
      transport.push(200, list_body(rows, R"(,"total_count":25)"));
    }
    transport.push(200, list_body({}));
  }
  std::size_t seen = 0;
  const auto pages = poll_all(shutterstock, "licenses");
  for (const auto& page : pages) seen += page.licenses.size();
  CHECK(pages.back().last);
  CHECK(seen == 150);
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "licenses: rows older than asked for turn the scan around, and the cursor remembers") {
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e9", "2026-03-10T12:00:00Z")}));
  transport.push(200, list_body({}));
  auto cursor = poll_all(shutterstock, "licenses").back().next;
  transport.push(200,
                 list_body({license_row("e1", "2020-01-01T00:00:00Z"), license_row("e9", "2026-03-10T12:00:00Z")}));
  transport.push(200,
                 list_body({license_row("e10", "2026-03-12T00:00:00Z"), license_row("e9", "2026-03-10T12:00:00Z")}));
  transport.push(200,
                 list_body({license_row("e2", "2020-01-02T00:00:00Z"), license_row("e1", "2020-01-01T00:00:00Z")}));
  // Not one page: read once more.
  transport.push(200,
                 list_body({license_row("e10", "2026-03-12T00:00:00Z"), license_row("e9", "2026-03-10T12:00:00Z")}));
  transport.push(200,
                 list_body({license_row("e2", "2020-01-02T00:00:00Z"), license_row("e1", "2020-01-01T00:00:00Z")}));
  const auto pages = poll_all(shutterstock, "licenses", cursor);
  REQUIRE(pages.back().last);
  CHECK(has(target(3), "sort=newest&per_page=200&page=1"));
  CHECK(has(target(4), "sort=newest&per_page=200&page=2"));
  CHECK(transport.requests().size() == 7);
  transport.push(200, list_body({}));
  poll_all(shutterstock, "licenses", pages.back().next);
  CHECK(has(target(7), "sort=newest"));
  CHECK(has(target(7), "start_date=2026-03-10T00"));
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "licenses: a full listing is complete when it is stable and agrees with the count") {
  settings.since = std::chrono::sys_days(std::chrono::year(2019) / 1 / 1);
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e1", "2026-01-01T00:00:00Z")}, R"(,"total_count":2)"));
  transport.push(200, list_body({}, R"(,"total_count":2)"));  // one is missing: doubt
  transport.push(200,
                 list_body({license_row("e1", "2026-01-01T00:00:00Z"), license_row("e2", "2026-01-01T00:00:00Z")}));
  transport.push(200, list_body({}, R"(,"total_count":2)"));
  const auto pages = poll_all(shutterstock, "licenses", {}, true);
  REQUIRE(pages.size() == 4);
  CHECK_FALSE(pages[1].last);
  CHECK(pages[3].last);
  CHECK(pages[3].complete_listing);
  CHECK(pages[3].scan_from == UtcTime(*settings.since));
  CHECK(has(target(0), "start_date=2019-01-01T00%3A00%3A00Z"));
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "licenses: a full listing that never agrees with the count is not called complete") {
  auto shutterstock = provider();
  transport.fallback([&](const HttpRequest& request) -> Result<HttpResponse> {
    const bool first = has(request.url.target(), "page=1");
    return HttpResponse{
        200,
        {},
        list_body(first ? std::vector{license_row("e1", "2026-01-01T00:00:00Z")} : std::vector<std::string>{},
                  R"(,"total_count":7)"),
        request.url};
  });
  const auto pages = poll_all(shutterstock, "licenses", {}, true);
  CHECK(pages.back().last);
  CHECK_FALSE(pages.back().complete_listing);
  CHECK(has(pages.back().doubt, "counts 7 licenses"));
}

TEST_CASE_FIXTURE(ShutterstockBench, "F6 licenses: a row from the year 2036 does not carry the cursor away") {
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e1", "2036-01-01T00:00:00Z")}));
  transport.push(200, list_body({}));
  const auto cursor = poll_all(shutterstock, "licenses").back().next;
  transport.push(200, list_body({}));
  poll_all(shutterstock, "licenses", cursor);
  CHECK(has(target(2), "start_date=2026-03-13T00%3A10%3A00Z"));
}

TEST_CASE_FIXTURE(ShutterstockBench, "licenses: a failed page leaves the cursor where it was") {
  auto shutterstock = provider();
  transport.push(200, list_body({license_row("e1", "2026-01-01T00:00:00Z")}));
  const auto first = shutterstock.poll({"licenses", {}, &known}, {});
  REQUIRE(first.ok());
  transport.push(503, "");
  REQUIRE_FALSE(shutterstock.poll({"licenses", first->next, &known}, {}).ok());
  transport.push(200, list_body({}));
  const auto again = shutterstock.poll({"licenses", first->next, &known}, {});
  REQUIRE(again.ok());
  CHECK(again->last);
  CHECK(target(1) == target(2));
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "J4 licenses: a bad row is rejected, the page goes on, a page of nothing else stops") {
  auto shutterstock = provider();
  transport.push(200, list_body({R"({"id":7.5})", license_row("e1", "2026-01-01T00:00:00Z")}));
  const auto page = shutterstock.poll({"licenses", {}, &known}, {});
  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 1);
  REQUIRE(page->rejected.size() == 1);
  CHECK(page->rejected[0].what == "license");
  transport.push(200, list_body({"{}", "{}", "1", "null", "[]"}));
  const auto nothing = shutterstock.poll({"licenses", {}, &known}, {});
  REQUIRE_FALSE(nothing.ok());
  CHECK(nothing.error().code == ErrorCode::kProtocol);
  CHECK(nothing.error().retry == Retry::kNever);
}

TEST_CASE_FIXTURE(ShutterstockBench, "J11 lists: errors at status 200 are an error, not an empty list") {
  auto shutterstock = provider();
  for (const char* stream : {"licenses", "updates"}) {
    transport.push(200, R"({"data":[],"errors":[{"message":"Search is down","data":"shard 3"}]})");
    const auto page = shutterstock.poll({stream, {}, &known}, {});
    REQUIRE_FALSE(page.ok());
    CHECK(page.error().code == ErrorCode::kProtocol);
    CHECK(page.error().retry == Retry::kAfterBackoff);
    CHECK(has(page.error().message, "Search is down; shard 3"));
  }
  transport.push(200, R"({"data":[],"errors":[]})");
  CHECK(shutterstock.poll({"licenses", {}, &known}, {}).ok());
}

TEST_CASE_FIXTURE(ShutterstockBench, "T25 T26 T27 T28 T29 lists: what is no answer is classified where it is born") {
  struct Row {
    const char* name;
    int status;
    std::string body;
    ErrorCode code;
    Retry retry;
    const char* words;
  };
  const std::vector<Row> rows{
      {"T25 a login page", 200, "<html><title>Hotel WiFi</title></html>", ErrorCode::kProtocol, Retry::kAfterBackoff,
       "Hotel WiFi"},
      {"T26 an empty body", 200, "", ErrorCode::kProtocol, Retry::kAfterBackoff, "empty"},
      {"no object", 200, "[]", ErrorCode::kProtocol, Retry::kAfterBackoff, "object"},
      {"no data", 200, "{}", ErrorCode::kProtocol, Retry::kAfterBackoff, "data"},
      {"T27", 500, "", ErrorCode::kUnavailable, Retry::kAfterBackoff, "500"},
      {"T27", 503, "<html/>", ErrorCode::kUnavailable, Retry::kAfterBackoff, "503"},
      {"T28", 429, R"({"message":"slow down"})", ErrorCode::kThrottled, Retry::kAfterBackoff, "slow down"},
      {"T29 rate", 403, R"({"message":"Account Over Queries Per Second Limit"})", ErrorCode::kThrottled,
       Retry::kAfterBackoff, "Per Second"},
      {"T29 scope", 403, R"({"message":"You do not have access to this route."})", ErrorCode::kUnauthorized,
       Retry::kNever, "route"},
      {"token", 401, R"({"message":"Invalid access token"})", ErrorCode::kUnauthorized, Retry::kNever,
       "Invalid access token"},
      {"bad request", 400,
       R"({"message":"Validation failed","errors":[{"message":"No enum match: tiff","data":"tiff"}]})",
       ErrorCode::kInvalid, Retry::kNever, "No enum match: tiff; tiff"},
      {"unasked", 204, "", ErrorCode::kProtocol, Retry::kAfterBackoff, "204"}};
  auto shutterstock = provider();
  for (const auto& row : rows) {
    INFO(row.name);
    transport.push(row.status, row.body);
    const auto page = shutterstock.poll({"licenses", {}, &known}, {});
    REQUIRE_FALSE(page.ok());
    CHECK(page.error().code == row.code);
    CHECK(page.error().retry == row.retry);
    CHECK(has(page.error().message, row.words));
  }
}

TEST_CASE_FIXTURE(ShutterstockBench, "T27 lists: Retry-After is honoured between one second and one hour") {
  auto shutterstock = provider();
  const std::vector<std::pair<std::string, Millis>> rows{{"30", std::chrono::seconds(30)},
                                                         {"0", std::chrono::seconds(1)},
                                                         {"315360000", std::chrono::hours(1)},
                                                         {"Sun, 15 Mar 2026 00:02:00 GMT", std::chrono::minutes(2)}};
  for (const auto& [text, wait] : rows) {
    transport.push(503, "", {{"Retry-After", text}});
    const auto page = shutterstock.poll({"licenses", {}, &known}, {});
    CHECK(page.error().retry == Retry::kAt);
    CHECK(page.error().retry_after == wait);
  }
  transport.push(503, "", {{"Retry-After", "soon"}});
  CHECK(shutterstock.poll({"licenses", {}, &known}, {}).error().retry == Retry::kAfterBackoff);
}

TEST_CASE_FIXTURE(ShutterstockBench, "updates: a cycle is a light poll, then closed windows with dates alone") {
  auto shutterstock = provider();
  clock.set_utc(clock.utc() + std::chrono::hours(9));
  transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    return HttpResponse{200, dated("Sun, 15 Mar 2026 09:00:00 GMT"), list_body({}), request.url};
  });
  const auto pages = poll_all(shutterstock, "updates");
  REQUIRE(pages.back().last);
  CHECK(target(0) == "/v2/images/updated?interval=10%20HOUR&sort=newest&per_page=2000&page=1");
  CHECK(target(1) == "/v2/images/updated?start_date=2026-03-11&end_date=2026-03-14&sort=oldest&per_page=2000&page=1");
  CHECK(target(2) == "/v2/images/updated?start_date=2026-03-14&end_date=2026-03-15&sort=oldest&per_page=2000&page=1");
  CHECK(transport.requests().size() == 3);
  REQUIRE(pages.back().observed.size() == 1);
  CHECK(format_rfc3339(pages.back().observed[0].to) == "2026-03-15T00:00:00Z");
  const auto later = poll_all(shutterstock, "updates", pages.back().next);
  CHECK(later.size() == 1);
  CHECK(later[0].observed.empty());
  CHECK(later[0].next == pages.back().next);

  clock.advance(std::chrono::minutes(15));  // the service's answers still say nine o'clock, the later clock counts
  const auto requests = transport.requests().size();
  poll_all(shutterstock, "updates", later[0].next);
  CHECK(target(requests) == "/v2/images/updated?interval=2%20HOUR&sort=newest&per_page=2000&page=1");
}

TEST_CASE_FIXTURE(ShutterstockBench, "F1 F5 updates: one notice an asset, the latest, foreign rows cost nothing") {
  auto shutterstock = provider();
  transport.push(
      200, list_body({update_row("11", "2026-03-14T10:00:00-04:00"), update_row("99", "rubbish"),
                      update_row("11", "2026-03-14T15:00:00Z", "deletion"), update_row("12", "2026-03-14T15:00:00Z"),
                      update_row("11", "2026-03-14T09:00:00Z"),
                      R"({"id":"13","updated_time":"2026-03-14T15:00:00Z","updates":["addition","deletion"]})"}));
  const auto page = shutterstock.poll({"updates", {}, &known}, {});
  REQUIRE(page.ok());
  CHECK(page->rejected.empty());
  REQUIRE(page->notices.size() == 3);
  CHECK(page->notices[0].asset_id == "11");
  CHECK(page->notices[0].deleted);
  CHECK(format_rfc3339(page->notices[0].time) == "2026-03-14T15:00:00Z");
  CHECK_FALSE(page->notices[1].deleted);
  CHECK_FALSE(page->notices[2].deleted);
}

TEST_CASE_FIXTURE(ShutterstockBench,
                  "J4 updates: a row of ours with a bad field is rejected and noticed all the same") {
  auto shutterstock = provider();
  transport.push(
      200, list_body({update_row("11", "yesterday"), R"({"id":"12","updated_time":"2026-03-14T15:00:00Z","updates":7})",
                      R"({"id":"../1"})", R"({"id":1.0})", R"({"updated_time":"2026-03-14T15:00:00Z"})"}));
  const auto page = shutterstock.poll({"updates", {}, &known}, {});
  REQUIRE_FALSE(page.ok());  // nothing of it can be read: a person must look
  transport.push(
      200, list_body({update_row("11", "yesterday"), R"({"id":"12","updated_time":"2026-03-14T15:00:00Z","updates":7})",
                      R"({"id":"../1"})", update_row("13", "2026-03-14T15:00:00Z")}));
  const auto some = shutterstock.poll({"updates", {}, &known}, {});
  REQUIRE(some.ok());
  CHECK(some->notices.size() == 3);
  CHECK(some->rejected.size() == 3);
}

TEST_CASE_FIXTURE(ShutterstockBench, "updates: a refused interval is put on record and the windows go on") {
  auto shutterstock = provider();
  transport.push(400, R"({"message":"Validation failed"})", dated("Sun, 15 Mar 2026 09:00:00 GMT"));
  const auto page = shutterstock.poll({"updates", {}, &known}, {});
  REQUIRE(page.ok());
  CHECK_FALSE(page->last);
  REQUIRE(page->rejected.size() == 1);
  CHECK(has(page->rejected[0].reason, "interval"));
}

TEST_CASE_FIXTURE(ShutterstockBench, "cursors: text that is not ours is refused, not read as the beginning") {
  auto shutterstock = provider();
  for (const char* stream : {"licenses", "updates"}) {
    const auto page = shutterstock.poll({stream, "2026-03-15", &known}, {});
    REQUIRE_FALSE(page.ok());
    CHECK(page.error().code == ErrorCode::kDamaged);
  }
  CHECK(transport.requests().empty());
}
