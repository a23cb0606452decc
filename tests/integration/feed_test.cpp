#include <doctest/doctest.h>

#include <filesystem>
#include <set>

#include "storage/base/time.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;

sys_days day_of(UtcTime time) { return std::chrono::floor<days>(time); }

/// The days that lie wholly in the closed windows asked for.
std::set<sys_days> days_asked(const std::vector<SimRequest>& requests) {
  std::set<sys_days> out;
  for (const auto& request : requests) {
    if (request.path != "/v2/images/updated" || request.param("interval")) continue;
    const auto end = parse_date(*request.param("end_date")).value();
    for (auto day = parse_date(*request.param("start_date")).value(); day < end; day += days(1)) out.insert(day);
  }
  return out;
}

std::string faketime_library() {
  for (const char* path : {"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
                           "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"})
    if (std::filesystem::exists(path)) return path;
  return {};
}

/// Ten days pass, every day another of our pictures is edited; then one `sync`.
void ten_days_offline(Desk& desk) {
  desk.sync();
  const UtcTime begin = desk.sim.now();
  desk.sim.advance(hours(24 * 10));
  for (int i = 0; i < 10; ++i) {
    desk.sim.edit([&](ShutterstockState& state) {
      state.edit_description(Desk::image_id(i), "Edited on day " + std::to_string(i), begin + hours(24 * i + 5));
    });
  }
  desk.forget_requests();

  desk.sync();

  const auto asked = days_asked(desk.requests());
  for (auto day = day_of(begin); day < day_of(desk.sim.now()); day += days(1))
    CHECK_MESSAGE(asked.count(day) == 1, format_date(day));
  CHECK(desk.count("GET /v2/images/updated") <= 20);
  for (int i = 0; i < 10; ++i)
    CHECK(text(member(desk.show(Desk::image_id(i)), "asset"), "title") == "Edited on day " + std::to_string(i));
}

}  // namespace

TEST_CASE("update feed: after ten days offline every day is asked for, by the service's clock alone") {
  Desk desk(10);
  ten_days_offline(desk);
}

TEST_CASE("update feed: after ten days offline every day is asked for, when our clock went on as well") {
  Desk desk(10);
  const std::string library = faketime_library();
  if (library.empty()) {
    MESSAGE("faketime is not installed");
    return;
  }
  desk.sync();
  desk.environment = {{"LD_PRELOAD", library}, {"FAKETIME", "+10d"}, {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}};
  desk.environment["DONT_FAKE_MONOTONIC"] = "1";
  const UtcTime begin = desk.sim.now();
  desk.sim.advance(hours(24 * 10));
  desk.sim.edit([&](ShutterstockState& state) {
    for (int i = 0; i < 10; ++i)
      state.edit_description(Desk::image_id(i), "Edited on day " + std::to_string(i), begin + hours(24 * i + 5));
  });
  desk.forget_requests();

  desk.sync();

  const auto asked = days_asked(desk.requests());
  for (auto day = day_of(begin); day < day_of(desk.sim.now()); day += days(1))
    CHECK_MESSAGE(asked.count(day) == 1, format_date(day));
  for (int i = 0; i < 10; ++i)
    CHECK(text(member(desk.show(Desk::image_id(i)), "asset"), "title") == "Edited on day " + std::to_string(i));
  const Json status = lines_of(desk.damsync({"status", "--json"}).out).at(0);
  bool covered = false;
  for (const auto& row : *member(status, "coverage").if_array())
    covered = covered || (text(row, "stream") == "updates" && text(row, "from") <= format_rfc3339(begin) &&
                          text(row, "to") >= format_rfc3339(UtcTime(day_of(desk.sim.now()))));
  CHECK_MESSAGE(covered, write_json(status));
}

TEST_CASE("update feed: a page that shifts while it is read loses no change") {
  Desk desk(40);
  desk.sync();
  const UtcTime then = desk.sim.now() + hours(5);
  desk.sim.edit([&](ShutterstockState& state) {
    for (int i = 0; i < 40; ++i)  // bursts of ten within one second
      state.edit_description(Desk::image_id(i), "New words " + std::to_string(i), then + std::chrono::seconds(i / 10));
  });
  desk.sim.advance(hours(48));
  bool shifted = false;
  desk.before = [&](SimRequest& request) {
    if (request.path != "/v2/images/updated") return;
    for (auto& [name, value] : request.query)
      if (name == "per_page") value = "7";  // a service that gives less than asked for
    if (shifted || request.param("page").value_or("1") != "2" || !request.param("start_date")) return;
    shifted = true;  // an image is edited again: its row leaves the window that is being read
    desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) {
      state.edit_description(Desk::image_id(0), "Newest words", now);
    });
  };

  desk.sync();

  CHECK(shifted);
  for (int i = 1; i < 40; ++i)
    CHECK(text(member(desk.show(Desk::image_id(i)), "asset"), "title") == "New words " + std::to_string(i));
}

TEST_CASE("update feed: errors at HTTP 200 are an error, never an empty list") {
  Desk desk(2);
  desk.sync();
  desk.sim.edit(
      [now = desk.sim.now()](ShutterstockState& state) { state.edit_description(Desk::image_id(0), "Edited", now); });
  desk.sim.faults().always("GET /v2/images/updated", fault::errors_at_200());
  const Json run = desk.sync(69);
  CHECK(holds(text(Desk::account_of(run), "error"), "/v2/images/updated"));
  CHECK(text(member(desk.show(Desk::image_id(0)), "asset"), "title") == "Picture 0");

  desk.sim.faults().clear();
  desk.sync();

  CHECK(text(member(desk.show(Desk::image_id(0)), "asset"), "title") == "Edited");
}

TEST_CASE("metadata: an ETag without quotes is understood and an unchanged asset stays as it is") {
  Desk desk(2);
  desk.sync();
  desk.refusals_expected = true;
  desk.sim.edit([now = desk.sim.now()](ShutterstockState& state) { state.withdraw(Desk::image_id(0), now); });
  desk.sync();
  const auto changes = desk.list({"changes"}).size();

  desk.sync(0, {"--full"});
  desk.sync(0, {"--full"});

  CHECK(desk.list({"changes"}).size() == changes);
}

TEST_CASE("metadata: what the provider does not say is neither true nor false") {
  Desk desk(1);
  desk.sim.edit([](ShutterstockState& state) {
    state.image(Desk::image_id(0))->model_release = std::nullopt;
    state.image(Desk::image_id(0))->property_release = false;
    state.switches.license_availability = false;
  });

  desk.sync();

  const Json shown = desk.show(Desk::image_id(0));
  const std::string all = write_json(shown);
  INFO(all);
  CHECK(holds(all, "\"has_property_release\":false"));
  CHECK_FALSE(holds(all, "\"has_model_release\":false"));
  CHECK(member(desk.list({"licenses"}).front(), "downloadable").is_null());
  CHECK(text(desk.list({"files"}).front(), "state") == "mirrored");
}

}  // namespace damsync
