#include <doctest/doctest.h>

#include "storage/base/time.h"
#include "tests/unit/simulators/sim_client.h"

namespace damsync {
namespace {

struct Faulty {
  ShutterstockSim sim{{.start = parse_rfc3339("2026-03-15T12:00:00Z").value()}};
  Faulty() {
    sim.edit([](ShutterstockState& state) { load_bench(state, UtcTime{}, 3, 0); });
  }
  int ask() { return sim_get(sim, "/v2/images/categories").status; }
};

Result<FaultRule> fault_from(const std::string& text) { return parse_fault(parse_json(text).value()); }

}  // namespace

TEST_CASE_FIXTURE(Faulty, "fault script: a fault strikes at the match it is meant for and as often as it is meant to") {
  const auto id = sim.faults().add({.route = "GET /v2/images/*", .first = 2, .times = 2, .action = fault::status(503)});

  CHECK(ask() == 200);
  CHECK(ask() == 503);
  CHECK(sim.faults().unfired().size() == 1);
  CHECK(ask() == 503);
  CHECK(sim.faults().unfired().empty());
  CHECK(ask() == 200);
  CHECK(sim.faults().fired(id) == 2);
}

TEST_CASE_FIXTURE(Faulty, "fault script: a fault that never struck is reported") {
  sim.faults().once("GET /gatekeeper/*", fault::cut_body(10));
  sim.faults().always("POST *", fault::reset());

  CHECK(ask() == 200);

  CHECK(sim.faults().unfired() == std::vector<std::string>{"cut_body at GET /gatekeeper/*", "reset at POST *"});
}

TEST_CASE_FIXTURE(Faulty, "fault script: a lost reply was acted on, a reset request was not") {
  const SimRequest request = sim_post("/v2/images/licenses/i500000000/downloads", "{}");
  sim.faults().once("POST *", fault::reset());
  const auto reset = sim.handle(request);
  CHECK(reset.bad.reset);
  CHECK(sim.books().redownloads.empty());

  sim.faults().once("POST *", fault::lose_reply());
  const auto lost = sim.handle(request);
  CHECK(lost.bad.reset);
  CHECK(sim.books().redownloads.size() == 1);
}

TEST_CASE_FIXTURE(Faulty, "fault script: each fault spoils the answer in its own way") {
  const std::string file = target_of(sim.file_url("http://h", "300000000", "huge"));
  const std::string good = whole_body(sim_get(sim, file));
  const auto spoilt = [&](FaultAction action) {
    sim.faults().once("*", std::move(action));
    return sim_get(sim, file);
  };

  CHECK(header_of(spoilt(fault::throttled("7")), "Retry-After") == "7");
  CHECK(header_of(spoilt(fault::throttled()), "Retry-After").empty());
  CHECK(spoilt(fault::unauthorized()).status == 401);
  CHECK(spoilt(fault::html_page()).body.starts_with("<!DOCTYPE html>"));
  CHECK(body_json(spoilt(fault::errors_at_200())).find("errors") != nullptr);
  CHECK(header_of(spoilt(fault::html_as_jpeg()), "Content-Type") == "image/jpeg");
  CHECK(whole_body(spoilt(fault::other_image())).starts_with("\xFF\xD8\xFF"));
  const std::string truncated = whole_body(spoilt(fault::truncated_jpeg()));
  CHECK(truncated.size() == good.size());
  CHECK(truncated.back() == '\0');
  CHECK(spoilt(fault::empty_body()).body_size() == 0);
  CHECK(spoilt(fault::cut_body(5)).bad.cut_after == 5);
  CHECK(spoilt(fault::wrong_length(1)).bad.declared_length == std::to_string(good.size() + 1));
  CHECK(spoilt(fault::length_text("1e3")).bad.declared_length == "1e3");
  CHECK(spoilt(fault::no_length()).bad.no_length);
  CHECK(spoilt(fault::drip(1, Millis(2))).bad.drip_bytes == 1);
  CHECK(spoilt(fault::delay(Millis(9))).bad.delay == Millis(9));
  CHECK(spoilt(fault::raw("x")).bad.raw == "x");
  CHECK(header_of(spoilt(fault::header("Date", "never")), "Date") == "never");
  CHECK(sim.faults().unfired().empty());
}

TEST_CASE("fault script: faults are read from JSON and mistakes are named") {
  const auto rule = fault_from(R"({"route":"GET /x*","first":3,"times":0,"action":"cut_body","bytes":7})");
  REQUIRE(rule);
  CHECK(rule->route == "GET /x*");
  CHECK(rule->first == 3);
  CHECK(rule->times == 0);
  SimResponse response;
  rule->action.apply(response);
  CHECK(response.bad.cut_after == 7);

  for (const char* text : {R"({"action":"explode"})", R"({})", R"([])", R"({"action":"reset","first":0})",
                           R"({"action":"reset","times":"x"})", R"({"action":"raw","text":5})"}) {
    CAPTURE(text);
    CHECK_FALSE(fault_from(text));
  }
}

TEST_CASE("fault script: a star in a route stands for any text") {
  CHECK(matches_pattern("*", "GET /a"));
  CHECK(matches_pattern("GET /v2/*/downloads", "GET /v2/images/licenses/i1/downloads"));
  CHECK_FALSE(matches_pattern("GET /v2/*/downloads", "GET /v2/images/licenses"));
  CHECK_FALSE(matches_pattern("GET /v2/images", "GET /v2/images/updated"));
}

}  // namespace damsync
