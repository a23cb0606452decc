#include <doctest/doctest.h>

#include "storage/base/time.h"
#include "tests/simulators/eastern_time.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

UtcTime at(const char* text) { return parse_rfc3339(text).value(); }

/// An account with four licenses of two people, and a small change log.
struct Desk {
  ShutterstockSim sim{{.start = at("2026-03-15T12:00:00Z")}};
  Desk() {
    sim.edit([](ShutterstockState& state) {
      state.add_token(std::string(kSandboxToken), "anna");
      for (int i = 1; i <= 4; ++i) {
        SimImage image;
        image.id = std::to_string(100 + i);
        state.put_image(image);
        SimLicense license;
        license.id = "i" + std::to_string(i);
        license.image_id = image.id;
        license.license = i == 2 ? "enhanced" : "standard";
        license.username = i == 3 ? "ben" : "anna";
        license.downloadable = i != 4;
        license.download_time = at("2026-03-01T10:00:00Z") + std::chrono::hours(24 * i);
        state.add_license(license);
      }
      state.log_update("101", at("2026-03-13T00:00:00Z"), "addition");
      state.log_update("101", at("2026-03-13T08:00:00Z"), "edit");
      state.log_update("102", at("2026-03-13T08:00:00Z"), "edit");
      state.log_update("103", at("2026-03-13T08:00:00Z"), "deletion");
      state.log_update("104", at("2026-03-14T00:00:00Z"), "edit");
    });
  }
  std::vector<std::string> licenses(const std::string& query) {
    return column(sim_get(sim, "/v2/images/licenses?" + query), "id");
  }
  std::vector<std::string> updated(const std::string& query) {
    return column(sim_get(sim, "/v2/images/updated?" + query), "id");
  }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: the history is one's own unless the team's is asked for") {
  CHECK(licenses("") == Ids{"i4", "i2", "i1"});
  CHECK(licenses("team_history=true&sort=oldest") == Ids{"i1", "i2", "i3", "i4"});
  CHECK(licenses("team_history=true&username=ben") == Ids{"i3"});
  CHECK(licenses("username=ben").empty());
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: the history is filtered by image, kind, availability and time") {
  CHECK(licenses("image_id=102") == Ids{"i2"});
  CHECK(licenses("license=-standard") == Ids{"i2"});
  CHECK(licenses("download_availability=non_downloadable") == Ids{"i4"});
  CHECK(licenses("team_history=true&start_date=2026-03-03T10:00:00Z&end_date=2026-03-05T10:00:00Z") == Ids{"i3", "i2"});
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: switches take back what later years added to the history") {
  sim.edit([](ShutterstockState& state) {
    state.switches.license_dates = false;
    state.switches.team_history = false;
    state.switches.total_count = false;
    state.switches.page_fields = false;
    state.switches.license_availability = false;
  });

  const Json body = body_json(sim_get(sim, "/v2/images/licenses?team_history=true&start_date=2026-03-05T10:00:00Z"));

  CHECK(body.find("data")->if_array()->size() == 3);
  CHECK(body.find("total_count") == nullptr);
  CHECK(body.find("page") == nullptr);
  CHECK(body.find("data")->if_array()->front().find("is_downloadable") == nullptr);
}

TEST_CASE_FIXTURE(Desk,
                  "F2 shutterstock simulator: pages by newest shift when a license appears, pages by oldest do not") {
  const Ids newest = licenses("team_history=true&per_page=2");
  const Ids oldest = licenses("team_history=true&per_page=2&sort=oldest");
  sim.edit([](ShutterstockState& state) {
    SimLicense license;
    license.id = "i5";
    license.image_id = "101";
    license.username = "anna";
    license.download_time = at("2026-03-15T12:00:00Z");
    state.add_license(license);
  });

  CHECK(newest == Ids{"i4", "i3"});
  CHECK(licenses("team_history=true&per_page=2&page=2") == Ids{"i3", "i2"});
  CHECK(oldest == Ids{"i1", "i2"});
  CHECK(licenses("team_history=true&per_page=2&page=2&sort=oldest") == Ids{"i3", "i4"});
}

TEST_CASE_FIXTURE(Desk, "F3 shutterstock simulator: a page beyond the end is empty") {
  CHECK(licenses("page=9").empty());
  CHECK(updated("start_date=2026-03-13&page=2").empty());
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: a window of changes begins with its start and ends before its end") {
  CHECK(updated("start_date=2026-03-13&end_date=2026-03-14&sort=oldest") == Ids{"101", "102", "103"});
  CHECK(updated("start_date=2026-03-14&sort=oldest") == Ids{"104"});
  CHECK(updated("start_date=2026-03-13&end_date=2026-03-13").empty());
  CHECK(updated("start_date=2026-03-13&type=edit&type=deletion&sort=oldest") == Ids{"101", "102", "103", "104"});
  CHECK(updated("interval=36%20HOUR") == Ids{"104"});
  CHECK(updated("").empty());
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: changes of one image are merged in a window unless switched off") {
  const auto merged = sim_get(sim, "/v2/images/updated?start_date=2026-03-13&sort=oldest");
  const Json first = body_json(merged).find("data")->if_array()->front();
  CHECK(write_json(*first.find("updates")) == R"(["addition","edit"])");
  CHECK(*first.find("updated_time")->if_string() == "2026-03-13T04:00:00-04:00");

  sim.edit([](ShutterstockState& state) { state.switches.merged_updates = false; });
  CHECK(updated("start_date=2026-03-13&sort=oldest") == Ids{"101", "101", "102", "103", "104"});
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: more than three days are refused, or cut off when switched so") {
  const char* target = "/v2/images/updated?start_date=2026-03-10&end_date=2026-03-15";
  CHECK(sim_get(sim, target).status == 400);
  sim.edit([](ShutterstockState& state) {
    state.switches.long_range = ShutterstockSwitches::LongRange::kTruncate;
    state.log_update("105", at("2026-03-11T00:00:00Z"), "edit");
  });
  CHECK(column(sim_get(sim, target), "id") == Ids{"105"});
}

TEST_CASE_FIXTURE(Desk, "shutterstock simulator: full timestamps in the change feed need their switch") {
  const char* target = "/v2/images/updated?start_date=2026-03-13T08:00:00Z&end_date=2026-03-13T09:00:00Z&sort=oldest";
  CHECK(sim_get(sim, target).status == 400);
  sim.edit([](ShutterstockState& state) { state.switches.updated_timestamps = true; });
  CHECK(column(sim_get(sim, target), "id") == Ids{"101", "102", "103"});
}

TEST_CASE("shutterstock simulator: Eastern times follow daylight saving time") {
  CHECK(format_eastern(at("2026-03-08T06:59:59Z")) == "2026-03-08T01:59:59-05:00");
  CHECK(format_eastern(at("2026-03-08T07:00:00Z")) == "2026-03-08T03:00:00-04:00");
  CHECK(format_eastern(at("2026-11-01T05:59:59Z")) == "2026-11-01T01:59:59-04:00");
  CHECK(format_eastern(at("2026-11-01T06:00:00Z")) == "2026-11-01T01:00:00-05:00");
  CHECK(format_zulu_millis(at("2021-07-15T15:46:34Z")) == "2021-07-15T15:46:34.000Z");
}

}  // namespace damsync
