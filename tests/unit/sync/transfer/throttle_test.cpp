#include "sync/transfer/throttle.h"

#include <doctest/doctest.h>

#include "tests/support/fake_clock.h"

namespace damsync {
namespace {

/// How long it takes to receive so much, in pieces.
Millis time_for(Throttle& throttle, FakeClock& clock, std::int64_t bytes, std::int64_t piece) {
  const auto begun = clock.steady();
  for (std::int64_t done = 0; done < bytes; done += piece) CHECK(throttle.take(piece, {}).ok());
  return std::chrono::ceil<Millis>(clock.steady() - begun);
}

}  // namespace

TEST_CASE("throttle: what several transfers receive together keeps the rate") {
  FakeClock clock;
  Throttle throttle(clock, [](UtcTime) { return std::int64_t{1} << 20; });
  const Millis took = time_for(throttle, clock, 20 << 20, 256 << 10);
  CHECK(took >= std::chrono::milliseconds(19'700));
  CHECK(took <= std::chrono::milliseconds(20'300));
}

TEST_CASE("throttle: without a limit nobody waits, and what came before is forgiven") {
  FakeClock clock;
  std::int64_t limit = 0;
  Throttle throttle(clock, [&](UtcTime) { return limit; });
  CHECK(time_for(throttle, clock, 100 << 20, 1 << 20) == Millis(0));
  CHECK_FALSE(throttle.limits());
  limit = 1 << 20;
  CHECK(throttle.limits());
  CHECK(time_for(throttle, clock, 1 << 20, 1 << 20) <= Millis(1'000));
}

TEST_CASE("throttle: a limit that ends holds nobody back, and a stop neither") {
  FakeClock clock;
  const UtcTime end = clock.utc() + std::chrono::seconds(3);
  Throttle throttle(clock, [&](UtcTime now) { return now < end ? std::int64_t{1024} : 0; });
  CHECK(throttle.take(1 << 20, {}).ok());
  CHECK(clock.utc() <= end + std::chrono::seconds(1));
  std::stop_source stop;
  stop.request_stop();
  clock.set_utc(end - std::chrono::seconds(3));
  CHECK(throttle.take(1 << 20, stop.get_token()).error().code == ErrorCode::kCancelled);
}

}  // namespace damsync
