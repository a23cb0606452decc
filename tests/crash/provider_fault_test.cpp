#include <doctest/doctest.h>

#include <atomic>

#include "tests/crash/trial.h"

namespace damsync {
namespace {

enum class Times { kOnce, kFromThenOn };

/// Counts the questions to the provider and its file host, and leaves the chosen ones without a good answer.
class Silence {
 public:
  Silence(CycleBench& bench, long at, Times times, Error error)
      : bench_(bench), at_(at), times_(times), error_(std::move(error)) {
    bench.provider.fault = [this](const std::string&, const std::string&) { return next(); };
    bench.host_fault = [this](const std::string&) { return next(); };
  }
  ~Silence() {
    bench_.provider.fault = nullptr;
    bench_.host_fault = nullptr;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  [[nodiscard]] long calls() const noexcept { return calls_; }

 private:
  std::optional<Error> next() {
    const long call = ++calls_;
    if (at_ == 0 || call < at_ || (times_ == Times::kOnce && call > at_)) return std::nullopt;
    return error_;
  }

  CycleBench& bench_;
  long at_;
  Times times_;
  Error error_;
  std::atomic<long> calls_{0};
};

Error server_error() {
  Error error = retryable(ErrorCode::kUnavailable, "injected: the server answered 500");
  error.http_status = 500;
  return error;
}

long count_calls(const Stage& stage) {
  Trial trial(stage);
  const Silence none(trial.bench(), 0, Times::kOnce, {});
  REQUIRE_FALSE(trial.bench().cycle().error);
  return none.calls();
}

void fail_at(const Stage& stage, long at, Times times, const Error& error) {
  CAPTURE(at);
  CAPTURE(error.message);
  CAPTURE(static_cast<int>(times));
  Trial trial(stage);
  {
    const Silence silence(trial.bench(), at, times, error);
    const auto summary = trial.bench().cycle();
    REQUIRE(silence.calls() >= at);
    if (summary.error) CHECK(summary.error->code == error.code);
    if (!summary.error && summary.files_failed + summary.assets_failed == 0) CHECK(trial.unlike_wanted() == "");
    if (error.code == ErrorCode::kUnauthorized) CHECK(summary.error.has_value());
  }
  trial.check_recovery(at % 2 == 0);
}

void fail_every_call(Moment moment) {
  const Stage stage(moment);
  const Error errors[] = {retryable(ErrorCode::kUnavailable, "injected: no answer in time"),
                          retryable(ErrorCode::kProtocol, "injected: the answer was cut"), server_error(),
                          make_error(ErrorCode::kUnauthorized, "injected: not with these credentials")};
  std::size_t turn = 0;
  for (const long at : points_up_to(count_calls(stage), 7, 2)) {
    for (const Error& error : errors) {
      if (!all_points() && &error != &errors[turn % std::size(errors)]) continue;
      fail_at(stage, at, Times::kOnce, error);
      fail_at(stage, at, Times::kFromThenOn, error);
    }
    ++turn;
  }
}

}  // namespace

TEST_CASE("I3 fault: a first cycle whose provider fails at any call says so, and the next one makes good") {
  fail_every_call(Moment::kFirst);
}

TEST_CASE("I3 I7 I8 fault: a cycle with losses whose provider fails at any call says so, and the next makes good") {
  fail_every_call(Moment::kSecond);
}

TEST_CASE("I3 fault: a cycle over several pages whose provider fails at any call says so, and the next makes good") {
  fail_every_call(Moment::kThird);
}

}  // namespace damsync
