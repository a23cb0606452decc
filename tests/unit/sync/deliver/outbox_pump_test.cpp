#include "sync/deliver/outbox_pump.h"

#include <doctest/doctest.h>

#include <future>
#include <thread>

#include "tests/support/outbox_bench.h"

namespace damsync {
namespace {

using Names = std::vector<std::string>;

/// Waits for what another thread does; a test that never sees it fails.
template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

struct PumpBench : OutboxBench {
  RecordingReceiver& add(const std::string& name) {
    receivers.push_back(std::make_unique<RecordingReceiver>(name));
    return static_cast<RecordingReceiver&>(*receivers.back());
  }
  OutboxPump& pump() {
    if (!pump_) pump_.emplace(*db, clock, log, std::move(receivers));
    return *pump_;
  }
  std::vector<std::unique_ptr<Receiver>> receivers;
  std::optional<OutboxPump> pump_;
};

}  // namespace

TEST_CASE_FIXTURE(PumpBench, "outbox pump: without receivers there is nothing to wait for") { CHECK(!pump().pump({})); }

TEST_CASE_FIXTURE(PumpBench, "outbox pump: a slow receiver delays no other, nor what is committed meanwhile") {
  assets(2);
  RecordingReceiver& slow = add("slow");
  RecordingReceiver& quick = add("quick");
  std::promise<void> release;
  const auto released = release.get_future().share();
  slow.answer = [released](const Event&) { return released.wait(), Outcome{}; };
  pump();
  change("a1");
  auto pumping = std::async(std::launch::async, [this] { return pump().pump({}); });
  CHECK(comes_true([&] { return quick.got().size() == 1; }));
  change("a2");
  CHECK(comes_true([&] { return quick.got().size() == 2; }));
  CHECK(slow.got().empty());
  release.set_value();
  CHECK(!pumping.get());
  CHECK(slow.got() == Names{"a1/1", "a2/1"});
  CHECK(quick.got() == Names{"a1/1", "a2/1"});
}

TEST_CASE_FIXTURE(PumpBench, "W1 outbox pump: nobody who writes to the catalog waits for a receiver that hangs") {
  assets(2);
  RecordingReceiver& slow = add("slow");
  std::atomic<bool> reached = false;
  std::promise<void> release;
  const auto released = release.get_future().share();
  slow.answer = [&reached, released](const Event&) { return reached = true, released.wait(), Outcome{}; };
  pump();
  change("a1");
  auto pumping = std::async(std::launch::async, [this] { return pump().pump({}); });
  REQUIRE(comes_true([&] { return reached.load(); }));
  auto writing = std::async(std::launch::async, [this] { return change("a2").seq; });
  CHECK(writing.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  release.set_value();
  pumping.get();
}

TEST_CASE_FIXTURE(PumpBench, "outbox pump: tells how long until a failed change is due again") {
  assets(1);
  RecordingReceiver& cms = add("cms");
  cms.answer = [](const Event&) { return failure(); };
  pump();
  change("a1");
  const auto wait = pump().pump({});
  REQUIRE(wait);
  CHECK(*wait >= Millis(5'000));
  CHECK(*wait <= Millis(5'500));
  clock.advance(*wait);
  cms.answer = nullptr;
  CHECK(!pump().pump({}));
  CHECK(cms.got() == Names{"a1/1"});
}

TEST_CASE_FIXTURE(PumpBench, "G1 outbox pump: a stop ends it, and what was not tried is told by the next") {
  assets(3);
  RecordingReceiver& cms = add("cms");
  std::stop_source stop;
  cms.answer = [&](const Event& e) { return e.change.asset_id == "a2" ? stop.request_stop() : false, Outcome{}; };
  pump();
  for (const char* asset : {"a1", "a2", "a3"}) change(asset);
  pump().pump(stop.get_token());
  CHECK(cms.got() == Names{"a1/1", "a2/1"});
  cms.answer = nullptr;
  pump().pump({});
  CHECK(cms.got() == Names{"a1/1", "a2/1", "a3/1"});
}

TEST_CASE_FIXTURE(PumpBench, "outbox pump: a catalog that cannot be written ends it with its error") {
  assets(1);
  add("cms");
  add("dam");
  pump();
  change("a1");
  db->set_fault_hook([](std::string_view sql) { return sql.starts_with("UPDATE receiver") ? 13 : 0; });
  CHECK_THROWS_AS(pump().pump({}), DatabaseError);
}

}  // namespace damsync
