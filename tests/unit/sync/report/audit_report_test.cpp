#include <doctest/doctest.h>

#include "storage/catalog/plan_book.h"
#include "storage/journal/audit_log.h"
#include "storage/ledger/spend_ledger.h"
#include "tests/unit/sync/report/audit_bench.h"

namespace damsync {

TEST_CASE("audit report: every license is a row, with what the catalog and the agreements know of it") {
  ReportBench bench;
  auto license = sample_license("e1");
  license.details = Json::object({{"price", Json::Number{"12.50"}},
                                  {"currency", "EUR"},
                                  {"subscription_id", "s-1"},
                                  {"job", "spring"},
                                  {"purchase_order", "PO-7"}});
  bench.upsert(license);
  bench.describe("1001", R"({"ai_generated":true,"caption":"A harbour","creator_name":"Ann <b>","editorial":true,)"
                         R"("extra":{"release_info":"No release"},"restrictions":["no covers"],"title":"Harbour"})");
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "newsroom/10/1001/a.jpg")); });
  Agreement agreement;
  agreement.subscription_id = "s-1";
  agreement.licensee = "Example Media Ltd";
  agreement.end = std::chrono::sys_days(std::chrono::year(2027) / 1 / 31);
  agreement.terms_sha256 = std::string(64, 'b');
  bench.input.rules.agreements = {agreement};

  const auto out = bench.report();

  REQUIRE(out.rows.size() == 1);
  const auto& row = out.rows[0];
  CHECK(row.title == "Harbour");
  CHECK(row.creator == "Ann <b>");
  CHECK(row.price == "12.50");
  CHECK(row.currency == "EUR");
  CHECK(row.project == "spring");
  CHECK(row.purchase_order == "PO-7");
  CHECK(row.licensee == "Example Media Ltd");
  CHECK(row.end == "2027-01-31");
  CHECK(row.end_source == "agreement");
  CHECK(row.terms_sha256 == std::string(64, 'b'));
  CHECK(row.licensed_at.text == "2026-01-31T00:00:00Z");
  CHECK(row.licensed_at_original == "2026-01-30T19:00:00-05:00");
  CHECK(row.restrictions == std::vector<std::string>{"no covers"});
  CHECK(row.model_release == "No release");
  CHECK(row.path == "newsroom/10/1001/a.jpg");
  CHECK(row.raw_sha256.size() == 64);
  CHECK(out.lines == std::vector<std::string>{"1001 e1: EDITORIAL_ONLY AI_GENERATED"});
}

TEST_CASE("audit report: a license that was taken as made by AI is, where the description says nothing") {
  ReportBench bench;
  auto license = sample_license("e1");
  license.details = Json::object({{"ai_generated", true}});
  bench.upsert(license);
  bench.describe("1001", kPlain);
  CHECK(bench.report().rows[0].ai_generated == true);
  bench.describe("1001", R"({"ai_generated":false})");
  CHECK(bench.report().rows[0].ai_generated == false);
}

TEST_CASE("audit report: the same state gives the same calls, and the past stays as it was") {
  ReportBench bench;
  for (const char* id : {"e2", "e1"}) bench.upsert(sample_license(id));
  bench.describe("1001", kPlain);
  const auto then = bench.now();
  const auto first = bench.report(then).lines;
  CHECK(bench.report(then).lines == first);

  bench.clock.advance(std::chrono::hours(24));
  bench.commit([&] { bench.writer.set_withdrawn("newsroom", "1001", bench.now()); });
  auto later = sample_license("e3", "2002");
  later.licensed_at = bench.now();
  bench.upsert(later);
  bench.polled();

  CHECK(bench.report(then).lines == first);
  CHECK(bench.report().lines != first);
}

TEST_CASE("audit report: a second license of the same asset, type and size is a duplicate of the first") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.upsert(sample_license("e2"));
  auto other = sample_license("e3");
  other.size = "small";
  bench.upsert(other);
  const auto out = bench.report();
  CHECK(out.lines[0].find("LICENSE_DUPLICATE") == std::string::npos);
  CHECK(out.lines[1].find("LICENSE_DUPLICATE") != std::string::npos);
  CHECK(out.lines[2].find("LICENSE_DUPLICATE") == std::string::npos);
}

TEST_CASE("audit report: a restriction that changed after licensing is named with the day it changed") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("1001", kPlain);
  bench.clock.advance(std::chrono::hours(24));
  bench.describe("1001", R"({"editorial":false,"has_model_release":true,"has_property_release":true,"title":"T"})");
  CHECK(bench.report().lines[0].find("RESTRICTION_CHANGED") == std::string::npos);

  bench.clock.advance(std::chrono::hours(24));
  const auto changed = bench.now();
  bench.describe("1001", R"({"editorial":true,"has_model_release":true,"has_property_release":true,"title":"T"})");
  bench.clock.advance(std::chrono::hours(24));
  bench.describe("1001", R"({"editorial":true,"has_model_release":true,"has_property_release":true,"title":"U"})");

  const auto out = bench.report();
  REQUIRE(out.all.front().code == FindingCode::kRestrictionChanged);
  CHECK(out.all.front().message == "editorial use only: no, now yes");
  CHECK(out.all.front().first_seen.at == changed);
}

TEST_CASE("audit report: a past moment before the first sync has the licenses that were taken by then") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("1001", kPlain);
  const auto out = bench.report(bench.now() - std::chrono::hours(24));
  REQUIRE(out.rows.size() == 1);
  CHECK(out.rows[0].learned_at.at == bench.now());
  CHECK(out.rows[0].editorial == false);
  CHECK(out.totals.licenses_held == 1);
  CHECK_FALSE(out.head.complete);
  REQUIRE(out.totals.notes.size() >= 2);
  CHECK(out.totals.notes[1] == "1 license was taken by then and learned of later: it is shown as it was first read.");
  CHECK(bench.report().rows[0].learned_at.text.empty());
}

TEST_CASE("audit report: of two agreements in a row each covers the licenses that were taken in its days") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  const auto agreement = [](int from, int until) {
    Agreement out;
    out.account = "newsroom";
    out.licensee = std::to_string(from);
    out.start = std::chrono::sys_days(std::chrono::year(from) / 1 / 1);
    out.end = std::chrono::sys_days(std::chrono::year(until) / 12 / 31);
    return out;
  };
  bench.input.rules.agreements = {agreement(2022, 2024), agreement(2025, 2027), agreement(2026, 2028)};
  auto out = bench.report();
  CHECK(out.rows[0].licensee == "2026");
  CHECK(out.lines[0].find("EXPIRED") == std::string::npos);
  REQUIRE(out.totals.terms.size() == 1);
  CHECK(out.totals.terms[0].start == "2026-01-01");
  REQUIRE(out.totals.notes.size() == 2);
  CHECK(out.totals.notes[0] ==
        "The agreement for account=newsroom from 2022-01-01 until 2024-12-31 covers no license of this report.");

  bench.input.rules.agreements = {agreement(2022, 2024)};
  out = bench.report();
  CHECK(out.lines[0].find("END_DATE_UNKNOWN") != std::string::npos);
  CHECK(out.rows[0].end.empty());
}

TEST_CASE("audit report: the day a license was taken is that of the schedule's zone") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));  // 2026-01-31T00:00Z
  Agreement agreement;
  agreement.end = std::chrono::sys_days(std::chrono::year(2026) / 1 / 30);
  bench.input.rules.agreements = {agreement};
  CHECK(bench.report().rows[0].end.empty());
  bench.input.rules.day_of = [](UtcTime time) {
    return std::chrono::floor<std::chrono::days>(time - std::chrono::hours(5));
  };
  CHECK(bench.report().rows[0].end == "2026-01-30");
}

TEST_CASE("audit report: what an edit brought about is as old as the edit, and new since the last report") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.describe("1001", kPlain);
  bench.clock.advance(std::chrono::hours(24));
  bench.describe("1001", R"({"adult":true,"editorial":false,"has_model_release":true,"has_property_release":true})");
  const auto since_edit = bench.now();
  bench.clock.advance(std::chrono::hours(24));
  bench.describe("1001", R"({"adult":true,"editorial":true,"has_model_release":true,"has_property_release":true})");

  const auto out = bench.report();
  std::map<FindingCode, std::optional<UtcTime>> seen;
  for (const auto& finding : out.all) seen[finding.code] = finding.first_seen.at;
  CHECK(seen[FindingCode::kAdult] == since_edit);
  CHECK(seen[FindingCode::kEditorialOnly] == bench.now());
  CHECK(seen[FindingCode::kEndDateUnknown] == since_edit - std::chrono::hours(24));
}

TEST_CASE("audit report: the first of two equal licenses is the one that was taken first, whatever its format") {
  ReportBench bench;
  auto first = sample_license("e2");
  first.licensed_at -= std::chrono::hours(24);
  first.format = "tif";
  bench.upsert(sample_license("e1"));
  bench.upsert(first);
  const auto out = bench.report();
  CHECK(out.lines[0].find("LICENSE_DUPLICATE") != std::string::npos);
  CHECK(out.lines[1].find("LICENSE_DUPLICATE") == std::string::npos);
  CHECK(out.all.back().code != FindingCode::kLicenseDuplicate);
}

TEST_CASE("audit report: the trace that a paid call of ours left in the history is no duplicate") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.clock.advance(std::chrono::hours(24));
  SpendLedger ledger(*bench.db);
  SpendIntent intent{"newsroom", "1001", "e1", "huge", "jpg", "p", 1, bench.now(), {}};
  const auto opened = ledger.open(intent, {10, bench.now() - std::chrono::hours(24)});
  REQUIRE(opened.spend_id > 0);
  ledger.close_spent(opened.spend_id, {}, "", bench.now());
  bench.clock.advance(std::chrono::minutes(1));
  auto trace = sample_license("e2");
  trace.licensed_at = bench.now();
  bench.upsert(trace);
  auto again = trace;
  again.license_id = "e3";
  bench.upsert(again);

  const auto out = bench.report();
  CHECK(out.lines[1].find("LICENSE_DUPLICATE") == std::string::npos);
  CHECK(out.rows[1].taken_by_spend == std::to_string(opened.spend_id));
  CHECK(out.lines[2].find("LICENSE_DUPLICATE") != std::string::npos);
  CHECK(out.rows[2].taken_by_spend.empty());
}

TEST_CASE("audit report: assets of an account without licenses are counted, and found when they change") {
  ReportBench bench;
  bench.commit([&] {
    bench.writer.ensure_account("archive", "getty-connect", bench.now());
    for (const char* id : {"1", "2"}) bench.writer.add_asset("archive", id, bench.now());
  });
  bench.commit([&] { bench.writer.set_withdrawn("archive", "2", bench.now()); });
  const auto out = bench.report();
  CHECK(out.totals.assets_without_license == 2);
  CHECK(out.totals.assets == 0);
  REQUIRE(out.loose.size() == 1);
  CHECK(out.loose[0].code == FindingCode::kWithdrawnHeld);
  CHECK(out.loose[0].account == "archive");
  CHECK(out.totals.notes.at(0).starts_with("archive: 2 assets without a license"));
}

TEST_CASE("audit report: A1 what the provider gave and could not be read, or did not give, makes it incomplete") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.commit([&] {
    bench.writer.put_pending(
        {"newsroom", PendingKind::kRejected, "license e9", 1, std::nullopt, "image: is missing", bench.now()});
    bench.writer.put_pending({"newsroom", PendingKind::kMetadata, "1001", 1, bench.now(), "HTTP 500", bench.now()});
  });
  auto out = bench.report();
  CHECK_FALSE(out.head.complete);
  REQUIRE(out.head.incomplete_reasons.size() == 3);
  CHECK(out.head.incomplete_reasons[0] == "newsroom, licenses: the last complete reading saw 0 of 2 licenses");
  CHECK(out.head.incomplete_reasons[1] ==
        "newsroom: 1 item of the provider could not be read and is set aside: license e9 (image: is missing)");
  CHECK(out.head.incomplete_reasons[2] == "newsroom: 1 asset waits to be described by the provider: 1001 (HTTP 500)");
}

TEST_CASE(
    "audit report: an account that the settings do not name any more makes it incomplete while it holds licenses") {
  ReportBench bench;
  bench.input.accounts = {};
  CHECK(bench.report().head.complete);
  bench.upsert(sample_license("e1"));
  bench.describe("1001", kPlain);
  const auto out = bench.report();
  REQUIRE(out.head.incomplete_reasons.size() == 1);
  CHECK(out.head.incomplete_reasons[0].starts_with("newsroom: not in the settings"));
}

TEST_CASE("audit report: an account that was never read is a silent provider") {
  ReportBench bench;
  bench.input.accounts = {"newsroom", "photo-desk"};
  const auto out = bench.report();
  REQUIRE(out.loose.size() == 1);
  CHECK(out.loose[0].code == FindingCode::kStaleProvider);
  CHECK(out.loose[0].account == "photo-desk");
  CHECK(out.loose[0].message == "never read");
}

TEST_CASE("audit report: the error of a run is the account's, and not that of each of its streams") {
  ReportBench bench;
  bench.commit([&] {
    bench.writer.put_stream({"newsroom", "changes", "c", bench.now(), std::nullopt, ""});
    RunSummary run;
    run.run_id = "r1";
    run.started_at = run.finished_at = bench.now();
    auto& account = run.accounts.emplace_back();
    account.name = "newsroom";
    account.provider = "shutterstock";
    account.error = make_error(ErrorCode::kUnavailable, "GET /v3/downloads: HTTP 503");
    bench.writer.put_run(run);
  });
  const auto out = bench.report(bench.now());
  REQUIRE(out.head.coverage.size() == 2);
  for (const auto& c : out.head.coverage) CHECK(c.error.empty());
  const auto& reasons = out.head.incomplete_reasons;
  CHECK(std::count(reasons.begin(), reasons.end(),
                   "newsroom: the last run until then failed: GET /v3/downloads: HTTP 503") == 1);
}

TEST_CASE("audit report: a plan whose end moved on renews, and a low quota is as old as its first reading") {
  ReportBench bench;
  PlanBook book(*bench.db);
  bench.input.rules.quota_low = 0.1;
  std::vector<UtcTime> read;
  for (const std::int64_t left : {50, 9, 5}) {
    Plan plan;
    plan.plan_id = "p";
    plan.limit = 100;
    plan.left = left;
    plan.expires_at = bench.now() + std::chrono::days(20 + read.size());
    bench.commit([&] { book.replace("newsroom", {plan}, bench.now()); });
    read.push_back(bench.now());
    bench.clock.advance(std::chrono::minutes(10));
  }
  const auto out = bench.report();
  REQUIRE(out.loose.size() == 1);
  CHECK(out.loose[0].code == FindingCode::kQuotaLow);
  CHECK(out.loose[0].first_seen.at == read[1]);
}

TEST_CASE("audit report: A1 a day without a license is reported, and an incomplete poll is said at once") {
  ReportBench bench;
  auto out = bench.report();
  CHECK(out.head.complete);
  CHECK(out.totals.licenses == 0);

  bench.input.accounts.push_back("photo-desk");
  bench.commit([&] { bench.writer.put_stream({"newsroom", "licenses", "c", bench.now(), bench.now(), "HTTP 503"}); });
  out = bench.report();
  CHECK_FALSE(out.head.complete);
  REQUIRE(out.head.incomplete_reasons.size() == 2);
  CHECK(out.head.incomplete_reasons[0] == "newsroom, licenses: the last poll failed: HTTP 503");
  CHECK(out.head.incomplete_reasons[1] == "photo-desk: never read");
}

TEST_CASE("audit report: I11 a gap and a late poll make it incomplete and are findings before all rows") {
  ReportBench bench;
  const auto start = bench.now();
  bench.commit([&] {
    bench.writer.add_coverage({"newsroom", "licenses", start - std::chrono::hours(9), start - std::chrono::hours(5)});
    bench.writer.add_coverage({"newsroom", "licenses", start - std::chrono::hours(4), start});
  });
  bench.clock.advance(std::chrono::hours(2));
  const auto out = bench.report();
  REQUIRE(out.loose.size() == 2);
  CHECK(out.loose[0].code == FindingCode::kCoverageGap);
  CHECK(out.loose[1].code == FindingCode::kStaleProvider);
  CHECK_FALSE(out.head.complete);
  CHECK(out.head.coverage.at(0).gaps.size() == 1);
}

TEST_CASE("audit report: A1 a whole reading of the history that is long overdue makes it incomplete") {
  ReportBench bench;
  const auto read = [&](std::chrono::hours ago) {
    bench.commit([&] { bench.writer.put_stream({"newsroom", "licenses", "", bench.now(), bench.now() - ago, ""}); });
    auto reasons = bench.report().head.incomplete_reasons;
    return reasons.empty() ? "" : reasons[0];
  };
  CHECK(read(std::chrono::hours(24 * 8)).empty());
  CHECK(read(std::chrono::hours(24 * 10)).find("its whole history was last read at") != std::string::npos);
}

TEST_CASE("audit report: totals add up, and waived findings are counted apart") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.upsert(sample_license("e2", "2002"));
  bench.describe("1001", kPlain);
  bench.describe("2002", kPlain);
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "a.jpg")); });
  bench.commit([&] { bench.writer.set_license_vanished("newsroom", "e2", bench.now()); });
  const auto yesterday = bench.input.rules.today - std::chrono::days(1);
  bench.input.rules.waivers = {
      {FindingCode::kEndDateUnknown, "", "", "1001", "", "", "legal", {}, "perpetual"},
      {FindingCode::kEndDateUnknown, "", "newsroom", "", "", "", "legal", {}, "the first one covers it"},
      {FindingCode::kLicenseVanished, "", "", "2002", "", "", "desk", yesterday, "being asked about"}};

  const auto out = bench.report();

  CHECK((out.totals.assets == 2 && out.totals.licenses_held == 1));
  CHECK((out.totals.licenses_vanished == 1 && out.totals.files_mirrored == 1));
  CHECK(out.totals.bytes == 1234);
  CHECK(out.totals.licenses_by_month == std::map<std::string, std::int64_t>{{"2026-01", 2}});
  const auto count = [&](FindingCode code) { return out.totals.by_code[static_cast<std::size_t>(code)]; };
  CHECK(count(FindingCode::kEndDateUnknown).waived == 1);
  CHECK(count(FindingCode::kEndDateUnknown).open == 0);
  CHECK(count(FindingCode::kLicenseVanished).open == 1);
  CHECK(out.lines[0] == "1001 e1: END_DATE_UNKNOWN");
  std::string waivers;
  for (const auto& w : out.totals.waivers) waivers += std::string(state_word(w)) + std::to_string(w.findings) + " ";
  CHECK(waivers == "used1 unused0 over0 ");
}

TEST_CASE("audit report: changes are counted since the report of an earlier date in the same chain") {
  ReportBench bench;
  const auto reported = [&](const std::string& name) {
    Change done;
    done.type = EventType::kReportCompleted;
    AuditLog(*bench.db).append_report_published({name, std::string(64, 'a'), std::string(64, 'b')}, bench.now());
    bench.journal.append(done);
  };
  bench.commit([&] { reported("2026-03-14"); });
  bench.upsert(sample_license("e1"));
  bench.commit([&] {
    bench.journal.append(sample_change(EventType::kLicenseAdded));
    bench.journal.append(sample_change(EventType::kAssetUpdated));
    reported("/srv/other/2026-03-14");
    reported("2026-03-15");
  });
  const auto out = bench.report();
  CHECK(out.head.changes.counts == std::map<std::string, std::int64_t>{{"asset.updated", 1}, {"license.added", 1}});
  REQUIRE(out.head.changes.events.size() == 1);
  CHECK(out.head.changes.events[0].type == EventType::kLicenseAdded);
}

TEST_CASE("audit report: A2 it ends with the first error of the disk, or when a stop is asked for") {
  ReportBench bench;
  for (const char* id : {"e1", "e2"}) bench.upsert(sample_license(id));
  RecordingRenderer broken;
  broken.fail_at = 1;
  const auto status = bench.write(broken);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == ErrorCode::kStorage);
  CHECK(broken.totals.licenses == 0);

  std::stop_source stop;
  stop.request_stop();
  RecordingRenderer stopped;
  CHECK(bench.write(stopped, {}, stop.get_token()).error().code == ErrorCode::kCancelled);
}

}  // namespace damsync
