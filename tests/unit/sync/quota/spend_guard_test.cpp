#include "sync/quota/spend_guard.h"

#include <doctest/doctest.h>

#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

using Book = std::vector<std::string>;

// A call that skips the ledger must not compile.
static_assert(!std::is_copy_constructible_v<SpendPermit> && !std::is_copy_assignable_v<SpendPermit>);
static_assert(!std::is_default_constructible_v<SpendPermit> && !std::is_constructible_v<SpendPermit, std::string>);
static_assert(std::is_move_constructible_v<SpendPermit>);

Error with_status(ErrorCode code, int status) {
  Error error = make_error(code, "scripted");
  error.http_status = status;
  return error;
}

/// Asset 1 with license l-1, asset 2 with l-2; files are to be paid for.
struct Bench {
  Bench() {
    provider.charge_for_files(dir / "books");
    provider.add("1", "l-1");
    provider.add("2", "l-2");
    restart();
    bench->hold(provider.history);
    clock.advance(std::chrono::minutes(1));
  }
  void restart() {
    bench.reset();
    bench = std::make_unique<SpendBench>(dir.path(), provider, clock);
  }
  /// The n-th call fails like this, after it was executed.
  void lose_answers(Error error) {
    provider.spend_answer = [error](const License&, const DownloadSource&) -> Result<DownloadSource> { return error; };
  }
  void refuse_calls(Error error) {
    provider.fault = [error](const std::string& call, const std::string&) {
      return call == "acquire" ? std::optional(error) : std::nullopt;
    };
  }
  ErrorCode code_of(const std::string& license_id) {
    const auto answer = bench->acquire(license_id);
    REQUIRE_FALSE(answer.ok());
    return answer.error().code;
  }

  TempDir dir;
  FakeClock clock;
  ScriptedProvider provider;
  std::unique_ptr<SpendBench> bench;
};

const Error kSilence = make_error(ErrorCode::kUnknownOutcome, "sent, but no answer came");

}  // namespace

TEST_CASE_FIXTURE(Bench,
                  "I5 spend guard: a file is paid for once, and while the link is valid it is handed out again") {
  provider.link_expires_at = clock.utc() + std::chrono::hours(24);
  for (int i = 0; i < 3; ++i) {
    const auto source = bench->acquire("l-1");
    REQUIRE(source.ok());
    CHECK(source->url == "https://files.example.org/1.jpg?token=paid");
    CHECK(source->expected_format == "jpg");
    restart();
  }
  CHECK(provider.executions() == 1);
  CHECK(bench->book() == Book{"l-1 spent"});
}

TEST_CASE_FIXTURE(Bench, "I5 spend guard: a link that has run out is never renewed by a second call") {
  provider.link_expires_at = clock.utc() + std::chrono::hours(24);
  REQUIRE(bench->acquire("l-1").ok());
  clock.advance(std::chrono::hours(24));
  const auto late = bench->acquire("l-1");
  REQUIRE_FALSE(late.ok());
  CHECK(late.error().code == ErrorCode::kGone);
  CHECK(late.error().message.find("damsync adopt") != std::string::npos);
  CHECK(late.error().message.find("token") == std::string::npos);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "I5 spend guard: the row is durable before the call is made") {
  std::vector<std::string> seen;
  provider.fault = [&](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call != "acquire") return std::nullopt;
    const auto other = Database::open(dir / "catalog.db", OpenMode::kRead);
    SpendLedger(**other).list({}, [&](const SpendRow& row) { return seen.push_back(row.license_id), true; });
    return std::nullopt;
  };
  REQUIRE(bench->acquire("l-1").ok());
  CHECK(seen == std::vector<std::string>{"l-1"});
}

TEST_CASE_FIXTURE(Bench, "spend guard: without permission nothing is asked for, and the reason is the documented one") {
  bench->rules.may_consume = false;
  const auto answer = bench->acquire("l-1");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().code == ErrorCode::kRefusedByPolicy);
  CHECK(answer.error().message == "would consume quota");
  CHECK(provider.calls().empty());
  CHECK(bench->book().empty());
}

TEST_CASE_FIXTURE(Bench,
                  "spend guard: what was paid for is handed out even when the settings allow no spending any more") {
  REQUIRE(bench->acquire("l-1").ok());
  bench->rules.may_consume = false;
  CHECK(bench->acquire("l-1").ok());
  CHECK(code_of("l-2") == ErrorCode::kRefusedByPolicy);
}

TEST_CASE_FIXTURE(Bench, "spend guard: the budget of a day is not passed, and the next day has its own") {
  bench->rules.budget_per_day = 1;
  REQUIRE(bench->acquire("l-1").ok());
  CHECK(code_of("l-2") == ErrorCode::kRefusedByPolicy);
  CHECK(provider.executions() == 1);
  clock.advance(std::chrono::hours(24));
  CHECK(bench->acquire("l-2").ok());
}

TEST_CASE_FIXTURE(Bench, "D7 spend guard: a full disk stops spending first") {
  bench->rules.min_free = std::numeric_limits<std::int64_t>::max();
  CHECK(code_of("l-1") == ErrorCode::kLowSpace);
  CHECK(provider.calls().empty());
}

TEST_CASE_FIXTURE(Bench, "Q5 spend guard: what cannot be settled is not spent") {
  provider.fault = [](const std::string& call, const std::string&) {
    return call == "spent_on" ? std::optional(with_status(ErrorCode::kUnauthorized, 403)) : std::nullopt;
  };
  CHECK(code_of("l-1") == ErrorCode::kUnauthorized);
  CHECK(provider.count("acquire") == 0);
  CHECK(bench->book().empty());
}

TEST_CASE_FIXTURE(Bench, "Q2 spend guard: requirements of the provider are asked before anything is written down") {
  provider.fault = [](const std::string& call, const std::string&) {
    return call == "may_acquire" ? std::optional(make_error(ErrorCode::kRefusedByPolicy, "needs a project code"))
                                 : std::nullopt;
  };
  CHECK(code_of("l-1") == ErrorCode::kRefusedByPolicy);
  CHECK(provider.count("acquire") == 0);
}

TEST_CASE_FIXTURE(Bench, "T28 Q2 spend guard: a documented refusal closes the row and pauses spending for the cycle") {
  refuse_calls(with_status(ErrorCode::kThrottled, 429));
  CHECK(code_of("l-1") == ErrorCode::kThrottled);
  CHECK(code_of("l-2") == ErrorCode::kThrottled);
  CHECK(provider.count("acquire") == 1);
  CHECK(bench->book() == Book{"l-1 refused"});
  provider.fault = nullptr;
  restart();
  CHECK(bench->acquire("l-1").ok());
  CHECK(bench->book() == Book{"l-1 refused", "l-1 spent"});
}

TEST_CASE_FIXTURE(Bench, "Q1 spend guard: a call that was never sent is not spent and costs no budget") {
  bench->rules.budget_per_day = 1;
  refuse_calls(make_error(ErrorCode::kUnavailable, "connection refused"));
  CHECK(code_of("l-1") == ErrorCode::kUnavailable);
  CHECK(bench->book() == Book{"l-1 not_spent"});
  provider.fault = nullptr;
  CHECK(bench->acquire("l-1").ok());
}

TEST_CASE_FIXTURE(Bench, "Q1 spend guard: silence after a spending call is never answered by a second call") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.spend_answer = nullptr;
  for (int cycle = 0; cycle < 5; ++cycle) {
    restart();
    REQUIRE(bench->settle().ok());
    CHECK_FALSE(bench->acquire("l-1").ok());
    clock.advance(std::chrono::minutes(15));
  }
  CHECK(provider.executions("1") == 1);
  CHECK(bench->book() == Book{"l-1 spent"});
  CHECK(code_of("l-1") == ErrorCode::kGone);
}

TEST_CASE_FIXTURE(Bench, "Q4 spend guard: nothing was spent is believed after two looks a day apart, across restarts") {
  refuse_calls(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.fault = nullptr;
  REQUIRE(bench->settle().ok());
  clock.advance(kSettleTime - Millis(1));
  restart();
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 open"});
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  clock.advance(Millis(1));
  restart();
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 not_spent"});
  CHECK(bench->acquire("l-1").ok());
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "Q4 spend guard: a history that lags within the settle time is waited for") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.spend_answer = nullptr;
  provider.history_lag = 1;
  REQUIRE(bench->settle().ok());
  clock.advance(std::chrono::minutes(5));
  provider.history_lag = 0;
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 spent"});
}

TEST_CASE_FIXTURE(Bench,
                  "Q4 spend guard: a history that lags longer than that is noticed before anything is asked again") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.spend_answer = nullptr;
  provider.history_lag = 1;
  REQUIRE(bench->settle().ok());
  clock.advance(kSettleTime);
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 not_spent"});
  provider.history_lag = 0;
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  CHECK(provider.executions() == 1);
  CHECK(bench->book() == Book{"l-1 not_spent", "l-1 parked"});
  for (int cycle = 0; cycle < 3; ++cycle) {  // a person decides, not time
    REQUIRE(bench->settle().ok());
    clock.advance(kSettleTime);
  }
  CHECK(bench->book() == Book{"l-1 not_spent", "l-1 parked"});
}

TEST_CASE_FIXTURE(Bench, "spend guard: after a person has decided that nothing was spent, it may be asked once more") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.spend_answer = nullptr;
  bench->ledger.decide(bench->ledger.open_rows("newsroom").front().spend_id, SpendOutcome::kNotSpent, "anna",
                       "the provider has cancelled it", clock.utc());
  CHECK(bench->acquire("l-1").ok());
}

TEST_CASE_FIXTURE(Bench, "spend guard: a clock that was set back delays settling and never hurries it") {
  refuse_calls(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  REQUIRE(bench->settle().ok());
  clock.set_utc(clock.utc() - std::chrono::hours(24));
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 open"});
  clock.advance(kSettleTime);
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 not_spent"});
}

TEST_CASE_FIXTURE(Bench,
                  "Q5 spend guard: a history that cannot be read for good parks the row, a moment's trouble does not") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  std::optional<Error> trouble = retryable(ErrorCode::kUnavailable, "timeout");
  provider.fault = [&](const std::string& call, const std::string&) {
    return call == "spent_on" ? trouble : std::nullopt;
  };
  CHECK(bench->settle().error().code == ErrorCode::kUnavailable);
  CHECK(bench->book() == Book{"l-1 open"});
  trouble = with_status(ErrorCode::kUnauthorized, 403);
  CHECK(bench->settle().error().code == ErrorCode::kUnauthorized);
  CHECK(bench->book() == Book{"l-1 parked"});
  const auto answer = bench->acquire("l-1");
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().message.find("damsync spend settle|forget 1 --reason") != std::string::npos);
}

TEST_CASE_FIXTURE(Bench, "spend guard: a history that has shrunk cannot tell and parks the row") {
  lose_answers(kSilence);
  CHECK(code_of("l-1") == ErrorCode::kUnknownOutcome);
  provider.history.clear();
  provider.history_lag = 1;
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 parked"});
}

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: two licenses of the same size share one payment") {
  provider.add("1", "l-1b");
  bench->hold(provider.history);
  REQUIRE(bench->acquire("l-1b").ok());
  CHECK(bench->acquire("l-1").ok());
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench,
                  "Q7 spend guard: a payment that shows up in the history as a license is not paid for in turn") {
  provider.executions_listed = true;
  REQUIRE(bench->acquire("l-1").ok());
  clock.advance(std::chrono::hours(1));
  bench->hold(provider.history);
  const auto own = provider.history.back().license_id;
  REQUIRE(own.starts_with("own-"));
  CHECK(code_of(own) == ErrorCode::kGone);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench,
                  "Q7 spend guard: our own payment is known by the provider's time, too, when our clock was set back") {
  provider.executions_listed = true;
  REQUIRE(bench->acquire("l-1").ok());
  clock.set_utc(clock.utc() - std::chrono::hours(24));
  bench->hold(provider.history);
  CHECK(code_of(provider.history.back().license_id) == ErrorCode::kGone);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "spend guard: another size that was held all along is paid for on its own") {
  provider.add("1", "l-small").size = "small";
  clock.set_utc(clock.utc() - std::chrono::minutes(1));
  bench->hold(provider.history);
  clock.advance(std::chrono::minutes(1));
  REQUIRE(bench->acquire("l-1").ok());
  CHECK(bench->acquire("l-small").ok());
  CHECK(provider.executions() == 2);
  CHECK(bench->book() == Book{"l-1 spent", "l-small spent"});
}

TEST_CASE_FIXTURE(Bench, "Q7 G3 spend guard: two processes pay once") {
  std::optional<ErrorCode> other_code;
  provider.fault = [&](const std::string& call, const std::string&) -> std::optional<Error> {
    if (call != "acquire" || other_code) return std::nullopt;
    other_code = ErrorCode::kInternal;  // the second process comes while the first one's call is on its way
    FakeClock same_time(clock.utc());
    const auto db = *Database::open(dir / "catalog.db", OpenMode::kWrite);
    SpendLedger ledger(*db);
    SpendIntent intent;
    intent.account = "newsroom";
    intent.asset_id = "1";
    intent.license_id = "l-1";
    if (ledger.open(intent, {10, UtcTime{}}).answer == SpendOpening::Answer::kClaimed)
      other_code = ErrorCode::kUnknownOutcome;
    return std::nullopt;
  };
  REQUIRE(bench->acquire("l-1").ok());
  CHECK(other_code == ErrorCode::kUnknownOutcome);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "G1 spend guard: after a stop nothing new is paid for") {
  bench->stop.request_stop();
  CHECK(code_of("l-1") == ErrorCode::kCancelled);
  CHECK(bench->book().empty());
}

TEST_CASE("T24 T30 Q1 spend guard: only what is certain counts as not spent") {
  struct Row {
    ErrorCode code;
    int status;
    CallResult expected;
  };
  for (const auto& row : std::vector<Row>{
           {ErrorCode::kUnavailable, 0, CallResult::kNotSent},
           {ErrorCode::kCancelled, 0, CallResult::kNotSent},
           {ErrorCode::kUnauthorized, 0, CallResult::kNotSent},
           {ErrorCode::kUnauthorized, 401, CallResult::kRefused},
           {ErrorCode::kRefusedByPolicy, 403, CallResult::kRefused},
           {ErrorCode::kNotFound, 404, CallResult::kRefused},
           {ErrorCode::kInvalid, 400, CallResult::kRefused},
           {ErrorCode::kThrottled, 429, CallResult::kRefused},
           {ErrorCode::kUnavailable, 408, CallResult::kUnknown},
           {ErrorCode::kUnavailable, 500, CallResult::kUnknown},
           {ErrorCode::kUnavailable, 503, CallResult::kUnknown},
           {ErrorCode::kThrottled, 503, CallResult::kUnknown},
           {ErrorCode::kRefusedByPolicy, 303, CallResult::kUnknown},
           {ErrorCode::kProtocol, 200, CallResult::kUnknown},
           {ErrorCode::kProtocol, 0, CallResult::kUnknown},
           {ErrorCode::kUnknownOutcome, 0, CallResult::kUnknown},
           {ErrorCode::kUnknownOutcome, 429, CallResult::kUnknown},
           {ErrorCode::kInternal, 0, CallResult::kUnknown},
           {ErrorCode::kStorage, 0, CallResult::kUnknown},
       }) {
    CAPTURE(to_word(row.code));
    CAPTURE(row.status);
    CHECK(judge_call(with_status(row.code, row.status)) == row.expected);
  }
}

}  // namespace damsync
