#include "sync/report/audit_report.h"

#include <doctest/doctest.h>

#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

/// Keeps what a report says, as text.
struct RecordingRenderer final : ReportRenderer {
  Status begin(const ReportHead& h) override {
    head = h;
    return {};
  }
  Status license(const ReportLicense& row, std::span<const Finding> findings) override {
    if (fail_at && lines.size() == *fail_at) return make_error(ErrorCode::kStorage, "disk full");
    lines.push_back(row.asset_id + " " + row.license_id + ":");
    for (const auto& code : row.findings) lines.back() += " " + code;
    rows.push_back(row);
    all.insert(all.end(), findings.begin(), findings.end());
    return {};
  }
  Status finding(const Finding& f) override {
    loose.push_back(f);
    return {};
  }
  Status end(const ReportTotals& t) override {
    totals = t;
    return {};
  }
  ReportHead head;
  ReportTotals totals;
  std::vector<std::string> lines;
  std::vector<ReportLicense> rows;
  std::vector<Finding> all, loose;
  std::optional<std::size_t> fail_at;
};

struct ReportBench : CatalogBench {
  ReportBench() {
    input.report_date = "2026-03-15";
    input.accounts = {"newsroom"};
    input.rules.expiring_days = {30};
    input.rules.stale_after = std::chrono::minutes(45);
    polled();
  }
  void polled() {
    commit([&] { writer.put_stream({"newsroom", "licenses", "c", now(), now(), ""}); });
  }
  void describe(const std::string& asset_id, const std::string& metadata) {
    AssetRow described;
    described.metadata = metadata;
    commit([&] { writer.put_description("newsroom", asset_id, described, now()); });
  }
  RecordingRenderer report(std::optional<UtcTime> past = {}) {
    RecordingRenderer out;
    CHECK(write(out, past));
    return out;
  }
  Status write(RecordingRenderer& out, std::optional<UtcTime> past = {}, std::stop_token stop = {}) {
    input.past = past.has_value();
    input.rules.as_of = input.rules.judged_at = past.value_or(now());
    input.rules.today = std::chrono::floor<std::chrono::days>(input.rules.judged_at);
    const AuditReader reader(*db, past);
    return AuditReport(reader, input).write(out, {}, stop);
  }
  AuditInput input;
};

constexpr const char* kPlain = R"({"editorial":false,"has_model_release":true,"has_property_release":true})";

}  // namespace

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
  ReportAgreement agreement;
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

TEST_CASE("audit report: the same state gives the same calls, and the past stays as it was") {
  ReportBench bench;
  for (const char* id : {"e2", "e1"}) bench.upsert(sample_license(id));
  bench.describe("1001", kPlain);
  const auto then = bench.now();
  const auto first = bench.report(then).lines;
  CHECK(bench.report(then).lines == first);

  bench.clock.advance(std::chrono::hours(24));
  bench.commit([&] { bench.writer.set_withdrawn("newsroom", "1001", bench.now()); });
  bench.upsert(sample_license("e3", "2002"));

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

TEST_CASE("audit report: totals add up, and waived findings are counted apart") {
  ReportBench bench;
  bench.upsert(sample_license("e1"));
  bench.upsert(sample_license("e2", "2002"));
  bench.describe("1001", kPlain);
  bench.describe("2002", kPlain);
  bench.commit([&] { bench.writer.put_file(bench.mirrored("e1", "a.jpg")); });
  bench.commit([&] { bench.writer.set_license_vanished("newsroom", "e2", bench.now()); });
  bench.input.rules.waivers = {{FindingCode::kEndDateUnknown, "", "1001", "", "legal", {}, "perpetual"}};

  const auto out = bench.report();

  CHECK(out.totals.assets == 2);
  CHECK(out.totals.licenses_held == 1);
  CHECK(out.totals.licenses_vanished == 1);
  CHECK(out.totals.files_mirrored == 1);
  CHECK(out.totals.bytes == 1234);
  CHECK(out.totals.licenses_by_month == std::map<std::string, std::int64_t>{{"2026-01", 2}});
  const auto count = [&](FindingCode code) { return out.totals.by_code[static_cast<std::size_t>(code)]; };
  CHECK(count(FindingCode::kEndDateUnknown).waived == 1);
  CHECK(count(FindingCode::kEndDateUnknown).open == 0);
  CHECK(count(FindingCode::kLicenseVanished).open == 1);
  CHECK(out.lines[0] == "1001 e1: END_DATE_UNKNOWN");
}

TEST_CASE("audit report: changes are counted since the report of an earlier date") {
  ReportBench bench;
  Change done;
  done.type = EventType::kReportCompleted;
  done.fields = {"2026-03-14"};
  bench.commit([&] { bench.journal.append(done); });
  bench.upsert(sample_license("e1"));
  bench.commit([&] {
    bench.journal.append(sample_change(EventType::kLicenseAdded));
    bench.journal.append(sample_change(EventType::kAssetUpdated));
    done.fields = {"2026-03-15"};
    bench.journal.append(done);
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
