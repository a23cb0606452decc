#include "daemon/service/account_slots.h"

#include <doctest/doctest.h>

#include <future>
#include <optional>

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
  std::optional<AccountSlots::Held> first(slots.take("a", {}).value());
  CHECK(slots.wanted("a"));
  CHECK_FALSE(slots.wanted("b"));
  const auto refused = slots.take("a", asked_to_stop());
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::kCancelled);
  CHECK(slots.take("b", asked_to_stop()));

  auto waits = std::async(std::launch::async, [&] { return slots.take("a", {}).ok(); });
  first.reset();
  CHECK(waits.get());
  CHECK_FALSE(slots.wanted("a"));
}

TEST_CASE("account slots: who asks first has the account first, and who gives up keeps nobody from his turn") {
  AccountSlots slots;
  std::optional<AccountSlots::Held> held(slots.take("a", {}).value());
  std::stop_source gives_up;
  std::promise<void> second_has_it, let_go;
  auto first = std::async(std::launch::async, [&] { return slots.take("a", gives_up.get_token()).ok(); });
  gives_up.request_stop();
  CHECK_FALSE(first.get());
  auto second = std::async(std::launch::async, [&] {
    const auto own = slots.take("a", {});
    second_has_it.set_value();
    let_go.get_future().wait();
    return own.ok();
  });
  held.reset();
  second_has_it.get_future().wait();
  CHECK_FALSE(slots.take("a", asked_to_stop()));  // he has it until he lets go
  let_go.set_value();
  CHECK(second.get());
  CHECK(slots.take("a", asked_to_stop()));
}

}  // namespace damsync
