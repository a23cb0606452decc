#include "storage/ledger/spend_ledger.h"

#include <doctest/doctest.h>

#include <sqlite3.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

using Answer = SpendOpening::Answer;

/// A catalog with two assets; 1001 is held in two sizes, one of them twice.
struct LedgerBench : CatalogBench {
  LedgerBench() { fill(); }
  explicit LedgerBench(const std::string& path) : CatalogBench(Database::open(path, OpenMode::kWrite)) { fill(); }

  void fill() {
    upsert(sample_license("l-1"));
    upsert(sample_license("l-2"));
    License small = sample_license("l-small");
    small.size = "small";
    upsert(small);
    upsert(sample_license("l-other", "2002"));
  }

  [[nodiscard]] SpendIntent intent(const std::string& license_id) const {
    const auto license = *catalog.find_license("newsroom", license_id);
    SpendIntent out;
    out.account = "newsroom";
    out.asset_id = license.asset_id;
    out.license_id = license_id;
    out.size = license.size;
    out.format = license.format;
    out.product = license.license_type;
    out.history_rows = 2;
    out.at = now();
    return out;
  }
  SpendOpening open(const std::string& license_id) { return ledger.open(intent(license_id), plenty); }

  SpendLedger ledger{*db};
  SpendAllowance plenty{100, UtcTime{}};
};

std::vector<std::string> states(const SpendLedger& ledger, const std::string& state = "") {
  std::vector<std::string> out;
  ListFilter filter;
  filter.state = state;
  ledger.list(filter, [&](const SpendRow& row) {
    out.push_back(row.license_id + " " + (row.outcome ? to_word(*row.outcome) : "open"));
    return true;
  });
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(LedgerBench, "I5 spend ledger: a row tells what was asked and what became of it") {
  const auto opened = open("l-1");
  REQUIRE(opened.answer == Answer::kOpened);
  ledger.close_spent(opened.spend_id, {"https://files.example.org/1?sig=x", "jpg", now() + std::chrono::hours(24)}, "",
                     now());
  const auto row = *ledger.find(opened.spend_id);
  CHECK(row.provider == "shutterstock");
  CHECK(row.operation == "download");
  CHECK(row.asset_id == "1001");
  CHECK(row.product == "standard");
  CHECK(row.history_rows == 2);
  CHECK(row.outcome == SpendOutcome::kSpent);
  CHECK(row.source.url == "https://files.example.org/1?sig=x");
  CHECK(row.source.format == "jpg");
  CHECK(row.source.valid_until == now() + std::chrono::hours(24));
  CHECK(row.closed_at == now());
}

TEST_CASE_FIXTURE(LedgerBench, "Q7 spend ledger: an asset has at most one open row") {
  REQUIRE(open("l-1").answer == Answer::kOpened);
  for (const char* license : {"l-1", "l-2", "l-small"}) CHECK(open(license).answer == Answer::kClaimed);
  CHECK(open("l-other").answer == Answer::kOpened);
}

TEST_CASE_FIXTURE(LedgerBench,
                  "I5 spend ledger: what was spent is claimed for ever, for the license and for the size") {
  const auto first = open("l-1");
  ledger.close_spent(first.spend_id, {}, "", now());
  clock.advance(std::chrono::hours(24 * 400));
  CHECK(open("l-1").answer == Answer::kClaimed);
  CHECK(open("l-2").answer == Answer::kClaimed);
  CHECK(open("l-small").answer == Answer::kOpened);
}

TEST_CASE_FIXTURE(LedgerBench, "Q2 spend ledger: what was refused or not spent may be asked for again") {
  for (const auto outcome : {SpendOutcome::kRefused, SpendOutcome::kNotSpent}) {
    const auto opened = open("l-1");
    REQUIRE(opened.answer == Answer::kOpened);
    ledger.close_unspent(opened.spend_id, outcome, "no", now());
  }
  CHECK(states(ledger) == std::vector<std::string>{"l-1 refused", "l-1 not_spent"});
}

TEST_CASE_FIXTURE(LedgerBench, "spend ledger: the allowance is checked in the transaction that opens the row") {
  CHECK(ledger.open(intent("l-1"), {0, UtcTime{}}).answer == Answer::kOverBudget);
  const SpendAllowance one{1, now()};
  const auto first = ledger.open(intent("l-1"), one);
  REQUIRE(first.answer == Answer::kOpened);
  CHECK(ledger.open(intent("l-other"), one).answer == Answer::kOverBudget);
  ledger.close_unspent(first.spend_id, SpendOutcome::kNotSpent, "never sent", now());
  CHECK(ledger.calls_since("newsroom", now()) == 0);
  const auto second = ledger.open(intent("l-other"), one);
  CHECK(second.answer == Answer::kOpened);
  ledger.close_unspent(second.spend_id, SpendOutcome::kRefused, "no", now());
  CHECK(ledger.calls_since("newsroom", now()) == 0);
  const auto third = ledger.open(intent("l-other"), one);
  REQUIRE(third.answer == Answer::kOpened);
  ledger.close_spent(third.spend_id, {}, "", now());
  CHECK(ledger.calls_since("newsroom", now()) == 1);
  clock.advance(std::chrono::hours(24));
  CHECK(ledger.calls_since("newsroom", now()) == 0);
}

TEST_CASE_FIXTURE(LedgerBench, "Q8 spend ledger: a clock that was set back hands out no second budget") {
  const auto today = now();
  REQUIRE(ledger.open(intent("l-1"), {1, today}).answer == Answer::kOpened);
  clock.set_utc(today - std::chrono::hours(48));
  CHECK(ledger.open(intent("l-other"), {1, now()}).answer == Answer::kOverBudget);
}

TEST_CASE_FIXTURE(LedgerBench,
                  "spend ledger: a person's decision is kept with name and reason, and only for an open row") {
  const auto opened = open("l-1");
  ledger.park(opened.spend_id, "the history cannot tell");
  CHECK(ledger.find(opened.spend_id)->parked());
  ledger.decide(opened.spend_id, SpendOutcome::kNotSpent, "anna", "invoice of March does not have it", now());
  const auto row = *ledger.find(opened.spend_id);
  CHECK(row.outcome == SpendOutcome::kNotSpent);
  CHECK(row.decided_by == "anna");
  CHECK(row.decision_reason == "invoice of March does not have it");
  CHECK_FALSE(row.parked());
  CHECK_THROWS_AS(ledger.decide(opened.spend_id, SpendOutcome::kSpent, "ben", "no", now()), DatabaseError);
  CHECK_THROWS_AS(ledger.decide(999, SpendOutcome::kSpent, "ben", "no", now()), DatabaseError);
  CHECK(ledger.find(opened.spend_id)->decided_by == "anna");
}

TEST_CASE_FIXTURE(LedgerBench, "I5 spend ledger: no row is deleted, and neither intent nor outcome is rewritten") {
  const auto opened = open("l-1");
  const auto refused = [&](const std::string& sql) {
    CHECK_THROWS_AS_MESSAGE(commit([&] { Statement(*db, sql).run(); }), DatabaseError, sql);
  };
  refused("DELETE FROM spend");
  refused("UPDATE spend SET history_rows = 0");
  refused("UPDATE spend SET license_id = 'l-2'");
  ledger.close_spent(opened.spend_id, {}, "", now());
  refused("DELETE FROM spend");
  refused("UPDATE spend SET outcome = NULL, closed_at = NULL");
  refused("UPDATE spend SET outcome = 'not_spent'");
  refused(
      "INSERT INTO spend (account, asset_id, license_id, operation, size, format, product, history_rows,"
      " intended_at) SELECT account, asset_id, license_id, operation, 'x', format, product, 0, 0 FROM spend");
}

TEST_CASE_FIXTURE(LedgerBench, "spend ledger: the listing follows its filter") {
  const auto first = open("l-1");
  ledger.close_spent(first.spend_id, {}, "", now());
  clock.advance(std::chrono::hours(24));
  (void)open("l-other");
  CHECK(states(ledger) == std::vector<std::string>{"l-1 spent", "l-other open"});
  CHECK(states(ledger, "open") == std::vector<std::string>{"l-other open"});
  CHECK(states(ledger, "spent") == std::vector<std::string>{"l-1 spent"});
  ListFilter filter;
  int rows = 0;
  const auto count = [&](const SpendRow&) { return ++rows, true; };
  filter.since = now();
  ledger.list(filter, count);
  CHECK(rows == 1);
  filter = {};
  filter.limit = 1;
  ledger.list(filter, count);
  filter = {};
  filter.account = "elsewhere";
  ledger.list(filter, count);
  filter = {};
  filter.provider = "getty";
  ledger.list(filter, count);
  CHECK(rows == 2);
}

TEST_CASE("D7 spend ledger: when any statement fails, nothing of the step is kept and it can be done again") {
  using Step = std::function<void(LedgerBench&)>;
  const std::vector<Step> steps = {
      [](LedgerBench& b) { (void)b.open("l-1"); },
      [](LedgerBench& b) { b.ledger.note_unknown(1, "silence", b.now()); },
      [](LedgerBench& b) { b.ledger.note_look(1, b.now()); },
      [](LedgerBench& b) { b.ledger.park(1, "unclear"); },
      [](LedgerBench& b) { b.ledger.decide(1, SpendOutcome::kSpent, "anna", "seen on the invoice", b.now()); },
  };
  int fired = 0;
  for (std::size_t at = 0; at < steps.size(); ++at) {
    for (int fail_at = 1;; ++fail_at) {
      LedgerBench bench;
      for (std::size_t i = 0; i < at; ++i) steps[i](bench);
      const auto before = bench.number(
          "SELECT total(length(quote(outcome)) + length(detail) + length(parked_reason)"
          " + coalesce(looked_at, 0) + 1) FROM spend");
      int calls = 0;
      bench.db->set_fault_hook([&](std::string_view) { return ++calls == fail_at ? SQLITE_FULL : 0; });
      bool failed = false;
      try {
        steps[at](bench);
      } catch (const DatabaseError&) {
        failed = true;
      }
      bench.db->set_fault_hook(nullptr);
      if (!failed) break;
      ++fired;
      CHECK_FALSE(bench.db->in_transaction());
      CHECK(bench.number("SELECT total(length(quote(outcome)) + length(detail) + length(parked_reason)"
                         " + coalesce(looked_at, 0) + 1) FROM spend") == before);
      steps[at](bench);
      CHECK(bench.ledger.find(1).has_value());
    }
  }
  CHECK(fired >= 15);
}

TEST_CASE("Q7 spend ledger: an open row is seen by the next process") {
  const TempDir dir;
  {
    LedgerBench bench(dir / "catalog.db");
    REQUIRE(bench.open("l-1").answer == Answer::kOpened);
  }
  LedgerBench again(dir / "catalog.db");
  CHECK(again.open("l-1").answer == Answer::kClaimed);
  CHECK(again.ledger.open_rows("newsroom").size() == 1);
}

}  // namespace damsync
