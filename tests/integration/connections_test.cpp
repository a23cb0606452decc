#include "daemon/connections.h"

#include <doctest/doctest.h>

#include "tests/support/photo_desk.h"

using namespace damsync;

TEST_CASE_FIXTURE(PhotoDesk, "connections: a token serves many cycles, and each cycle counts its own calls") {
  sim.edit([](GettyState& state) { state.switches.token_lifetime = std::chrono::hours(24); });
  std::int64_t told = 0;
  for (int i = 0; i < 4; ++i) {
    const auto summary = poll();
    CHECK_FALSE(summary.error);
    told += summary.calls_free;
    CHECK(told == calls());
  }
  CHECK(sim.books().tokens_issued == 1);
}

TEST_CASE_FIXTURE(PhotoDesk, "connections: a secret that was put in its file anew is noticed by the next cycle") {
  CHECK_FALSE(poll().error);
  sim.edit([](GettyState& state) {
    state.passwords["anna"] = "another-password";
    state.tokens.clear();
  });
  put_password("another-password");
  CHECK_FALSE(poll().error);
  CHECK(sim.books().tokens_issued == 2);
}

TEST_CASE_FIXTURE(PhotoDesk, "connections: changed settings and a reload make a new connection, nothing else does") {
  sim.edit([](GettyState& state) { state.switches.token_lifetime = std::chrono::hours(24); });
  CHECK_FALSE(poll().error);
  program.accounts.front().budget_per_day = 7;  // no matter of the connection
  CHECK_FALSE(poll().error);
  CHECK(sim.books().tokens_issued == 1);
  program.accounts.front().provider.company_downloads = true;
  CHECK_FALSE(poll().error);
  CHECK(sim.books().tokens_issued == 2);
  connections->forget();
  CHECK_FALSE(poll().error);
  CHECK(sim.books().tokens_issued == 3);
}

TEST_CASE_FIXTURE(
    PhotoDesk,
    "connections: credits that the service refuses to list are asked for once, and with each complete listing") {
  sim.edit([](GettyState& state) { state.switches.credits_entitled = false; });
  const auto refused = [&] {
    std::int64_t count = 0;
    for (const auto& [text, times] : sim.books().refusals) count += text.starts_with("GET /v3/downloads:") ? times : 0;
    return count;
  };
  for (int i = 0; i < 3; ++i) CHECK_FALSE(poll().error);
  CHECK(refused() == 1);
  advance(std::chrono::hours(24 * 8));
  CHECK_FALSE(poll().error);
  CHECK(refused() == 2);
}
