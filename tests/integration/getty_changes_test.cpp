#include <doctest/doctest.h>

#include "storage/catalog/audit_reader.h"
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

TEST_CASE_FIXTURE(GettyCycle,
                  "I11 getty changes: a channel that is gone leaves a gap, and every asset is looked at after it") {
  const auto& account = settings.account;
  const auto hour_later = [&] {
    advance(std::chrono::hours(1));
    REQUIRE_FALSE(cycle().error);
  };
  add_download({.id = "11", .time = sim.now() - std::chrono::hours(24)});
  sim.edit([](GettyState& state) { state.channels = {GettySimChannel{}}; });
  hour_later();
  hour_later();
  REQUIRE(AuditReader(*db, {}).coverage().size() >= 1);
  sim.edit([](GettyState& state) { state.channels.front().id = 8; });
  hour_later();
  hour_later();

  std::vector<CoverageRow> spans;
  for (const auto& row : AuditReader(*db, {}).coverage())
    if (row.stream == "changes") spans.push_back(row);
  REQUIRE(spans.size() == 2);
  CHECK(spans[1].from - spans[0].to == std::chrono::hours(1));
  CHECK(AuditReader(*db, {}).rechecked_since(account, spans[1].from));
  CHECK_FALSE(AuditReader(*db, {}).rechecked_since(account, clock.utc()));
}

}  // namespace damsync
