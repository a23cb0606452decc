#include "daemon/absence.h"

#include <doctest/doctest.h>

#include "tests/support/photo_desk.h"

using namespace damsync;

TEST_CASE_FIXTURE(PhotoDesk, "T29 absence: an account over its daily limit is left alone until the day is over") {
  CHECK_FALSE(poll().error);
  limit(0);
  const auto before = calls();

  const auto told = poll();

  REQUIRE(told.error);
  CHECK(told.error->code == ErrorCode::kThrottled);
  CHECK(calls() == before + 1);
  for (int i = 0; i < 3; ++i) {
    const auto summary = poll();
    REQUIRE(summary.error);
    CHECK(summary.error->code == ErrorCode::kThrottled);
    CHECK(summary.error->message.find("daily limit") != std::string::npos);
    CHECK(summary.calls_free == 0);
  }
  restart();
  CHECK(poll().error);
  CHECK(calls() == before + 1);

  limit(std::nullopt);
  advance(std::chrono::hours(24));
  CHECK_FALSE(poll().error);
  CHECK(calls() > before + 1);
  restart();
  CHECK_FALSE(poll().error);
}

TEST_CASE_FIXTURE(PhotoDesk, "T29 absence: a person may try before the day is over, what comes of it counts") {
  limit(0);
  CHECK(poll().error);
  const auto before = calls();
  advance(std::chrono::minutes(2));  // the token endpoint is asked at most once a minute
  CHECK(sync().error);
  CHECK(calls() == before + 1);
  CHECK(poll().error);
  CHECK(calls() == before + 1);

  limit(std::nullopt);
  advance(std::chrono::minutes(2));
  CHECK_FALSE(sync().error);
  CHECK_FALSE(poll().error);
}

TEST_CASE_FIXTURE(PhotoDesk, "K1 absence: a clock that is set back does not keep an account away") {
  limit(0);
  CHECK(poll().error);
  limit(std::nullopt);
  clock.set_utc(clock.utc() - std::chrono::hours(48));
  CHECK_FALSE(poll().error);
}
