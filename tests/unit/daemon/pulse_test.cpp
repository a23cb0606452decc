#include "daemon/service/pulse.h"

#include <doctest/doctest.h>

#include "sync/http/rate_limiter.h"
#include "tests/support/fake_clock.h"

namespace damsync {

using namespace std::chrono_literals;

TEST_CASE("X8 pulse: a worker whose calls come so slowly that none has to wait is not taken for stuck") {
  FakeClock time;
  Vitals vitals(time);
  Pulse pulse(vitals, "newsroom", "polling newsroom");
  PulsingClock clock(time, pulse);
  RateLimiter limiter(clock, {5.0, 5});
  for (int call = 0; call < 3; ++call) {
    time.advance(Vitals::kPatience - 1s);
    CHECK(limiter.acquire({}));
  }
  CHECK(vitals.view().stuck_workers().empty());
  time.advance(Vitals::kPatience + 1ms);
  CHECK(vitals.view().stuck_workers() == std::vector<std::string>{"newsroom"});
}

}  // namespace damsync
