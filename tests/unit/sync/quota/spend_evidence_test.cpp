#include "sync/quota/spend_evidence.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

using Book = std::vector<std::string>;
using namespace std::chrono_literals;

/// One asset with license l-1; its file is to be paid for. The service has a clock of its own.
struct Bench {
  Bench() {
    provider.charge_for_files(dir / "books");
    provider.add("1", "l-1");
    provider.service_clock = [this] { return service.utc(); };
    restart();
    bench->hold(provider.history);
    both(1min);
  }
  void restart(const std::string& account = "newsroom") {
    bench.reset();
    bench = std::make_unique<SpendBench>(dir.path(), provider, clock, account);
  }
  void both(Millis by) {
    clock.advance(by);
    service.advance(by);
  }
  void lose_answers() {
    provider.spend_answer = [](const License&, const DownloadSource&) -> Result<DownloadSource> {
      return make_error(ErrorCode::kUnknownOutcome, "sent, but no answer came");
    };
  }
  Error refusal(const std::string& license_id = "l-1") {
    const auto answer = bench->acquire(license_id);
    REQUIRE_FALSE(answer.ok());
    return answer.error();
  }
  /// Another license of asset 1, as the service tells it from now on.
  License& another(const std::string& license_id, const std::string& size) {
    License license = provider.history.front();
    license.license_id = license_id;
    license.size = size;
    provider.history.push_back(std::move(license));
    return provider.history.back();
  }

  TempDir dir;
  FakeClock clock, service;
  ScriptedProvider provider;
  std::unique_ptr<SpendBench> bench;
};

}  // namespace

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: an account that was given another name pays for nothing a second time") {
  REQUIRE(bench->acquire("l-1").ok());
  restart("renamed");
  bench->hold(provider.history);
  CHECK(bench->acquire("l-1").ok());  // by the link that was paid for under the old name
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: a download by another account of the provider is no license to pay for") {
  provider.executions_listed = true;
  REQUIRE(bench->acquire("l-1").ok());
  both(1h);
  restart("twin");
  bench->hold(provider.history);
  CHECK(refusal(provider.history.back().license_id).code == ErrorCode::kGone);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: a license whose file lies under another account is not paid for") {
  bench->put_file("l-1", FileState::kMirrored);
  restart("twin");
  bench->hold(provider.history);
  const Error error = refusal();
  CHECK(error.code == ErrorCode::kGone);
  CHECK(error.message.find("account newsroom holds the same license") != std::string::npos);
}

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: two accounts share no open call") {
  lose_answers();
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  restart("twin");
  bench->hold(provider.history);
  const Error error = refusal();
  CHECK(error.code == ErrorCode::kUnknownOutcome);
  CHECK(error.message.find("damsync spend settle|forget 1") != std::string::npos);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "M9 spend guard: a file that was in the store and is lost or damaged is never paid for") {
  for (const FileState state : {FileState::kMissing, FileState::kCorrupt}) {
    bench->put_file("l-1", state);
    const Error error = refusal();
    CHECK(error.code == ErrorCode::kGone);
    CHECK(error.message.find("damsync adopt") != std::string::npos);
  }
  CHECK(provider.executions() == 0);
}

TEST_CASE_FIXTURE(Bench, "Q7 spend guard: a license that the service tells in other words is not paid for again") {
  bench->put_file("l-1", FileState::kMirrored);
  another("l-1-told-again", "");
  another("l-other-size", "small");
  bench->hold(provider.history);
  CHECK(refusal("l-1-told-again").code == ErrorCode::kGone);
  CHECK(bench->acquire("l-other-size").ok());
}

TEST_CASE_FIXTURE(Bench, "Q3 spend guard: a download that says a damsync made it is not paid for") {
  another("l-2", "small").details.set("notes", "for page 3 (damsync spend 17)");
  bench->hold(provider.history);
  CHECK(refusal("l-2").code == ErrorCode::kGone);
}

TEST_CASE_FIXTURE(Bench, "Q4 spend guard: what was believed unspent is remembered behind a later refusal") {
  lose_answers();
  provider.history_lag = 1;
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  REQUIRE(bench->settle().ok());
  both(kSettleTime);
  REQUIRE(bench->settle().ok());
  REQUIRE(bench->book() == Book{"l-1 not_spent"});
  provider.fault = [](const std::string& call, const std::string&) {
    Error refused = make_error(ErrorCode::kInvalid, "not now");
    refused.http_status = 400;
    return call == "acquire" ? std::optional(refused) : std::nullopt;
  };
  CHECK(refusal().code == ErrorCode::kInvalid);
  provider.fault = nullptr;
  provider.history_lag = 0;
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  CHECK(provider.executions() == 1);
  CHECK(bench->book() == Book{"l-1 not_spent", "l-1 refused", "l-1 parked"});
}

TEST_CASE_FIXTURE(Bench, "Q4 spend guard: a download that the list of all downloads knows of was paid for") {
  lose_answers();
  provider.executions_listed = true;
  provider.history_lag = 1;
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  bench->hold(provider.history);
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 spent"});
}

TEST_CASE_FIXTURE(Bench, "K1 spend guard: a clock of ours that leaps ahead does not end the wait for the history") {
  lose_answers();
  provider.history_lag = 1;
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  REQUIRE(bench->settle().ok());
  clock.advance(24h * 30);
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 open"});
  service.advance(kSettleTime);
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 not_spent"});
}

TEST_CASE_FIXTURE(Bench, "K1 Q7 spend guard: our own download is known by the service's clock when ours was fast") {
  provider.executions_listed = true;
  clock.advance(48h);
  REQUIRE(bench->acquire("l-1").ok());
  clock.set_utc(clock.utc() - 48h);
  both(1min);
  bench->hold(provider.history);
  CHECK(refusal(provider.history.back().license_id).code == ErrorCode::kGone);
  CHECK(provider.executions() == 1);
}

TEST_CASE_FIXTURE(Bench, "J11 spend guard: a history that shows less than the catalog holds is not believed") {
  provider.history_hidden = 1;
  CHECK(refusal().retry != Retry::kNever);
  CHECK(provider.executions() == 0);
  provider.history_hidden = 0;
  CHECK(bench->acquire("l-1").ok());
}

TEST_CASE_FIXTURE(Bench, "Q4 spend guard: as many downloads as before, but a new one among them, cannot tell") {
  lose_answers();
  provider.executions_listed = true;
  CHECK(refusal().code == ErrorCode::kUnknownOutcome);
  provider.history_hidden = 1;  // an old row fell out when ours came
  REQUIRE(bench->settle().ok());
  CHECK(bench->book() == Book{"l-1 parked"});
}

TEST_CASE_FIXTURE(Bench, "spend guard: after three calls that named no file nothing is paid for until a person looks") {
  for (int i = 2; i <= 6; ++i) provider.add(std::to_string(i), "l-" + std::to_string(i));
  bench->hold(provider.history);
  lose_answers();
  for (const char* license : {"l-1", "l-2", "l-3"}) CHECK(refusal(license).code == ErrorCode::kUnknownOutcome);
  CHECK(refusal("l-4").code == ErrorCode::kRefusedByPolicy);
  restart();
  REQUIRE(bench->settle().ok());
  CHECK(bench->claims() == 3);
  CHECK(refusal("l-4").message.find("damsync spend acknowledge") != std::string::npos);
  CHECK(bench->brake.check("newsroom").error().code == ErrorCode::kGuard);
  CHECK(provider.executions() == 3);
  bench->brake.release();
  provider.spend_answer = nullptr;
  restart();
  CHECK(bench->acquire("l-4").ok());
}

TEST_CASE_FIXTURE(Bench,
                  "Q2 spend guard: what the provider does not have is not asked for again, and costs no budget") {
  provider.add("2", "l-2");
  bench->hold(provider.history);
  bench->rules.budget_per_day = 1;
  provider.fault = [](const std::string& call, const std::string& license) {
    Error unknown = make_error(ErrorCode::kNotFound, "ImageNotFound");
    unknown.http_status = 404;
    return call == "acquire" && license == "l-1" ? std::optional(unknown) : std::nullopt;
  };
  CHECK(refusal().code == ErrorCode::kGone);
  CHECK(bench->acquire("l-2").ok());
}

}  // namespace damsync
