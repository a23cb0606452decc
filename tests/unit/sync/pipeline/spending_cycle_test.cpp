#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "storage/ledger/spend_ledger.h"
#include "sync/pipeline/test_image.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

/// Two assets whose files are to be paid for.
struct PayBench : CycleBench {
  PayBench() {
    provider.charge_for_files(dir / "books");
    provider.add("1", "l-1");
    provider.add("2", "l-2");
  }
  void allow(std::int64_t budget = 100) {
    policy.spending.may_consume = true;
    policy.spending.budget_per_day = budget;
  }
  FileRow file(const std::string& license_id) { return *catalog().find_file("newsroom", license_id); }
  std::vector<std::string> outcomes() {
    std::vector<std::string> out;
    SpendLedger(db()).list({}, [&](const SpendRow& row) {
      out.push_back(row.license_id + " " + (row.outcome ? to_word(*row.outcome) : "open"));
      return true;
    });
    return out;
  }
};

}  // namespace

TEST_CASE_FIXTURE(PayBench,
                  "cycle: a file that only a spending call can fetch is blocked unless the settings allow it") {
  const auto first = cycle();
  CHECK(first.files_blocked == 2);
  CHECK(first.files_failed == 0);
  CHECK_FALSE(first.error);
  CHECK(file("l-1").state == FileState::kBlocked);
  CHECK(file("l-1").reason == "would consume quota");
  CHECK(cycle().files_blocked == 0);
  CHECK(provider.executions() == 0);
  CHECK(visible_files().count(path_of("1")) == 0);
}

TEST_CASE_FIXTURE(PayBench, "cycle: once the settings allow it, blocked files are paid for, each once") {
  (void)cycle();
  allow();
  const auto summary = cycle();
  CHECK(summary.files_mirrored == 2);
  CHECK(file("l-1").state == FileState::kMirrored);
  CHECK(file("l-1").reason.empty());
  (void)cycle();
  CHECK(provider.executions("1") == 1);
  CHECK(provider.executions("2") == 1);
  CHECK(outcomes() == std::vector<std::string>{"l-1 spent", "l-2 spent"});
  CHECK(provider.count("refetch") == 0);
}

TEST_CASE_FIXTURE(PayBench, "cycle: what the budget does not cover waits for the next day and is no failure") {
  allow(1);
  const auto summary = cycle();
  CHECK(summary.files_mirrored == 1);
  CHECK(summary.files_failed + summary.files_blocked == 0);
  CHECK(file("l-2").state == FileState::kPending);
  CHECK(file("l-2").reason.find("budget") != std::string::npos);
  clock.advance(std::chrono::hours(24));
  CHECK(cycle().files_mirrored == 1);
  CHECK(provider.executions() == 2);
}

TEST_CASE_FIXTURE(PayBench, "cycle: a transfer that fails is taken up again with the link that was paid for") {
  allow();
  provider.link_expires_at = clock.utc() + std::chrono::hours(24);
  policy.transfer.attempts = 1;
  bodies["1"] = "not an image";
  CHECK(cycle().files_failed == 1);
  CHECK(file("l-1").state == FileState::kFailed);
  bodies.clear();
  policy.ignore_backoff = true;
  reopen();
  CHECK(cycle().files_mirrored == 1);
  CHECK(provider.executions("1") == 1);
}

TEST_CASE_FIXTURE(PayBench,
                  "cycle: when the paid link has run out without a file, it is reported and not paid for again") {
  allow();
  provider.link_expires_at = clock.utc() + std::chrono::hours(24);
  policy.transfer.attempts = 1;
  bodies["1"] = "not an image";
  (void)cycle();
  clock.advance(std::chrono::hours(25));
  policy.ignore_backoff = true;
  (void)cycle();
  CHECK(file("l-1").state == FileState::kBlocked);
  CHECK(file("l-1").reason.find("already paid for") != std::string::npos);
  CHECK(provider.executions("1") == 1);
}

TEST_CASE_FIXTURE(PayBench,
                  "I5 Q1 cycle: an outcome that is not known is settled before anything else, without a second call") {
  allow();
  provider.spend_answer = [](const License& license, DownloadSource source) -> Result<DownloadSource> {
    if (license.asset_id == "1") return make_error(ErrorCode::kUnknownOutcome, "no answer");
    return source;
  };
  CHECK(cycle().files_failed == 1);
  CHECK(outcomes() == std::vector<std::string>{"l-1 open", "l-2 spent"});
  policy.ignore_backoff = true;
  provider.forget_calls();
  reopen();
  (void)cycle();
  CHECK(provider.calls().front() == "spent_on 1");
  CHECK(outcomes() == std::vector<std::string>{"l-1 spent", "l-2 spent"});
  CHECK(file("l-1").state == FileState::kBlocked);
  CHECK(provider.executions("1") == 1);
}

TEST_CASE_FIXTURE(PayBench, "Q7 cycle: our own downloads come back as licenses and are never paid for, however often") {
  allow();
  provider.executions_listed = true;
  policy.ignore_backoff = true;
  for (int day = 0; day < 4; ++day) {
    policy.full = true;
    (void)cycle();
    clock.advance(std::chrono::hours(24));
  }
  CHECK(provider.executions("1") == 1);
  CHECK(provider.executions("2") == 1);
  CHECK(files("mirrored").size() == 2);
}

TEST_CASE_FIXTURE(PayBench, "cycle: a test image instead of the asset is noticed by its bytes and not published") {
  allow();
  bodies["1"] = bodies["2"] = tiny_jpeg(600, 400, "the same picture for every asset");
  const auto summary = cycle();
  CHECK(summary.files_mirrored == 1);
  CHECK(summary.files_failed == 1);
  CHECK(file("l-2").reason.find("test image") != std::string::npos);
  policy.ignore_backoff = true;
  reopen();
  CHECK(cycle().files_failed == 1);
  CHECK(visible_files().count(path_of("2")) == 0);
  CHECK(provider.executions("2") == 1);
}

TEST_CASE_FIXTURE(PayBench, "cycle: a dry run says what would be spent and spends nothing") {
  (void)cycle();
  db().execute("UPDATE file SET state = 'pending', reason = ''");
  policy.dry_run = true;
  plan.clear();
  (void)cycle();
  REQUIRE_FALSE(plan.empty());
  CHECK(plan.back().action == "block");
  CHECK(plan.back().detail == "would consume quota");
  allow();
  plan.clear();
  (void)cycle();
  CHECK(plan.back().action == "spend");
  CHECK(provider.executions() == 0);
}

TEST_CASE_FIXTURE(PayBench,
                  "cycle: a file that was lost after it was paid for is not paid for again and keeps its row") {
  allow();
  provider.link_expires_at = clock.utc() + std::chrono::hours(1);
  (void)cycle();
  clock.advance(std::chrono::hours(2));
  db().execute("UPDATE file SET state = 'missing' WHERE license_id = 'l-1'");
  (void)cycle();
  CHECK(file("l-1").state == FileState::kMissing);
  CHECK_FALSE(file("l-1").sha256.empty());
  CHECK(provider.executions("1") == 1);
}

TEST_CASE_FIXTURE(PayBench, "cycle: the first paid file must be in the store before the next ones are paid for") {
  for (int i = 3; i <= 9; ++i) provider.add(std::to_string(i), "l-" + std::to_string(i));
  allow();
  policy.workers = 4;
  for (int i = 1; i <= 9; ++i) bodies[std::to_string(i)] = tiny_jpeg(600, 400, "the same picture for every asset");
  (void)cycle();
  CHECK(provider.executions() == 2);
  CHECK(files("mirrored").size() == 1);
  reopen();
  const auto next = cycle();
  REQUIRE(next.error);
  CHECK(next.error->code == ErrorCode::kGuard);
  CHECK(next.error->message.find("damsync spend acknowledge") != std::string::npos);
  CHECK(provider.executions() == 2);
}

TEST_CASE_FIXTURE(PayBench, "cycle: a paid file of other pixels than listed is kept, and nothing more is paid for") {
  provider.assets["1"].renditions = {{"huge", "jpg", 600, 400}};
  bodies["1"] = tiny_jpeg(320, 240, "test image");
  allow();
  (void)cycle();
  CHECK(file("l-1").state == FileState::kMirrored);
  CHECK(provider.executions() == 1);
  CHECK(file("l-2").state == FileState::kPending);
}

TEST_CASE_FIXTURE(PayBench, "cycle: an asset that its provider has withdrawn is not paid for") {
  (void)cycle();
  provider.notices = {{"1", true, clock.utc()}};
  provider.assets.erase("1");
  allow();
  const auto summary = cycle();
  CHECK(summary.assets_withdrawn == 1);
  CHECK(summary.files_failed == 0);
  CHECK(provider.count("acquire l-1") == 0);
  CHECK(file("l-1").state == FileState::kPending);
  CHECK(file("l-1").reason.find("withdrawn") != std::string::npos);
  CHECK(file("l-2").state == FileState::kMirrored);
}

TEST_CASE_FIXTURE(PayBench, "cycle: a dry run tells what the day's budget allows from what has to wait") {
  (void)cycle();
  db().execute("UPDATE file SET state = 'pending', reason = ''");
  allow(1);
  policy.dry_run = true;
  plan.clear();
  (void)cycle();
  REQUIRE(plan.size() == 2);
  CHECK(plan[0].action == "spend");
  CHECK(plan[1].action == "wait");
}

TEST_CASE("test image: only another asset's bytes count") {
  CHECK_FALSE(other_asset("1", {}));
  CHECK_FALSE(other_asset("1", {"1"}));
  CHECK(other_asset("1", {"1", "2"}) == "2");
}

}  // namespace damsync
