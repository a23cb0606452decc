#include "daemon/service/account_slots.h"

#include <doctest/doctest.h>

#include <future>

namespace damsync {
namespace {

std::stop_token asked_to_stop() {
  std::stop_source stop;
  stop.request_stop();
  return stop.get_token();
}

}  // namespace

TEST_CASE("account slots: who wants an account that another has waits for it, and a stop ends the waiting") {
  AccountSlots slots;
  std::optional<AccountSlots::Held> first(slots.take({"a", "b"}, {}).value());
  CHECK(slots.taken("a"));
  const auto refused = slots.take({"b", "c"}, asked_to_stop());
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::kCancelled);
  CHECK_FALSE(slots.taken("c"));  // all or none
  CHECK(slots.take({"c"}, asked_to_stop()));

  auto waits = std::async(std::launch::async, [&] { return slots.take({"b", "c"}, {}).ok(); });
  first.reset();
  CHECK(waits.get());
  CHECK_FALSE(slots.taken("b"));
}

}  // namespace damsync
