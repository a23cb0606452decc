#include <doctest/doctest.h>

#include <set>

#include "tests/support/getty_account.h"

using namespace damsync;

namespace {

const KnownAssets kKnown({"11", "12", "13"});

std::vector<Page> poll_all(GettyAccount& account, const std::string& stream, std::string cursor = {}) {
  std::vector<Page> pages;
  for (int i = 0; i < 50; ++i) {
    auto page = account.provider().poll({stream, cursor, &kKnown, false}, {});
    if (!page) FAIL(page.error().message);
    cursor = page->next;
    if (!page->receipt.empty()) REQUIRE(account.provider().confirm(page->receipt, {}).ok());
    pages.push_back(std::move(*page));
    if (pages.back().last) return pages;
  }
  FAIL("the stream does not end");
  return pages;
}

std::multiset<std::string> licenses(const std::vector<Page>& pages) {
  std::set<std::string> ids;
  std::multiset<std::string> assets;
  for (const auto& page : pages)
    for (const auto& license : page.licenses)
      if (ids.insert(license.license_id).second) assets.insert(license.asset_id);
  return assets;
}

UtcTime hours_ago(const GettyAccount& account, int hours) { return account.sim.now() - std::chrono::hours(hours); }

SimRequest sim_request(std::string method, const std::string& target) {
  SimRequest out;
  out.method = std::move(method);
  out.target = target;
  out.path = target.substr(0, target.find('?'));
  if (out.path.size() < target.size())
    out.query = parse_form(target.substr(out.path.size() + 1), out.well_formed_target);
  return out;
}

SimRequest execute(const std::string& query) {
  SimRequest out = sim_request("POST", "/v3/downloads/images/11" + query);
  out.headers = {{"Api-Key", "sandbox-key"}, {"Authorization", "Bearer t"}, {"Host", "127.0.0.1:1"}};
  return out;
}

/// The service is strict: a parameter it does not know would show here.
void check_nothing_refused(const GettyAccount& account) {
  for (const auto& [text, count] : account.sim.books().refusals) {
    CAPTURE(text);
    CHECK(count == 0);
  }
}

}  // namespace

TEST_CASE("getty account: everything downloaded is listed, in both dialects, however times are written") {
  for (const auto dialect : {GettySwitches::Dialect::kDateFrom, GettySwitches::Dialect::kStartDate}) {
    GettyAccount account;
    const bool old = dialect == GettySwitches::Dialect::kStartDate;
    account.settings.history_dialect = old ? "start_date" : "date_from";
    account.sim.edit([&](GettyState& state) {
      state.switches.dialect = dialect;
      state.switches.zone_in_times = !old;
    });
    for (const int hours : {1, 30, 24 * 27, 24 * 28, 24 * 29, 24 * 60})
      account.add_download({.id = "11", .time = hours_ago(account, hours)});
    account.add_download({.id = "12", .time = hours_ago(account, 24 * 35)});
    account.add_download({.id = "12", .time = hours_ago(account, 24 * 35)});
    account.add_download({.id = "13", .time = hours_ago(account, 50), .product_type = "creditpack"});

    const auto found = licenses(poll_all(account, "downloads"));

    CHECK(found.count("11") == 6);
    CHECK(found.count("12") == 2);
    CHECK(found.count("13") == 1);
    check_nothing_refused(account);
  }
}

TEST_CASE("getty account: downloads of colleagues are listed when the account may see them") {
  GettyAccount account;
  account.add_download({.id = "11", .time = hours_ago(account, 5), .username = "ben"});
  CHECK(licenses(poll_all(account, "downloads")).empty());

  account.settings.company_downloads = true;
  account.open();
  CHECK(licenses(poll_all(account, "downloads")).count("11") == 1);

  account.sim.edit([](GettyState& state) { state.switches.company_entitled = false; });
  const auto refused = account.provider().poll({"downloads", "", &kKnown, false}, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
}

TEST_CASE("getty account: a download that the history shows late is found by the overlap") {
  GettyAccount account;
  GettySimDownload late{.id = "11", .time = hours_ago(account, 1)};
  late.visible_from = account.sim.now() + std::chrono::hours(2);
  account.add_download(late);
  const auto first = poll_all(account, "downloads");
  CHECK(licenses(first).empty());

  account.sim.advance(std::chrono::hours(3));
  account.clock.advance(std::chrono::hours(3));

  CHECK(licenses(poll_all(account, "downloads", first.back().next)).count("11") == 1);
}

TEST_CASE("T30 getty account: a token that ends in mid-run is renewed and no call is lost") {
  for (const bool text : {true, false}) {
    GettyAccount account;
    account.sim.edit([&](GettyState& state) { state.switches.expires_in_text = text; });
    account.add_download({.id = "11", .time = hours_ago(account, 5)});
    CHECK(licenses(poll_all(account, "downloads")).size() == 1);
    CHECK(account.sim.books().tokens_issued == 1);

    account.clock.advance(std::chrono::minutes(2));
    account.sim.advance(std::chrono::minutes(31));  // its clock runs ahead of ours: only the 401 tells

    CHECK(licenses(poll_all(account, "downloads")).size() == 1);
    CHECK(account.sim.books().tokens_issued == 2);
    CHECK(account.sim.books().statuses.at(401) == 1);
  }
}

TEST_CASE("getty account: all grants lead to a token") {
  GettyAccount account;
  account.settings.username.clear();
  account.settings.password = Secret();
  CHECK(account.provider().products({}).ok());

  account.sim.edit([](GettyState& state) { state.refresh_tokens["r"] = "anna"; });
  account.settings.refresh_token = Secret("r");
  account.open();
  CHECK(account.provider().products({}).ok());

  account.settings.refresh_token = Secret("revoked");
  account.open();
  const auto refused = account.provider().products({});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kUnauthorized);
}

TEST_CASE("getty account: settings that cannot work are refused before any call") {
  const auto refusal = [](auto change) {
    GettyAccount account;
    change(account.settings);
    const auto made = make_connection(account.settings, account.clock, account.log);
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().code == ErrorCode::kSettings);
    return made.error().message;
  };
  CHECK(refusal([](auto& s) { s.api_key = Secret(); }).find("api_key") != std::string::npos);
  CHECK(refusal([](auto& s) { s.client_secret = Secret(); }).find("client_secret") != std::string::npos);
  CHECK(refusal([](auto& s) { s.password = Secret(); }).find("password") != std::string::npos);
  CHECK(refusal([](auto& s) { s.history_dialect = "from"; }).find("history_dialect") != std::string::npos);
  CHECK(refusal([](auto& s) { s.token_url = "ftp://x"; }).find("token_url") != std::string::npos);
}

TEST_CASE("T28 T29 getty account: throttling in either style is waited out") {
  for (const auto style : {GettySwitches::Throttling::kForbidden, GettySwitches::Throttling::kTooManyRequests}) {
    GettyAccount account;
    CHECK(account.provider().products({}).ok());
    account.sim.edit([&](GettyState& state) {
      state.switches.throttling = style;
      state.throttle_next = 2;
    });
    CHECK(account.provider().products({}).ok());
  }
}

TEST_CASE("T29 getty account: the daily limit is kept in peace until the next day") {
  GettyAccount account;
  CHECK(account.provider().products({}).ok());
  account.sim.edit([](GettyState& state) {
    state.switches.throttling = GettySwitches::Throttling::kForbidden;
    state.switches.calls_per_day = 0;
  });

  const auto refused = account.provider().products({});

  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().retry == Retry::kAt);
  CHECK(refused.error().retry_after > std::chrono::hours(23));
}

TEST_CASE("F9 F10 getty account: change sets in every form are handed out until they are confirmed") {
  using Shape = GettySwitches::Shape;
  for (const auto shape : {Shape::kSnake, Shape::kPascal, Shape::kCamel}) {
    GettyAccount account;
    account.sim.edit([&](GettyState& state) {
      state.switches.shape = shape;
      state.switches.created_is_201 = shape != Shape::kPascal;
      GettySimChannel channel;
      for (int i = 0; i < 600; ++i)
        channel.queue.push_back({.id = std::to_string(i),
                                 .lifecycle = i % 2 == 0 ? "Update" : "Deleted",
                                 .time = account.clock.utc() - std::chrono::hours(1)});
      state.channels = {channel, GettySimChannel{.id = 8, .asset_type = "Film"}};
    });

    const auto unconfirmed = account.provider().poll({"changes", "", &kKnown, false}, {});
    REQUIRE(unconfirmed.ok());
    const auto lost = account.sim.faults().once("DELETE /v3/asset-changes/change-sets/*", fault::lose_reply());
    const auto pages = poll_all(account, "changes");

    CHECK(account.sim.faults().fired(lost) == 1);
    REQUIRE(pages.size() == 3);
    CHECK(pages[0].receipt == unconfirmed->receipt);
    CHECK(pages[0].notices.size() == 3);
    CHECK(pages[1].notices.empty());
    CHECK(account.sim.edit(
        [](GettyState& state) { return state.channels[0].queue.empty() && !state.channels[0].open_set; }));
  }
}

TEST_CASE("getty account: metadata is read whatever form the answers have") {
  for (const bool one_way : {true, false}) {
    GettyAccount account;
    account.sim.edit([&](GettyState& state) {
      state.switches.all_missing_is_404 = one_way;
      state.switches.single_image_bare = one_way;
      state.images["12"].withdrawn = true;
      state.images["13"].poisoned = true;
      state.images["11"].relatives = {"11", "12", "21", "22"};
      state.images["11"].similar = {"22", "23", "24"};
      for (const char* id : {"21", "22", "23", "24"}) state.images[id] = GettySimImage{.id = id};
    });
    const auto out = account.provider().describe(std::vector<std::string>{"11", "12", "13", "999"}, {});
    REQUIRE(out.ok());
    REQUIRE(out->assets.size() == 1);
    CHECK(out->assets.front().metadata.keywords == std::vector<std::string>{"sea", "boat"});
    CHECK(std::set<std::string>(out->absent.begin(), out->absent.end()) == std::set<std::string>{"12", "999"});
    REQUIRE(out->rejected.size() == 1);
    CHECK(out->rejected.front().key == "13");
    CHECK((*account.provider().recheck("11", "", {}))->metadata == out->assets.front().metadata);
    const auto others = account.provider().suggestions("11", {});
    REQUIRE(others.ok());
    CHECK(*others == std::vector<Suggestion>{{"21", "Untitled", "same series"},
                                             {"22", "Untitled", "same series"},
                                             {"23", "Untitled", "similar"}});
  }
}

TEST_CASE("getty simulator: related images take documented parameters only, and a page that is there") {
  GettySim sim(FakeClock().utc());
  sim.edit([](GettyState& state) {
    state.images["11"] = GettySimImage{.id = "11", .withdrawn = true, .relatives = {"12", "13"}};
    state.images["12"] = GettySimImage{.id = "12", .title = "Boats"};
    state.images["13"] = GettySimImage{.id = "13", .withdrawn = true};
  });
  const auto ask = [&](const std::string& rest) {
    SimRequest request = sim_request("GET", "/v3/images/11/" + rest);
    request.headers = {{"Api-Key", "sandbox-key"}};
    return sim.handle(request);
  };
  CHECK(ask("same-series?fields=id,title").body == R"({"result_count":1,"images":[{"id":"12","title":"Boats"}]})");
  CHECK(ask("similar").body == R"({"result_count":0,"images":[]})");
  for (const char* wrong : {"similar?size=30", "similar?fields=id,name", "similar?page_size=31", "similar?page=0",
                            "same-series?page=2", "similar?page=two"})
    CHECK_MESSAGE(ask(wrong).status == 400, wrong);
  sim.edit([](GettyState& state) { state.switches.related_of_withdrawn = false; });
  CHECK(ask("same-series").status == 404);
}

TEST_CASE("T25 T32 getty account: a token endpoint out of order is trouble, not a refusal") {
  for (const auto& trouble : {fault::status(500), fault::html_page(), fault::reset()}) {
    GettyAccount account;
    account.sim.faults().always("POST /oauth2/token", trouble);
    const auto products = account.provider().products({});
    REQUIRE_FALSE(products.ok());
    CHECK(products.error().retry != Retry::kNever);
  }
}

TEST_CASE("getty simulator: a download counts once it is executed, whatever becomes of the reply") {
  GettySim sim(FakeClock().utc());
  sim.edit([](GettyState& state) {
    state.images["11"] = GettySimImage{.id = "11"};
    state.tokens["t"] = {"anna", FakeClock().utc() + std::chrono::hours(1)};
    state.products.front().remaining = 2;
  });
  CHECK(sim.handle(execute("?auto_downlod=false")).status == 400);
  CHECK(sim.books().executions.empty());

  CHECK(sim.handle(execute("")).status == 303);
  sim.faults().once("POST *", fault::lose_reply());
  CHECK(sim.handle(execute("?auto_download=false")).bad.reset);
  CHECK(sim.books().executions.at("11") == 2);

  const auto none_left = sim.handle(execute("?auto_download=false"));
  CHECK(none_left.status == 403);
  CHECK(none_left.body.find("OverageLimitReached") != std::string::npos);
  CHECK(sim.books().executions.at("11") == 2);
}

TEST_CASE("getty simulator: a file's address works for 24 hours") {
  GettySim sim(FakeClock().utc());
  sim.edit([](GettyState& state) {
    state.images["11"] = GettySimImage{.id = "11"};
    state.tokens["t"] = {"anna", FakeClock().utc() + std::chrono::hours(1)};
  });
  const auto answer = sim.handle(execute(""));
  std::string location;
  for (const auto& [name, value] : answer.headers)
    if (name == "Location") location = value;
  const std::string target = location.substr(location.find("/delivery"));
  const SimRequest get = sim_request("GET", target);

  CHECK(sim.handle(get).status == 200);
  sim.edit([](GettyState& state) { state.switches.delivery_redirects = true; });
  CHECK(sim.handle(get).status == 302);
  sim.advance(std::chrono::hours(24));
  CHECK(sim.handle(get).status == 403);
  CHECK(sim.books().credentials_on_files == 0);
}
