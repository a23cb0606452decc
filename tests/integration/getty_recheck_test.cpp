#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/getty_cycle.h"

using namespace damsync;

TEST_CASE_FIXTURE(GettyCycle, "getty account: without channels of changes every asset is looked at within a week") {
  sim.edit([](GettyState& state) { state.switches.channels_entitled = false; });
  policy.recheck_within = std::chrono::hours(24 * 7);
  for (int i = 0; i < 30; ++i) {
    const std::string id = std::to_string(83'454'800 + i);
    add_image(id);
    add_download({.id = id, .time = sim.now() - std::chrono::hours(24 + i)});
  }
  for (int half_days = 0; half_days < 40; ++half_days) {
    REQUIRE_FALSE(cycle().error);
    catalog.list_assets({}, [&](const AssetRow& asset) {
      CHECK(clock.utc() - asset.checked_at.value() + std::chrono::hours(12) <= std::chrono::hours(24 * 7));
      return true;
    });
    advance(std::chrono::hours(12));
    if (half_days == 10) sim.edit([](GettyState& state) { state.images["83454801"].title = "Edited"; });
  }
  CHECK(catalog.find_asset("photo-desk", "83454801")->title == "Edited");
}
