#include <doctest/doctest.h>

#include <algorithm>

#include "storage/base/digest.h"
#include "tests/integration/desk.h"

namespace damsync {
namespace {

/// The state of the file of license `index`, with its reason.
std::pair<std::string, std::string> file_state(Desk& desk, int index) {
  for (const auto& file : desk.list({"files"}))
    if (text(file, "license_id") == Desk::license_id(index)) return {text(file, "state"), text(file, "reason")};
  return {};
}

std::int64_t redownload_calls(const Desk& desk, int index) {
  return desk.count("POST /v2/images/licenses/" + Desk::license_id(index) + "/downloads");
}

}  // namespace

TEST_CASE("files: a license that cannot be downloaded is blocked with its reason and not asked for again") {
  for (const bool told : {true, false}) {  // by is_downloadable, or only by a 403 of the download
    CAPTURE(told);
    Desk desk(3);
    desk.refusals_expected = true;
    desk.sim.edit([&](ShutterstockState& state) {
      state.license(Desk::license_id(1))->downloadable = false;
      state.switches.license_availability = told;
    });

    const Json run = desk.sync();

    CHECK(flag(run, "ok"));
    const auto [state, reason] = file_state(desk, 1);
    CHECK(state == "blocked");
    CHECK_FALSE(reason.empty());
    CHECK(reason != "null");
    CHECK(desk.list({"files", "--state", "blocked"}).size() == 1);
    CHECK(redownload_calls(desk, 1) == (told ? 0 : 1));
    desk.sync();
    CHECK(redownload_calls(desk, 1) == (told ? 0 : 1));
    if (told) {
      const auto licenses = desk.list({"licenses"});
      CHECK(std::count_if(licenses.begin(), licenses.end(), [](const Json& l) { return !flag(l, "downloadable"); }) ==
            1);
    }
  }
}

TEST_CASE("M2 files: a page that calls itself an image is failed, never stored, and fetched when it is one again") {
  Desk desk(3);
  desk.sim.faults().always("GET /gatekeeper/*/shutterstock_" + Desk::image_id(1) + ".jpg", fault::html_as_jpeg());

  const Json run = desk.sync(1);

  CHECK_FALSE(flag(run, "ok"));
  CHECK(number(Desk::account_of(run), "files_mirrored") == 2);
  CHECK(number(Desk::account_of(run), "files_failed") == 1);
  CHECK(file_state(desk, 1).first == "failed");
  for (const auto& [path, bytes] : desk.tree()) {
    CHECK_FALSE(holds(bytes, "<html"));
    if (path.ends_with(".jpg")) CHECK(bytes.starts_with("\xFF\xD8"));
  }
  CHECK(desk.damsync({"status", "--check"}).exit_code == 3);

  desk.sim.faults().clear();
  CHECK(number(Desk::account_of(desk.sync()), "files_mirrored") == 1);
  CHECK(file_state(desk, 1).first == "mirrored");
  CHECK(desk.damsync({"status", "--check"}).exit_code == 0);
}

TEST_CASE("M4 files: a picture of unlisted pixels is kept, and a person is told") {
  Desk desk(1);
  desk.calls_comparable = false;  // read as text here
  desk.sim.faults().always("GET /gatekeeper/*", fault::other_image());
  const auto run = desk.damsync({"sync"});
  CHECK(run.exit_code == 0);
  CHECK(run.err.find("file.pixels_differ") != std::string::npos);
  CHECK(file_state(desk, 0).first == "mirrored");
}

TEST_CASE("M3 files: half a picture and what is no picture are not taken") {
  for (const auto& action : {fault::truncated_jpeg(), fault::empty_body(), fault::html_page()}) {
    CAPTURE(action.name);
    Desk desk(1);
    desk.sim.faults().always("GET /gatekeeper/*", action);

    desk.sync(1);

    CHECK(file_state(desk, 0).first == "failed");
    CHECK_FALSE(file_state(desk, 0).second.empty());
    for (const auto& [path, bytes] : desk.tree()) CHECK_FALSE(path.ends_with(".jpg"));
  }
}

TEST_CASE("T9 files: a cut transfer goes on where it stopped") {
  Desk desk(1);
  desk.sim.faults().once("GET /gatekeeper/*", fault::cut_body(300));

  desk.sync();

  REQUIRE(desk.count("GET /gatekeeper/*") == 2);
  SimRequest again;
  for (const auto& request : desk.requests())
    if (request.path.starts_with("/gatekeeper/")) again = request;
  REQUIRE(again.header("Range") != nullptr);
  CHECK(*again.header("Range") == "bytes=300-");
  REQUIRE(again.header("If-Range") != nullptr);
  CHECK(redownload_calls(desk, 0) == 1);
  CHECK(desk.sim.books().statuses.at(206) == 1);
  CHECK(text(desk.list({"files"}).front(), "sha256") == sha256_hex(desk.served(Desk::image_id(0))));
}

TEST_CASE("M8 files: a file that changed meanwhile starts again instead of being patched together") {
  Desk desk(1);
  bool resumed = false;
  desk.sim.faults().once("GET /gatekeeper/*", fault::cut_body(300));
  desk.before = [&](SimRequest& request) {
    if (request.header("Range") == nullptr) return;
    resumed = true;
    desk.sim.edit([](ShutterstockState& state) { state.image(Desk::image_id(0))->file_revision = 2; });
  };

  desk.sync();

  CHECK(resumed);
  CHECK(text(desk.list({"files"}).front(), "sha256") == sha256_hex(desk.served(Desk::image_id(0))));
}

TEST_CASE("M7 files: a link that expires in the middle of a run is asked for again") {
  Desk desk(2);
  bool expired = false;
  desk.refusals_expected = true;  // the link that died
  desk.before = [&](SimRequest& request) {
    if (expired || !request.path.starts_with("/gatekeeper/")) return;
    expired = true;
    desk.sim.advance(std::chrono::hours(9));
  };

  const Json run = desk.sync();

  CHECK(expired);
  CHECK(number(Desk::account_of(run), "files_mirrored") == 2);
  std::int64_t links = 0;
  for (const auto& [license, times] : desk.sim.books().redownloads) links += times;
  CHECK(links >= 3);
  CHECK(desk.sim.books().statuses.at(403) >= 1);
}

TEST_CASE("T27 T28 calls: throttling and passing server errors are waited out") {
  Desk desk(2);
  desk.refusals_expected = true;  // 429
  desk.sim.faults().once("GET /v2/images/licenses", fault::throttled("1"));
  desk.sim.faults().once("GET /v2/images", fault::throttled());
  desk.sim.faults().once("GET /v2/images/updated", fault::status(503));
  desk.sim.faults().once("POST /v2/images/licenses/*", fault::status(502, "<html>bad gateway</html>", "text/html"));
  desk.sim.faults().once("GET /gatekeeper/*", fault::status(500));
  desk.sim.faults().add({"GET /v2/images/licenses", 2, 1, fault::reset()});

  const Json run = desk.sync();

  CHECK(flag(run, "ok"));
  CHECK(number(Desk::account_of(run), "files_mirrored") == 2);
}

TEST_CASE("T25 calls: a log-in page instead of JSON ends in 69 and names the page") {
  Desk desk(1);
  desk.sim.faults().always("GET /v2/images/licenses", fault::html_page());

  const Json run = desk.sync(69);

  CHECK(holds(text(Desk::account_of(run), "error"), "web page instead of JSON"));
  CHECK(desk.list({"licenses"}).empty());
}

TEST_CASE("store: below min_free nothing is fetched, and later the run goes on") {
  Desk desk(3);
  desk.store_keys["min_free"] = "\"900TiB\"";
  desk.write_settings();

  const Json low = desk.sync(1);

  CHECK(number(Desk::account_of(low), "licenses_new") == 3);
  CHECK(number(Desk::account_of(low), "files_mirrored") == 0);
  CHECK(desk.count("GET /gatekeeper/*") == 0);
  CHECK(desk.count("POST *") == 0);
  CHECK(desk.list({"files", "--state", "pending"}).size() == 3);

  desk.store_keys["min_free"] = "\"1MiB\"";
  desk.write_settings();
  CHECK(number(Desk::account_of(desk.sync()), "files_mirrored") == 3);
}

TEST_CASE("files: a large file needs no more memory than a small one") {
  Desk small(1);
  const ProgramResult little = small.damsync({"sync"});
  small.calls_comparable = false;
  REQUIRE(little.exit_code == 0);
  Desk desk(1);
  desk.calls_comparable = false;
  desk.sim.edit([](ShutterstockState& state) {
    state.bench_bytes = 100u << 20;
    state.image(Desk::image_id(0))->width = 600;
    state.image(Desk::image_id(0))->height = 400;
  });

  const ProgramResult result = desk.damsync({"sync"});

  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(number(desk.list({"files"}).front(), "bytes") == 100 << 20);
  MESSAGE("peak memory: " << little.peak_kib << " KiB, with a file of 100 MiB " << result.peak_kib << " KiB");
  REQUIRE(little.peak_kib > 0);
  CHECK(result.peak_kib < 60 * 1024);
}

}  // namespace damsync
