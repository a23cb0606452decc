#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>

#include "storage/base/time.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

using std::chrono::hours;

std::set<std::string> ids_of(const std::vector<Json>& rows, std::string_view name) {
  std::set<std::string> out;
  for (const auto& row : rows) out.insert(text(row, name));
  return out;
}

/// The service gives at most `rows` licenses a page, whatever is asked for.
void cap_pages(SimRequest& request, const std::string& rows) {
  if (request.path != "/v2/images/licenses") return;
  for (auto& [name, value] : request.query)
    if (name == "per_page") value = rows;
}

}  // namespace

TEST_CASE("license history: bursts within one second and a smaller page than asked for lose nothing") {
  Desk desk(0);
  desk.sim.edit([](ShutterstockState& state) { state.switches.total_count = state.switches.page_fields = false; });
  const UtcTime burst = desk.sim.now() - hours(30);
  for (int i = 0; i < 25; ++i) {
    desk.add_image(Desk::image_id(i));
    desk.add_license(Desk::image_id(i), burst + std::chrono::seconds(i / 9));
  }
  desk.before = [](SimRequest& request) { cap_pages(request, "4"); };

  CHECK(number(Desk::account_of(desk.sync()), "licenses_new") == 25);
  for (int i = 25; i < 32; ++i) {
    desk.add_image(Desk::image_id(i));
    desk.add_license(Desk::image_id(i), burst + hours(29));
  }
  CHECK(number(Desk::account_of(desk.sync()), "licenses_new") == 7);

  CHECK(ids_of(desk.list({"licenses"}), "license_id").size() == 32);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 32);
}

TEST_CASE("license history: rows that shift between pages are all seen, with and without start_date") {
  for (const bool dates : {true, false}) {
    CAPTURE(dates);
    Desk desk(20);
    desk.sim.edit([&](ShutterstockState& state) { state.switches.license_dates = dates; });
    // Older than every overlap, so that a service without start_date gives itself away.
    desk.add_image("4711");
    desk.add_license("4711", desk.sim.now() - hours(24 * 30));
    desk.sync();
    for (int i = 20; i < 30; ++i) {
      desk.add_image(Desk::image_id(i));
      desk.add_license(Desk::image_id(i), desk.sim.now());
    }
    int shifts = 0;
    desk.before = [&](SimRequest& request) {
      cap_pages(request, "6");
      if (request.path != "/v2/images/licenses" || request.param("page").value_or("1") != "2" || shifts > 0) return;
      ++shifts;
      desk.sim.edit([](ShutterstockState& state) { state.remove_license(Desk::license_id(2)); });
      desk.add_image("4712");
      desk.add_license("4712", desk.sim.now());
    };

    desk.sync();
    desk.sync();

    CHECK(shifts == 1);
    const auto held = ids_of(desk.list({"files", "--state", "mirrored"}), "asset_id");
    for (int i = 0; i < 30; ++i) CHECK_MESSAGE(held.count(Desk::image_id(i)) == 1, i);
    CHECK(held.count("4712") == 1);
  }
}

TEST_CASE("license history: local times around a change of the clocks come out in UTC") {
  struct Row {
    const char* written;
    const char* utc;
  };
  const Row rows[] = {{"2025-11-02T01:30:00-04:00", "2025-11-02T05:30:00Z"},
                      {"2025-11-02T01:30:00-05:00", "2025-11-02T06:30:00Z"},
                      {"2025-03-09T01:59:59-05:00", "2025-03-09T06:59:59Z"},
                      {"2025-03-09T03:00:00-04:00", "2025-03-09T07:00:00Z"},
                      {"2025-07-15T15:46:34.000Z", "2025-07-15T15:46:34Z"},
                      {"2025-07-15T15:46:34.250+05:30", "2025-07-15T10:16:34.250Z"}};
  Desk desk(0);
  for (int i = 0; i < 6; ++i) {
    desk.add_image(Desk::image_id(i));
    desk.add_license(Desk::image_id(i), parse_rfc3339(rows[i].utc).value());
  }
  std::map<std::string, std::string> written;
  for (const auto& license : desk.sim.edit([](ShutterstockState& state) { return state.licenses(); }))
    for (int i = 0; i < 6; ++i)
      if (license->image_id == Desk::image_id(i)) written[license->id] = rows[i].written;
  desk.after = [&](const SimRequest& request, SimResponse& response) {
    if (request.path != "/v2/images/licenses") return;
    for (const auto& [id, time] : written) {
      const auto row = response.body.find("\"id\":\"" + id + "\"");
      if (row == std::string::npos) continue;
      const auto from = response.body.find("\"download_time\":\"", row) + 17;
      response.body.replace(from, response.body.find('"', from) - from, time);
    }
  };

  desk.sync();

  for (const auto& license : desk.list({"licenses"}))
    for (int i = 0; i < 6; ++i)
      if (text(license, "asset_id") == Desk::image_id(i))
        CHECK(parse_rfc3339(text(license, "licensed_at")).value() == parse_rfc3339(rows[i].utc).value());
}

TEST_CASE("license history: ids of a wrong form are quarantined and never sent") {
  Desk desk(3);
  const std::vector<std::string> wrong = {
      R"("../../etc/passwd")", R"("11\u0000 8")", R"("1 or 1=1")", R"(1.0)", R"("-5")", R"("")", R"(null)",
      R"("118,119")"};
  desk.after = [&](const SimRequest& request, SimResponse& response) {
    if (request.path != "/v2/images/licenses") return;
    const auto list = response.body.find("\"data\":[") + 8;
    std::string rows;
    for (std::size_t i = 0; i < wrong.size(); ++i) {
      rows += R"({"id":"e90)" + std::to_string(i) + R"(","license":"standard","user":{"username":"anna"},)" +
              R"("download_time":"2026-01-05T10:00:00-05:00","image":{"id":)" + wrong[i] +
              R"(,"format":{"size":"huge"}}},)";
    }
    response.body.insert(list, response.body[list] == ']' ? "" : rows);
  };

  const Json run = desk.sync(1);

  const Json account = Desk::account_of(run);
  CHECK_FALSE(flag(run, "ok"));
  CHECK(number(account, "items_rejected") == static_cast<std::int64_t>(wrong.size()));
  CHECK(number(account, "files_mirrored") == 3);
  for (const auto& request : desk.requests()) {
    CHECK_MESSAGE(!holds(request.path, "passwd"), request.target);
    CHECK_MESSAGE(!holds(request.target, "e90"), request.target);
    CHECK_MESSAGE(!holds(request.target, "1%3D1"), request.target);
  }
  const Json status = lines_of(desk.damsync({"status", "--json"}).out).at(0);
  CHECK(number(member(status, "accounts").if_array()->front(), "quarantined") >= 8);

  desk.calls_comparable = false;
  const ProgramResult again = desk.damsync({"sync"});  // the same state, the same answer
  CHECK(again.exit_code == 1);
  CHECK(holds(again.out, fmt::format("newsroom (shutterstock): in step, {} items set aside\n", wrong.size())));
  CHECK(holds(again.out, "done, with leftovers in "));
}

TEST_CASE("license history: metadata ids the provider leaves out make that asset withdrawn, and no other") {
  Desk desk(4);
  desk.refusals_expected = true;  // 404 for the one that is not there
  desk.sim.edit([](ShutterstockState& state) { state.image(Desk::image_id(1))->deleted = true; });

  desk.sync();

  const auto withdrawn = desk.list({"assets", "--state", "withdrawn"});
  REQUIRE(withdrawn.size() == 1);
  CHECK(text(withdrawn.front(), "asset_id") == Desk::image_id(1));
  CHECK(desk.list({"assets", "--state", "active"}).size() == 3);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 4);  // the license is held, so the file is fetched
}

TEST_CASE("license history: team_history shows everybody's licenses, without it our own") {
  for (const bool team : {false, true}) {
    CAPTURE(team);
    Desk desk(3);
    desk.sim.edit([](ShutterstockState& state) { state.license(Desk::license_id(1))->username = "ben"; });
    desk.account["team_history"] = team ? "true" : "false";
    desk.write_settings();

    desk.sync();

    CHECK(desk.list({"licenses"}).size() == (team ? 3 : 2));
  }
}

TEST_CASE("license history: license_filter narrows what is mirrored") {
  for (const auto& [filter, rows] : std::map<std::string, std::size_t>{{"enhanced", 1}, {"-enhanced", 2}}) {
    CAPTURE(filter);
    Desk desk(3);
    desk.sim.edit([](ShutterstockState& state) { state.license(Desk::license_id(1))->license = "enhanced"; });
    desk.account["license_filter"] = '"' + filter + '"';
    desk.write_settings();

    desk.sync();

    CHECK(desk.list({"licenses"}).size() == rows);
  }
}

TEST_CASE("license history: `since` bounds the first read") {
  Desk desk(2);
  desk.add_image("4711");
  desk.add_license("4711", desk.sim.now() - hours(24 * 700));
  desk.account["since"] =
      '"' + format_date(std::chrono::floor<std::chrono::days>(desk.sim.now()) - std::chrono::days(365)) + '"';
  desk.write_settings();

  desk.sync();

  CHECK(desk.list({"licenses"}).size() == 2);
}

TEST_CASE("deletion brake: many withdrawals at once wait for a person") {
  Desk desk(60);
  desk.refusals_expected = true;
  desk.sync();
  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) {
    for (int i = 0; i < 55; ++i) state.withdraw(Desk::image_id(i), now);
  });

  const Json held = desk.sync(78);

  CHECK(holds(text(Desk::account_of(held), "error"), "--accept-withdrawals newsroom"));
  CHECK(desk.list({"assets", "--state", "withdrawn"}).empty());
  CHECK(desk.damsync({"status", "--check"}).exit_code == 3);
  desk.sync(78);

  const Json let_pass = desk.sync(0, {"--accept-withdrawals", "newsroom"});

  CHECK(number(Desk::account_of(let_pass), "assets_withdrawn") == 55);
  CHECK(desk.list({"assets", "--state", "withdrawn"}).size() == 55);
  CHECK(desk.tree().size() >= 60);
  desk.sync();
}

}  // namespace damsync
