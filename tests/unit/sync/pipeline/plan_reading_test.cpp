#include "sync/pipeline/plan_reading.h"

#include <doctest/doctest.h>

#include "storage/catalog/plan_book.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

class ScriptedPlans final : public PlanSource {
 public:
  Result<std::vector<Plan>> plans(std::stop_token) override {
    ++calls;
    if (error) return *error;
    return list;
  }
  std::vector<Plan> list;
  std::optional<Error> error;
  int calls = 0;
};

struct PlanBench : CycleBench {
  void read() { read_plans_if_due(db(), "newsroom", source, clock, quiet, {}); }
  std::vector<Plan> stored() { return PlanBook(db()).plans("newsroom"); }
  ScriptedPlans source;
  Redactor redactor_of_quiet;
  Log quiet{-1, clock, redactor_of_quiet};
};

}  // namespace

TEST_CASE_FIXTURE(PlanBench, "plans: they are read once a day and replace those of the last reading") {
  source.list = {{"s1", "Monthly", "standard", clock.utc(), 350, 317, std::nullopt}, {"s2", "", "", {}, {}, {}, {}}};
  read();
  CHECK(stored() == source.list);
  read();
  CHECK(source.calls == 1);
  source.list.pop_back();
  source.list[0].left = 0;
  clock.advance(std::chrono::hours(25));
  read();
  CHECK(source.calls == 2);
  CHECK(stored() == source.list);
}

TEST_CASE_FIXTURE(PlanBench, "plans: a reading that fails leaves the last one as it was and is tried again") {
  source.list = {{"s1", "Monthly", "standard", {}, 350, 317, {}}};
  read();
  clock.advance(std::chrono::hours(25));
  source.error = make_error(ErrorCode::kUnauthorized, "scope purchases.view is missing");
  read();
  CHECK(stored() == source.list);
  read();
  CHECK(source.calls == 3);
}

TEST_CASE_FIXTURE(PlanBench,
                  "plans: that the account may not read them is noted until they are read, a failure says nothing") {
  const auto refused = [this] { return PlanBook(db()).refused("newsroom"); };
  source.error = make_error(ErrorCode::kUnavailable, "HTTP 503");
  read();
  CHECK_FALSE(refused());
  source.error = make_error(ErrorCode::kUnauthorized, "scope purchases.view is missing");
  read();
  CHECK(refused());
  source.error = make_error(ErrorCode::kUnavailable, "HTTP 503");
  read();
  CHECK(refused());
  source.error.reset();
  read();
  CHECK_FALSE(refused());
}

TEST_CASE_FIXTURE(PlanBench, "K1 plans: a clock that went back does not keep them from being read") {
  read();
  clock.set_utc(clock.utc() - std::chrono::hours(24 * 365));
  read();
  CHECK(source.calls == 2);
}

}  // namespace damsync
