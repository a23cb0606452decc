#include <doctest/doctest.h>

#include "tests/support/getty_desk.h"

using namespace damsync;

namespace {

constexpr const char* kSeries = "GET /v3/images/{id}/same-series";

/// Two pictures, one of which is withdrawn when asked for.
struct Withdrawing : GettyDesk {
  Withdrawing() {
    for (const char* id : {"83454801", "83454802", "83454803", "83454804", "83454805"}) hold(id);
    sim.edit([](GettyState& state) {
      auto& image = state.images["83454801"];
      image.relatives = {"83454802", "83454803"};
      image.similar = {"83454803", "83454804", "83454805"};
      state.images["83454803"].withdrawn = true;
    });
    write_settings("never");
    REQUIRE(run({"sync"}).exit_code == 0);
  }
  void withdraw() {
    sim.edit([](GettyState& state) { state.images["83454801"].withdrawn = true; });
    REQUIRE(run({"sync", "--full"}).exit_code == 0);
  }
  Json shown() { return *parse_json(run({"show", "getty:83454801", "--json"}).out); }
  std::int64_t calls(const std::string& route) {
    const auto all = sim.books().calls;
    return all.contains(route) ? all.at(route) : 0;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Withdrawing,
                  "getty show: a withdrawn asset names up to three that could stand in, of its series first") {
  CHECK(shown().find("suggestions")->if_array()->empty());
  CHECK(calls(kSeries) == 1);  // of the one that was withdrawn from the start

  withdraw();

  const Json asset = shown();
  const auto& suggestions = *asset.find("suggestions")->if_array();
  REQUIRE(suggestions.size() == 3);
  CHECK(text(suggestions[0], "asset_id") == "83454802");
  CHECK(text(suggestions[0], "title") == "Picture 83454802");
  CHECK(text(suggestions[0], "why") == "same series");
  CHECK(text(suggestions[0], "provider") == "getty");
  CHECK(text(suggestions[1], "asset_id") == "83454804");
  CHECK(text(suggestions[1], "why") == "similar");
  CHECK(text(suggestions[2], "asset_id") == "83454805");
  CHECK(run({"show", "getty:83454801"}).out.find("getty:83454802  Picture 83454802  (same series)") !=
        std::string::npos);
  REQUIRE(run({"sync", "--full"}).exit_code == 0);
  CHECK(calls(kSeries) == 2);
}

TEST_CASE_FIXTURE(Withdrawing, "getty show: that nothing can be suggested harms no cycle") {
  sim.faults().always("GET /v3/images/*/same-series", fault::status(400, R"({"ErrorCode":"X","ErrorMessage":"no"})"));
  withdraw();
  CHECK(shown().find("suggestions")->if_array()->empty());
  CHECK(run({"status", "--check"}).exit_code != 70);
  sim.edit([](GettyState& state) { state.images["83454801"].withdrawn = false; });
  REQUIRE(run({"sync", "--full"}).exit_code == 0);
  sim.faults().clear();
  sim.edit([](GettyState& state) { state.switches.related_of_withdrawn = false; });
  withdraw();
  CHECK(shown().find("suggestions")->if_array()->empty());
}
