#include "sync/deliver/lane.h"

#include <doctest/doctest.h>

#include "sync/deliver/wanted.h"
#include "tests/support/outbox_bench.h"

namespace damsync {
namespace {

using Names = std::vector<std::string>;

/// Whether the event is of one of the assets `a1` to `aN`.
bool is_among_first(const Event& event, int count) { return std::stoi(event.change.asset_id.substr(1)) <= count; }

struct LaneBench : OutboxBench {
  /// As many rounds as there is something to do.
  void run(OutboxLimits limits = {}) {
    Lane lane(*db, clock, log, cms, limits);
    int rounds = 0;
    while (lane.round({})) REQUIRE(++rounds < 1000);
  }
  std::optional<Millis> next_in() { return Lane(*db, clock, log, cms).next_in(); }
  /// Waits as long as the lane says, then runs.
  void run_next() {
    const auto wait = next_in();
    REQUIRE(wait);
    clock.advance(*wait);
    run();
  }

  RecordingReceiver cms;
};

}  // namespace

TEST_CASE_FIXTURE(LaneBench, "I6 outbox: a new receiver is told what is committed from then on, in feed order") {
  assets(2);
  change("a1");
  outbox.ensure({"cms"});
  change("a2");
  change("a1");
  change("a2");
  run();
  CHECK(cms.got() == Names{"a2/1", "a2/2", "a1/2"});
  CHECK(row().position == 4);
  CHECK(row().delivered == 3);
  CHECK(waiting() == 0);
  CHECK(!next_in());
  run();
  CHECK(cms.got().size() == 3);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a change that fails holds up its own asset and no other") {
  assets(3);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) { return e.change.asset_id == "a1" ? failure() : Outcome{}; };
  for (const char* asset : {"a1", "a2", "a1", "a3"}) change(asset);
  run();
  change("a1");
  change("a2");
  run();
  CHECK(cms.got() == Names{"a2/1", "a3/1", "a2/2"});
  CHECK(cms.tried() == Names{"a1/1", "a2/1", "a3/1", "a2/2"});
  CHECK(waiting() == 3);
  CHECK(!row().failing_since);

  cms.answer = nullptr;
  cms.forget();
  run_next();
  CHECK(cms.got() == Names{"a1/1", "a1/2", "a1/3"});
  CHECK(waiting() == 0);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a change is tried ten times over three days, and then is a dead letter") {
  assets(2);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) { return e.change.asset_id == "a1" ? failure() : Outcome{}; };
  change("a1");
  run();
  using std::chrono::hours;
  using std::chrono::minutes;
  using std::chrono::seconds;
  const Millis waits[] = {seconds(5), minutes(5), minutes(30), hours(2), hours(5),
                          hours(10),  hours(14),  hours(20),   hours(24)};
  for (const Millis wait : waits) {
    CAPTURE(wait.count());
    CHECK(dead() == 0);
    CHECK(next_in().value() >= wait);
    CHECK(next_in().value() <= wait * 11 / 10);
    run_next();
  }
  CHECK(cms.tried().size() == 10);
  CHECK(dead() == 1);
  CHECK(!next_in());

  change("a1");
  cms.answer = nullptr;
  run();
  CHECK_MESSAGE(cms.got() == Names{"a1/2"}, "a dead letter holds nothing up");
  CHECK(outbox.retry({}, clock.utc()) == 1);
  run();
  CHECK(cms.got() == Names{"a1/2", "a1/1"});
  CHECK(dead() == 0);
}

TEST_CASE_FIXTURE(LaneBench, "W1 outbox: a receiver that asks for time is left alone for that long, with everything") {
  assets(3);
  outbox.ensure({"cms"});
  cms.answer = [](const Event&) { return Outcome{Outcome::Kind::kFailed, "answered 503", Millis(600'000)}; };
  for (const char* asset : {"a1", "a2", "a3"}) change(asset);
  run();
  CHECK(cms.tried() == Names{"a1/1"});
  CHECK(next_in() == Millis(600'000));
  clock.advance(Millis(599'000));
  run();
  CHECK(cms.tried().size() == 1);
  cms.answer = nullptr;
  run_next();
  CHECK(cms.got() == Names{"a1/1", "a2/1", "a3/1"});
}

TEST_CASE_FIXTURE(LaneBench,
                  "W1 outbox: a receiver that is gone is told nothing until somebody enables it, and then all") {
  assets(3);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) {
    return e.change.asset_id == "a2" ? Outcome{Outcome::Kind::kGone, "answered 410", std::nullopt} : Outcome{};
  };
  for (const char* asset : {"a1", "a2", "a3"}) change(asset);
  run();
  CHECK(cms.got() == Names{"a1/1"});
  CHECK(row().disabled_at);
  CHECK(row().reason == "answered 410");
  CHECK(!next_in());
  clock.advance(std::chrono::hours(24 * 30));
  cms.answer = nullptr;
  run();
  CHECK(cms.got().size() == 1);

  outbox.enable("cms");
  run();
  CHECK(cms.got() == Names{"a1/1", "a2/1", "a3/1"});
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a receiver that fails is probed, and told everything once it is back") {
  assets(100);
  outbox.ensure({"cms"});
  cms.answer = [](const Event&) { return failure("connection refused"); };
  Names all;
  for (int i = 1; i <= 100; ++i) all.push_back(change("a" + std::to_string(i)).asset_id + "/1");
  run();
  CHECK(cms.tried().size() == 3);
  CHECK(row().failing_since);
  for (int hour = 0; hour < 12; ++hour) {
    clock.advance(std::chrono::hours(1));
    run();
  }
  CHECK(cms.tried().size() <= 3 + 12);
  CHECK(waiting() == 100);
  CHECK(dead() == 0);
  CHECK(next_in().value() <= std::chrono::minutes(17));

  cms.answer = nullptr;
  run_next();
  auto got = cms.got();
  std::sort(got.begin(), got.end());
  std::sort(all.begin(), all.end());
  CHECK(got == all);
  CHECK(!row().failing_since);
  CHECK(waiting() == 0);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a single asset that nobody likes does not make its receiver a failing one") {
  assets(2);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) { return e.change.asset_id == "a1" ? failure() : Outcome{}; };
  change("a1");
  for (int i = 0; i < 5; ++i) run(), clock.advance(std::chrono::hours(30));
  run();
  CHECK(cms.tried().size() >= 5);
  change("a2");
  run();
  CHECK(cms.got() == Names{"a2/1"});
}

TEST_CASE_FIXTURE(LaneBench, "outbox: assets that a receiver refuses, however many, hold up nothing but themselves") {
  constexpr int kBad = 30, kAll = 80;
  assets(kAll);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) { return is_among_first(e, kBad) ? refusal() : Outcome{}; };
  for (int i = 1; i <= kAll; ++i) change("a" + std::to_string(i));
  run();
  CHECK(cms.got().size() == kAll - kBad);
  CHECK(!row().failing_since);
  CHECK(waiting() == kBad);
  CHECK(next_in().value() >= Millis(5'000));
  CHECK(dead() == 0);

  cms.answer = nullptr;
  run_next();
  clock.advance(Millis(1'000));
  run();
  CHECK(cms.got().size() == kAll);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a receiver that fails with many assets is soon probed with one it takes") {
  constexpr int kBad = 30, kAll = 80;
  assets(kAll);
  outbox.ensure({"cms"});
  cms.answer = [](const Event& e) { return is_among_first(e, kBad) ? failure() : Outcome{}; };
  for (int i = 1; i <= kAll; ++i) change("a" + std::to_string(i));
  run();
  CHECK(row().failing_since);
  const UtcTime begun = clock.utc();
  while (cms.got().empty()) run_next();
  CHECK(clock.utc() - begun < std::chrono::hours(8));
  CHECK(cms.got().size() == kAll - kBad);
  CHECK(dead() == 0);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a receiver that refuses what it is probed with is back") {
  assets(6);
  outbox.ensure({"cms"});
  cms.answer = [](const Event&) { return failure("connection refused"); };
  for (int i = 1; i <= 6; ++i) change("a" + std::to_string(i));
  run();
  REQUIRE(row().failing_since);
  cms.answer = [](const Event& e) { return e.change.asset_id == "a4" ? refusal() : Outcome{}; };
  run_next();
  CHECK(!row().failing_since);
  CHECK(cms.got().size() == 5);
  CHECK(waiting() == 1);
}

TEST_CASE_FIXTURE(LaneBench, "W3 outbox: what waits for a failing receiver is bounded, and the oldest are given up") {
  assets(40);
  outbox.ensure({"cms"});
  cms.answer = [](const Event&) { return failure(); };
  for (int i = 1; i <= 40; ++i) change("a" + std::to_string(i));
  const OutboxLimits few{.rows = 10};
  run(few);
  clock.advance(std::chrono::hours(1));
  run(few);
  CHECK(waiting() == 10);
  CHECK(dead() == 30);

  clock.advance(std::chrono::hours(24 * 8));
  run(few);
  CHECK(waiting() == 0);
  CHECK(dead() == 40);
  std::vector<std::string> reasons;
  outbox.list({}, [&](const DeliveryRow& d) { return reasons.push_back(d.reason), true; });
  CHECK(reasons.front().starts_with("too many waited"));
  CHECK(reasons.back().starts_with("waited too long"));
}

TEST_CASE_FIXTURE(LaneBench,
                  "K1 outbox: a receiver that failed while the clock was ahead is tried again when it is right") {
  for (const bool asked_for_time : {false, true}) {
    CAPTURE(asked_for_time);
    LaneBench bench;
    bench.assets(5);
    bench.outbox.ensure({"cms"});
    const auto wait = asked_for_time ? std::optional<Millis>(600'000) : std::nullopt;
    bench.cms.answer = [&](const Event&) { return Outcome{Outcome::Kind::kFailed, "answered 503", wait}; };
    for (int i = 1; i <= 5; ++i) bench.change("a" + std::to_string(i));
    const UtcTime right = bench.clock.utc();
    bench.clock.set_utc(right + std::chrono::hours(24));
    bench.run();
    REQUIRE(bench.cms.got().empty());
    bench.clock.set_utc(right);
    CHECK(bench.next_in() == Millis(0));

    bench.clock.advance(Millis(1));
    bench.run();
    CHECK(bench.next_in().value() > Millis(0));  // what it says now holds
    bench.cms.answer = nullptr;
    for (int i = 0; i < 3; ++i) bench.clock.advance(std::chrono::minutes(20)), bench.run();
    CHECK(bench.cms.got().size() == 5);
  }
}

TEST_CASE_FIXTURE(LaneBench,
                  "K1 outbox: a clock that jumps ahead makes nothing too old that waits for a failing receiver") {
  assets(5);
  outbox.ensure({"cms"});
  cms.answer = [](const Event&) { return failure(); };
  for (int i = 1; i <= 5; ++i) change("a" + std::to_string(i));
  Lane lane(*db, clock, log, cms);
  while (lane.round({})) continue;
  REQUIRE(row().failing_since);
  const auto queued = waiting();
  REQUIRE(queued > 0);
  const UtcTime right = clock.utc();
  clock.set_utc(right + std::chrono::hours(24 * 30));
  while (lane.round({})) continue;
  CHECK(dead() == 0);
  clock.set_utc(right);
  clock.advance(std::chrono::hours(24 * 8));
  while (lane.round({})) continue;
  CHECK(dead() == queued);  // so long those really waited
}

TEST_CASE_FIXTURE(LaneBench, "W4 outbox: what was handed over and not noted is handed over again, with the same id") {
  assets(2);
  outbox.ensure({"cms"});
  change("a1");
  change("a2");
  db->set_fault_hook([](std::string_view sql) { return sql.starts_with("UPDATE receiver") ? 13 : 0; });
  CHECK_THROWS_AS(run(), DatabaseError);
  db->set_fault_hook(nullptr);
  run();
  const auto events = cms.events();
  REQUIRE(events.size() == 4);
  CHECK(events[0].change.id == events[2].change.id);
  CHECK(events[0].body == events[2].body);
  CHECK(events[1].change.id == events[3].change.id);
}

TEST_CASE_FIXTURE(LaneBench, "I6 outbox: a change whose transaction was undone is told to nobody") {
  assets(1);
  outbox.ensure({"cms"});
  {
    Transaction undone(*db);
    journal.append(sample_change(EventType::kAssetUpdated, "a1"));
  }
  run();
  CHECK(cms.tried().empty());
}

TEST_CASE_FIXTURE(LaneBench, "outbox: what a receiver does not want is passed over for good") {
  assets(2);
  outbox.ensure({"cms"});
  cms.wanted.events = {"license.*"};
  change("a1");
  change("a2", EventType::kLicenseAdded, "l2");
  change("a2");
  run();
  CHECK(cms.got() == Names{"a2/1"});
  CHECK(row().position == 3);
  cms.wanted = {};
  cms.wanted.license_types = {"enhanced"};
  change("a2", EventType::kLicenseChanged, "l2");
  run();
  CHECK(cms.got().size() == 1);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: replaying tells everything after a position again, whatever waited") {
  assets(2);
  outbox.ensure({"cms"});
  change("a1");
  change("a2");
  run();
  cms.answer = [](const Event& e) { return e.change.asset_id == "a1" ? failure() : Outcome{}; };
  change("a1");
  run();
  CHECK(waiting() == 1);
  cms.answer = nullptr;
  cms.forget();
  outbox.rewind("cms", 1);
  CHECK(count_wanted(*db, cms.wanted, row().position) == 2);
  run();
  CHECK(cms.got() == Names{"a2/1", "a1/2"});
}

TEST_CASE_FIXTURE(LaneBench, "outbox: a replay that is asked for while a change is on its way is not forgotten") {
  assets(3);
  outbox.ensure({"cms"});
  for (const char* asset : {"a1", "a2", "a3"}) change(asset);
  run();
  cms.forget();
  bool asked = false;
  cms.answer = [&](const Event&) {
    if (!std::exchange(asked, true)) outbox.rewind("cms", 0);
    return Outcome{};
  };
  change("a1");
  run();
  CHECK(cms.got() == Names{"a1/2", "a1/1", "a1/2", "a2/1", "a3/1"});
}

TEST_CASE_FIXTURE(LaneBench, "outbox: what waits is what is wanted") {
  assets(2);
  outbox.ensure({"cms"});
  cms.wanted.license_types = {"enhanced"};
  change("a1");
  change("a2", EventType::kLicenseAdded, "l2");
  CHECK(count_wanted(*db, cms.wanted, 0) == 0);
  cms.wanted.license_types = {"standard"};
  CHECK(count_wanted(*db, cms.wanted, 0) == 2);
  CHECK(count_wanted(*db, cms.wanted, 1) == 1);
  cms.wanted = {};
  cms.wanted.events = {"license.*"};
  CHECK(count_wanted(*db, cms.wanted, 0) == 1);
}

TEST_CASE_FIXTURE(LaneBench, "outbox: several senders keep the order of each asset") {
  assets(8);
  outbox.ensure({"cms"});
  cms.threads = 4;
  for (int i = 0; i < 200; ++i) change("a" + std::to_string(i % 8 + 1));
  run();
  std::map<std::string, std::int64_t> revisions;
  for (const Event& event : cms.events()) CHECK(event.change.revision == ++revisions[event.change.asset_id]);
  CHECK(cms.got().size() == 200);
}

}  // namespace damsync
