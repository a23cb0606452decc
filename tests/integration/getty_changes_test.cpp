#include <doctest/doctest.h>

#include "tests/support/getty_cycle.h"

namespace damsync {

TEST_CASE_FIXTURE(GettyCycle,
                  "F8 getty changes: a deletion of an asset never seen is recorded in the catalog, no error") {
  sim.edit([](GettyState& state) {
    GettySimChannel channel;
    channel.queue.push_back({.id = "555", .lifecycle = "Delete", .time = FakeClock().utc() - std::chrono::hours(1)});
    state.channels = {channel};
  });

  const AccountSummary summary = cycle();

  CHECK_FALSE(summary.error);
  CHECK(summary.items_rejected == 0);
  CHECK(catalog.counts(settings.account).quarantined == 0);
  CHECK_FALSE(catalog.find_asset(settings.account, "555"));
  CHECK(catalog.setting("tombstones photo-desk").find(R"("id":"555")") != std::string::npos);
}

}  // namespace damsync
