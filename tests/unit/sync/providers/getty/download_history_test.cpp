#include "sync/providers/getty/download_history.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/unit/sync/providers/getty/getty_bench.h"

using namespace damsync;
using namespace damsync::getty;

namespace {

constexpr std::chrono::hours kDay{24};

UtcTime at(const char* text) { return *parse_rfc3339(text); }

HttpResponse json(const HttpRequest& request, int status, std::string body) {
  return HttpResponse{status, {}, std::move(body), request.url};
}

bool asks_for_credits(const HttpRequest& request) {
  return request.url.target().find("product_type=creditpack") != std::string::npos;
}

int page_of(const HttpRequest& request) {
  const std::string target = request.url.target();
  return std::stoi(target.substr(target.find("&page=") + 6));
}

/// Serves `rows` in pages of 100 and refuses pages past the end, as the service does.
FakeTransport::Handler serve(std::vector<Json> rows) {
  return [rows = std::move(rows)](const HttpRequest& request) -> Result<HttpResponse> {
    if (asks_for_credits(request)) return json(request, 200, downloads({}));
    const auto begin = static_cast<std::size_t>(page_of(request) - 1) * 100;
    if (begin > 0 && begin >= rows.size())
      return json(request, 400, R"({"ErrorCode":"InvalidPage","ErrorMessage":"page must be less than or equal to 1"})");
    const std::size_t end = std::min(rows.size(), begin + 100);
    const std::vector<Json> page(rows.begin() + static_cast<std::ptrdiff_t>(std::min(begin, end)),
                                 rows.begin() + static_cast<std::ptrdiff_t>(end));
    return json(request, 200, downloads(page, static_cast<std::int64_t>(rows.size())));
  };
}

std::vector<Json> many_rows(int count) {
  std::vector<Json> rows;
  for (int i = 0; i < count; ++i) rows.push_back(download_row(std::to_string(1000 + i), "2026-03-10T08:00:00Z"));
  return rows;
}

std::vector<int> pages_asked(const GettyBench& bench) {
  std::vector<int> pages;
  for (const auto& request : bench.transport.requests())
    if (!asks_for_credits(request)) pages.push_back(page_of(request));
  return pages;
}

std::set<std::string> ids_of(const Page& page) {
  std::set<std::string> out;
  for (const auto& license : page.licenses) out.insert(license.license_id);
  return out;
}

}  // namespace

TEST_CASE("getty downloads: a scan walks closed windows of less than 30 days that overlap by a day") {
  const ClockPair clocks{.earlier = at("2026-03-15T00:00:00Z"), .later = at("2026-03-15T00:00:00Z")};
  DownloadCursor cursor =
      begin_scan({}, {.overlap = std::chrono::hours(48), .since = at("2025-01-01T00:00:00Z")}, clocks, false);
  UtcTime covered = cursor.start;
  int windows = 0;
  for (bool done = false; !done; ++windows) {
    const Window window = next_window(cursor, kLongestWindow, Precision::kSeconds);
    CHECK(window.to - window.from <= 30 * kDay);
    if (windows > 0) CHECK(covered - window.from >= kDay);
    covered = window.to;
    done = advance(cursor, window, Reading::kSettled);
  }
  CHECK(covered == at("2026-03-15T00:00:00Z"));
  CHECK(windows == 17);
  CHECK(cursor.high == at("2026-03-15T00:00:00Z"));
}

TEST_CASE("getty downloads: the next scan starts 48 hours before the end of the last one") {
  const ClockPair clocks{.earlier = at("2026-03-15T00:00:00Z"), .later = at("2026-03-15T00:00:00Z")};
  DownloadCursor cursor;
  cursor.high = at("2026-03-14T12:00:00Z");
  CHECK(begin_scan(cursor, {}, clocks, false).start == at("2026-03-12T12:00:00Z"));
  CHECK(begin_scan(cursor, {}, clocks, true).start == UtcTime(kHistoryStart));
}

TEST_CASE("F6 getty downloads: clocks that disagree cost calls and lose nothing") {
  const ClockPair apart{.earlier = at("2026-03-15T00:00:00Z"), .later = at("2026-03-17T00:00:00Z")};
  DownloadCursor cursor = begin_scan({}, {.since = at("2026-03-10T00:00:00Z")}, apart, false);
  CHECK(cursor.end == at("2026-03-17T00:00:00Z"));
  CHECK(advance(cursor, next_window(cursor, kLongestWindow, Precision::kSeconds), Reading::kSettled));
  CHECK(cursor.high == at("2026-03-15T00:00:00Z"));

  DownloadCursor from_the_future;
  from_the_future.high = at("2036-03-15T00:00:00Z");
  CHECK(begin_scan(from_the_future, {.since = at("2020-01-01T00:00:00Z")}, apart, false).start ==
        at("2020-01-01T00:00:00Z"));
}

TEST_CASE("getty downloads: a window whose reads never agreed holds the cursor back") {
  const ClockPair clocks{.earlier = at("2026-03-15T00:00:00Z"), .later = at("2026-03-15T00:00:00Z")};
  DownloadCursor cursor = begin_scan({}, {.since = at("2026-03-10T00:00:00Z")}, clocks, true);
  CHECK(advance(cursor, next_window(cursor, kLongestWindow, Precision::kSeconds), Reading::kUnsettled));
  CHECK(cursor.high == at("2026-03-10T00:00:00Z"));
}

TEST_CASE("getty downloads: cursors survive their text and damaged ones are refused") {
  const ClockPair clocks{.earlier = at("2026-03-15T00:00:00Z"), .later = at("2026-03-16T00:00:00Z")};
  DownloadCursor cursor = begin_scan({}, {.since = at("2025-01-01T00:00:00Z")}, clocks, true);
  advance(cursor, next_window(cursor, kLongestWindow, Precision::kSeconds), Reading::kUnsettled);
  const auto back = download_cursor_from_text(to_text(cursor));
  REQUIRE(back.ok());
  CHECK(*back == cursor);
  for (const char* text : {"x", "{}", R"({"v":2})", R"({"v":1,"from":1})", R"({"v":1,"high":"x"})"}) {
    CAPTURE(text);
    const auto bad = download_cursor_from_text(text);
    REQUIRE_FALSE(bad.ok());
    CHECK(bad.error().code == ErrorCode::kDamaged);
  }
}

TEST_CASE("getty downloads: both ends, page size 100, times and the hidden product are named in the call") {
  GettyBench bench;
  bench.settings.company_downloads = true;
  bench.answer_nothing();

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE(page.ok());
  CHECK(page->last);
  REQUIRE(bench.transport.requests().size() == 2);
  const SimRequest first = bench.asked(0);
  CHECK(first.path == "/v3/downloads");
  CHECK(first.param("date_from") == "2026-03-01T00:00:00Z");
  CHECK(first.param("date_to") == "2026-03-15T00:00:00Z");
  CHECK(first.param("use_time") == "true");
  CHECK(first.param("company_downloads") == "true");
  CHECK(first.param("page_size") == "100");
  CHECK(first.param("page") == "1");
  CHECK_FALSE(first.param("product_type"));
  CHECK(bench.asked(1).param("product_type") == "creditpack");
}

TEST_CASE("getty downloads: the old dialect knows days and no time of day") {
  GettyBench bench;
  bench.settings.history_dialect = Dialect::kStartDate;
  bench.clock.set_utc(at("2026-03-15T09:30:00Z"));
  bench.answer_nothing();

  (void)bench.make().poll(downloads_from(""), {});

  const SimRequest first = bench.asked(0);
  CHECK(first.param("start_date") == "2026-03-01");
  CHECK(first.param("end_date") == "2026-03-16");
  CHECK_FALSE(first.param("use_time"));
  CHECK_FALSE(first.param("date_from"));
}

TEST_CASE("getty downloads: a dialect the service refuses is a clear error") {
  GettyBench bench;
  bench.transport.push(400, R"({"message":"Invalid Request. Possible required parameter missing."})");

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE_FALSE(page.ok());
  CHECK(page.error().message.find("history_dialect") != std::string::npos);
}

TEST_CASE("getty downloads: a service that ignores the window is noticed") {
  GettyBench bench;
  bench.transport.fallback(serve({download_row("1", "2020-01-01T00:00:00Z")}));

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE_FALSE(page.ok());
  CHECK(page.error().message.find("history_dialect") != std::string::npos);
}

TEST_CASE("F3 getty downloads: pages follow from the count and none past the end is asked for") {
  GettyBench bench;
  bench.transport.fallback(serve(many_rows(250)));

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 250);
  CHECK(pages_asked(bench) == std::vector<int>{1, 2, 3, 1, 2, 3});
}

TEST_CASE("F2 F3 getty downloads: a count that changes between pages starts the read again at once") {
  GettyBench bench;
  int calls = 0;
  const auto before = serve(many_rows(350));
  const auto after = serve(many_rows(351));
  bench.transport.fallback([&](const HttpRequest& request) { return ++calls == 1 ? before(request) : after(request); });

  const auto page = bench.make().poll({.stream = "downloads", .cursor = "", .known = nullptr, .full = true}, {});

  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 351);
  CHECK(page->complete_listing);
  CHECK(pages_asked(bench) == std::vector<int>{1, 2, 1, 2, 3, 4, 1, 2, 3, 4});
}

TEST_CASE("F3 getty downloads: a page that ends early with InvalidPage is read again, not believed") {
  GettyBench bench;
  int calls = 0;
  const auto before = serve(many_rows(150));
  const auto after = serve(many_rows(60));
  bench.transport.fallback([&](const HttpRequest& request) { return ++calls == 1 ? before(request) : after(request); });

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 60);
}

TEST_CASE("getty downloads: reads that never agree hand out everything they saw and complete nothing") {
  GettyBench bench;
  int calls = 0;
  bench.transport.fallback([&](const HttpRequest& request) { return serve(many_rows(150 + ++calls))(request); });

  const auto page = bench.make().poll({.stream = "downloads", .cursor = "", .known = nullptr, .full = true}, {});

  REQUIRE(page.ok());
  CHECK(page->last);
  CHECK_FALSE(page->complete_listing);
  CHECK(page->licenses.size() > 150);
}

TEST_CASE("F4 getty downloads: a page that repeats the one before it ends the scan with an error") {
  GettyBench bench;
  const auto rows = many_rows(100);
  bench.transport.fallback(
      [&](const HttpRequest& request) -> Result<HttpResponse> { return json(request, 200, downloads(rows, 400)); });

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE_FALSE(page.ok());
  CHECK(page.error().code == ErrorCode::kProtocol);
}

TEST_CASE("F1 getty downloads: identical rows stay two licenses, and overlapping windows add none") {
  GettyBench bench;
  const auto row = download_row("1", "2026-03-14T08:00:00Z");
  bench.transport.fallback(serve({row, row}));
  auto provider = bench.make();

  const auto first = provider.poll(downloads_from(""), {});
  REQUIRE(first.ok());
  const auto second = provider.poll(downloads_from(first->next), {});

  REQUIRE(second.ok());
  CHECK(ids_of(*first).size() == 2);
  CHECK(ids_of(*first) == ids_of(*second));
}

TEST_CASE("getty downloads: credits that the list shows and names twice are one license") {
  GettyBench bench;
  const auto row = download_row("1", "2026-03-10T08:00:00Z", Json::object({{"product_type", "creditpack"}}));
  bench.transport.fallback(
      [&](const HttpRequest& request) -> Result<HttpResponse> { return json(request, 200, downloads({row})); });

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 1);
}

TEST_CASE("getty downloads: an account without credits is asked for them once") {
  GettyBench bench;
  bench.transport.fallback([](const HttpRequest& request) -> Result<HttpResponse> {
    if (asks_for_credits(request)) return json(request, 403, R"({"ErrorCode":"NoAccessToProductType"})");
    return json(request, 200, downloads({}));
  });
  auto provider = bench.make();

  REQUIRE(provider.poll(downloads_from(""), {}).ok());
  REQUIRE(provider.poll(downloads_from(""), {}).ok());

  CHECK(bench.transport.requests().size() == 3);
}

TEST_CASE("getty downloads: a window that holds too much is read in shorter ones") {
  GettyBench bench;
  bench.transport.fallback([&](const HttpRequest& request) -> Result<HttpResponse> {
    const bool whole = request.url.target().find("2026-03-15") != std::string::npos;
    return json(request, 200, downloads({}, whole ? 6000 : 0));
  });

  const auto page = bench.make().poll(downloads_from(""), {});

  REQUIRE(page.ok());
  CHECK_FALSE(page->last);
  CHECK(bench.asked(1).param("date_to") == "2026-03-08T00:00:00Z");
}

TEST_CASE("J6 getty downloads: one bad row is set aside, a page of nothing else is an error") {
  GettyBench bench;
  bench.transport.fallback(serve({download_row("1", "2026-03-10T08:00:00Z"), Json::object({{"id", "2"}})}));
  const auto page = bench.make().poll(downloads_from(""), {});
  REQUIRE(page.ok());
  CHECK(page->licenses.size() == 1);
  REQUIRE(page->rejected.size() == 1);
  CHECK(page->rejected.front().key == "2");

  GettyBench worse;
  worse.transport.fallback(serve(std::vector<Json>(6, Json::object({{"id", "2"}}))));
  const auto none = worse.make().poll(downloads_from(""), {});
  REQUIRE_FALSE(none.ok());
  CHECK(none.error().code == ErrorCode::kProtocol);
}

TEST_CASE("getty downloads: a full listing says from when on it is complete and what was observed") {
  GettyBench bench;
  bench.answer_nothing();
  const auto page = bench.make().poll({.stream = "downloads", .cursor = "", .known = nullptr, .full = true}, {});
  REQUIRE(page.ok());
  CHECK(page->complete_listing);
  CHECK(page->scan_from == at("2026-03-01T00:00:00Z"));
  REQUIRE(page->observed.size() == 1);
  CHECK(page->observed.front().to == at("2026-03-15T00:00:00Z"));
}

TEST_CASE("getty downloads: a license is still there when either history shows it") {
  const auto row = download_row("7", "2026-03-10T08:00:00Z");
  GettyBench listing;
  listing.transport.fallback(serve({row}));
  const auto page = listing.make().poll(downloads_from(""), {});
  REQUIRE(page.ok());
  const License license = page->licenses.front();

  GettyBench history;  // rows of the asset's own history need not repeat its id
  Json bare = row;
  std::erase_if(*bare.if_object(), [](const auto& member) { return member.first == "id"; });
  history.transport.push(200, write_json(Json::object({{"id", "7"}, {"downloads", Json(Json::Array{bare})}})));
  CHECK(*history.make().still_listed(license, {}));

  GettyBench withdrawn;  // an asset that is gone has no history of its own
  withdrawn.transport.push(404, R"({"ErrorCode":"ImageNotFound","ErrorMessage":"x"})");
  withdrawn.transport.fallback(serve({row}));
  CHECK(*withdrawn.make().still_listed(license, {}));

  GettyBench gone;
  gone.transport.push(200, R"({"id":"7","downloads":[]})");
  gone.transport.fallback(serve({download_row("8", "2026-03-10T08:00:00Z")}));
  CHECK_FALSE(*gone.make().still_listed(license, {}));

  GettyBench unreadable;  // it may be the one that is looked for
  unreadable.transport.push(200,
                            R"({"id":"7","downloads":[{"date_downloaded":"2026-03-10T08:00:00Z","size_name":7}]})");
  CHECK(*unreadable.make().still_listed(license, {}));

  GettyBench silent;
  silent.transport.push(500, "");
  CHECK_FALSE(silent.make().still_listed(license, {}).ok());
}

TEST_CASE("getty downloads: the rows of an asset's history can be counted") {
  GettyBench bench;
  bench.transport.push(200, R"({"id":"7","downloads":[{"date_downloaded":"x"},{}]})");
  CHECK(bench.make().spent_on("7", {})->rows == 2);
  CHECK(bench.asked(0).path == "/v3/images/7/downloadhistory");
}
