#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "sync/report/csv_renderer.h"
#include "sync/report/html_renderer.h"
#include "sync/report/html_text.h"
#include "sync/report/json_renderer.h"
#include "sync/report/report_bundle.h"
#include "sync/report/report_files.h"
#include "sync/report/report_texts.h"
#include "sync/report/xlsx_renderer.h"
#include "tests/support/paths.h"
#include "tests/support/report_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// A report in every format, in a folder of its own.
struct Rendered {
  explicit Rendered(const ReportSample& sample) {
    auto files = ReportFiles::open(dir.path(), "2026-03-15").value();
    ReportBundle bundle(files);
    REQUIRE(sample.push(bundle).ok());
    REQUIRE(files.add("report.schema.json", report_schema_text()).ok());
    REQUIRE(files.publish(dir.path() / "out").ok());
  }
  [[nodiscard]] std::string text(const std::string& name) const { return contents_of(dir.path() / "out" / name); }
  /// What a program in the folder prints; fails the test when it fails.
  std::string output(const std::string& command) const {
    const auto status =
        std::system(("cd " + (dir.path() / "out").string() + " && " + command + " > ../output 2>&1").c_str());
    const auto out = contents_of(dir.path() / "output");
    CHECK_MESSAGE(status == 0, command << "\n" << out);
    return out;
  }

  TempDir dir;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// One of everything.
ReportSample full_sample() {
  ReportSample sample(3);
  sample.head.complete = false;
  sample.head.incomplete_reasons = {"newsroom: licenses was not read since 2026-03-14 22:10 UTC"};
  sample.head.coverage[0].gaps = {{report_time("2026-03-01T00:00:00Z"), report_time("2026-03-01T06:00:00Z")}};
  sample.head.changes.since = report_time("2026-03-14T01:30:00Z");
  sample.head.changes.counts = {{"license.added", 1}};
  Change change;
  change.seq = 7;
  change.id = "01HZXW5N0000000000000000AA";
  change.time = report_time("2026-03-14T12:00:00Z");
  change.type = EventType::kLicenseAdded;
  change.provider = "stock";
  change.account = "newsroom";
  change.asset_id = "1001";
  change.license_id = "l-1";
  change.revision = 2;
  sample.head.changes.events = {change};
  sample.find(FindingCode::kExpired, "The agreement ended on 2026-02-28.");
  sample.find(FindingCode::kEditorialOnly, "Editorial use only.").waived =
      FindingWaiver{"legal", "2026-12-31", "used in news only"};
  const FindingWaiver ended{"legal", "2026-02-28", "until the agreement is renewed"};
  sample.totals.waivers = {
      {FindingCode::kEditorialOnly, "", "newsroom", "1001", "", "", *sample.findings.back().waived, false, 1},
      {FindingCode::kExpired, "stock", "", "", "l-1", "", ended, true, 0},
      {FindingCode::kFileNoLicense, "", "", "", "", "gone/x.jpg", {"desk", "", "a layout"}, false, 0}};
  return sample;
}

/// What a provider, or somebody who writes titles there, may send.
const std::string kHostile =
    std::string("=cmd()|' /C calc'!A0 <script>alert(1)</script> \"quoted\", &amp;\r\nline two ") +
    "\xe2\x80\xae"
    "evil\xf0\x9f\x93\xb7 \xef\xbf\xbf \x1b[31m" +
    std::string(1, '\0') + " end";

ReportSample hostile_sample() {
  ReportSample sample(2);
  auto& row = sample.rows[0];
  for (auto* text : {&row.title, &row.creator, &row.licensed_by, &row.project, &row.usage_terms, &row.license_type})
    *text = kHostile;
  row.restrictions = {kHostile, "-2+3"};
  sample.find(FindingCode::kExpired, kHostile).waived = FindingWaiver{kHostile, "2026-12-31", kHostile};
  sample.find(FindingCode::kAdult, kHostile);
  sample.totals.waivers = {{FindingCode::kAdult, "", "", kHostile, "", kHostile, {kHostile, "", kHostile}, false, 0}};
  sample.head.incomplete_reasons = {kHostile};
  sample.head.complete = false;
  sample.head.coverage[0].error = kHostile;
  sample.totals.licenses_by_type = {{kHostile, 2}};
  return sample;
}

/// Compares with the file of that name below tests/fixtures/report; DAMSYNC_GOLDEN=write writes it anew.
void check_golden(const std::string& name, const std::string& text) {
  const auto path = fs::path(source_dir()) / "tests" / "fixtures" / "report" / name;
  if (std::getenv("DAMSYNC_GOLDEN") != nullptr) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  CHECK_MESSAGE(text == contents_of(path), name << " differs; DAMSYNC_GOLDEN=write writes it anew");
}

}  // namespace

TEST_CASE("report files: every format is as it was agreed on") {
  const Rendered report(full_sample());
  for (const auto* name : {"report.json", "licenses.csv", "findings.csv", "report.html"})
    check_golden(name, report.text(name));
}

TEST_CASE("report.json: validates against the schema, sorted, one line") {
  for (const auto& sample : {full_sample(), ReportSample(0), hostile_sample()}) {
    const Rendered report(sample);
    const auto json = report.text("report.json");
    CHECK(std::count(json.begin(), json.end(), '\n') == 1);
    report.output(
        "python3 -c 'import json; t=open(\"report.json\",newline=\"\").read(); d=json.loads(t);"
        " assert json.dumps(d,sort_keys=True,separators=(\",\",\":\"),ensure_ascii=False)+\"\\n\"==t'");
    if (std::system("python3 -c 'import jsonschema' 2>/dev/null") != 0) {
      MESSAGE("not validated against the schema: python3-jsonschema is not installed");
      continue;
    }
    report.output(
        "python3 -c 'import json,jsonschema; s=json.load(open(\"report.schema.json\"));"
        " jsonschema.Draft7Validator.check_schema(s); jsonschema.validate(json.load(open(\"report.json\")), s)'");
  }
}

TEST_CASE("report.json: the schema knows every column and every code") {
  const Rendered report{ReportSample(1)};
  const auto columns = report.output("jq -r '.definitions.license.properties | keys[]' report.schema.json");
  for (const auto& column : report_columns()) CHECK(has("\n" + columns, std::string("\n") + column.name + "\n"));
  CHECK(report.output("jq -c '.licenses[0] | keys == (input | .definitions.license.required | sort)' report.json "
                      "report.schema.json") == "true\n");
  for (const auto& rule : finding_rules())
    CHECK(has(report.output("jq -r '.definitions.code.enum[]' report.schema.json"), to_word(rule.code)));
}

TEST_CASE("W5 report.json: hostile text comes back as it was") {
  const Rendered report(hostile_sample());
  const auto back = report.output("jq -j '.licenses[0].title' report.json");
  CHECK(back == kHostile);
  CHECK(report.output("jq -j '.findings[0].waived.by' report.json") == kHostile);
}

TEST_CASE("W5 report CSV: hostile text is one cell that no spreadsheet calculates") {
  const Rendered report(hostile_sample());
  auto expected = kHostile;
  expected.replace(expected.find('\0'), 1, "\xef\xbf\xbd");
  CHECK(report.output(
            "python3 -c 'import csv,sys; r=list(csv.DictReader(open(\"licenses.csv\",newline=\"\"),strict=True));"
            " sys.stdout.reconfigure(newline=\"\"); assert len(r)==2; print(r[0][\"title\"],end=\"\")'") ==
        "'" + expected);
  CHECK(has(report.output("python3 -c 'import csv; print([r[\"waived_by\"][:2] for r in"
                          " csv.DictReader(open(\"findings.csv\",newline=\"\"),strict=True)])'"),
            "[\"'=\", '']"));
  const auto csv = report.text("licenses.csv");
  for (const auto* cell : {"=", "+", "-", "@", "\t", "\r"}) {
    std::string out;
    append_csv_cell(out, cell + std::string("1"));
    CHECK(has(out, std::string("'") + cell));
    if (*cell != '\r') CHECK_FALSE(has(csv, std::string(",") + cell));  // an empty last cell stands before CR LF
  }
}

TEST_CASE("report CSV: lines end in CR LF, the columns are the names of the JSON") {
  const Rendered report{ReportSample(2)};
  const auto csv = report.text("licenses.csv");
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  CHECK(std::count(csv.begin(), csv.end(), '\r') == 3);
  CHECK(report.output("head -1 licenses.csv | tr -d '\\r' | tr , '\\n' | sort") ==
        report.output("jq -r '.licenses[0] | keys[]' report.json | sort"));
}

TEST_CASE("W5 report.html: hostile text is text, and the page runs nothing but its own script") {
  const Rendered report(hostile_sample());
  const auto page = report.text("report.html");
  CHECK_FALSE(has(page, "<script>alert"));
  CHECK(has(page, "&lt;script&gt;alert(1)"));
  for (const auto* hidden : {"\xe2\x80\xae", "\x1b", "\r"}) CHECK_FALSE(has(page, hidden));
  CHECK(page.find('\0') == std::string::npos);
  CHECK(has(page, "default-src 'none'"));
  for (const auto* outside : {"src=", "href=\"http", "url(", "@import", "style=", "onclick"})
    CHECK_FALSE(has(page, outside));
  // libxml2 knows HTML 4: it complains of newer elements, and of nothing else
  const auto complaints =
      report.output("xmllint --html --noout report.html 2>&1 | grep ' error ' | grep -v 'Tag .* invalid'; true");
  CHECK(complaints.empty());
}

TEST_CASE("report.html: an incomplete report says so before anything else") {
  const Rendered report(full_sample());
  const auto page = report.text("report.html");
  const auto said = page.find("<strong>Incomplete.</strong>");
  REQUIRE(said != std::string::npos);
  CHECK(said < page.find("id=\"coverage\""));
  CHECK(page.find("id=\"coverage\"") < page.find("id=\"totals\""));
  CHECK(has(page, "(incomplete)</title>"));
  const Rendered whole{ReportSample(1)};
  CHECK(has(whole.text("report.html"), "<strong>Complete.</strong>"));
}

TEST_CASE("report.html: stays small whatever the number of rows, and shows the newest licenses") {
  ReportSample sample(1);
  for (int i = 0; i < 3000; ++i) sample.find(FindingCode::kEndDateUnknown, "no end is known");
  sample.rows[0].findings.resize(1);
  for (int i = 0; i < 3000; ++i) sample.rows.push_back(ReportSample::license(i));
  sample.rows[1234].licensed_at = report_moment("2026-03-14T00:00:00Z");
  sample.rows[1234].title = "the newest of all";
  const Rendered report(sample);
  const auto page = report.text("report.html");
  CHECK(page.size() < 600'000);
  CHECK(has(page, "the newest of all"));
  CHECK(has(page,
            "The first 25 of 3\xe2\x80\xaf"
            "000 are shown; findings.csv has them all."));
  CHECK(has(page,
            "The newest 500 of 3\xe2\x80\xaf"
            "001 licenses"));
}

TEST_CASE("W5 report.xlsx: everything is text, hostile text included, and equal reports are equal bytes") {
  if (!has_xlsx_renderer()) {
    MESSAGE("built without libxlsxwriter");
    return;
  }
  const Rendered report(hostile_sample()), again(hostile_sample());
  CHECK(report.text("report.xlsx") == again.text("report.xlsx"));
  const auto sheet = report.output(
      "python3 -c 'import zipfile; z=zipfile.ZipFile(\"report.xlsx\");"
      " import xml.dom.minidom as m; [m.parseString(z.read(n)) for n in z.namelist()];"
      " print(z.read(\"xl/worksheets/sheet1.xml\").decode())'");
  CHECK(has(sheet, "t=\"inlineStr\"><is><t>1000</t>"));
  CHECK(has(sheet, "=cmd()|&apos;") != has(sheet, "=cmd()|'"));
  CHECK_FALSE(has(sheet, "<f>"));
}

TEST_CASE("report.html: a report that was written late says so, complete or not") {
  ReportSample sample(1);
  sample.head.incomplete_reasons = {"written late, on 2026-03-16"};
  CHECK(has(Rendered(sample).text("report.html"), "<li>written late, on 2026-03-16</li>"));
}

TEST_CASE("report.html: a finding names the title, and commands are set as code") {
  ReportSample sample(1);
  sample.find(FindingCode::kEndDateUnknown, "no end is known");
  sample.find(FindingCode::kFileMissing, "gone").waived = FindingWaiver{"legal", "", "moved"};
  const auto page = Rendered(sample).text("report.html");
  CHECK(has(page, "data-l=\"Title\">Harbour at dawn 0</td><td class=\"id\" data-l=\"License\">l-0"));
  CHECK(has(page, "Harbour at dawn 0\ngone"));
  CHECK(page.substr(page.find("<body>"), page.find("<script>") - page.find("<body>")).find('`') == std::string::npos);
}

TEST_CASE("report.html: the day of a time is the one in the zone of the schedule, as that of an end is") {
  ReportSample sample(1);
  sample.rows[0].licensed_at = report_moment("2026-01-15T23:30:00Z");
  sample.find(FindingCode::kExpired, "ended").first_seen = report_moment("2026-03-14T23:00:00Z");
  sample.head.day_of = [](UtcTime time) { return std::chrono::floor<std::chrono::days>(time + std::chrono::hours(1)); };
  const auto page = Rendered(sample).text("report.html");
  CHECK(has(page, ">2026-01-16<"));
  CHECK_FALSE(has(page, ">2026-01-15<"));
  CHECK(has(page, ">2026-03-15</td>"));
  CHECK_FALSE(has(page, ">2026-03-14</td>"));
}

TEST_CASE("report.html: the first reports of all say what they cannot be compared with") {
  ReportSample sample(1);
  sample.head.changes.since.reset();
  CHECK(has(Rendered(sample).text("report.html"), "There is no report of an earlier date to compare with."));
}

TEST_CASE("report.html: heads of tables stay text, so that every printed page has them") {
  CHECK_FALSE(has(std::string(report_script_text()), "button"));
  CHECK(has(std::string(report_script_text()), "keydown"));
}

TEST_CASE("report.xlsx: findings stand by severity, whatever the order of the licenses") {
  if (!has_xlsx_renderer()) {
    MESSAGE("built without libxlsxwriter");
    return;
  }
  ReportSample sample(1);
  for (const auto code : {FindingCode::kAdult, FindingCode::kEndDateUnknown, FindingCode::kFileMissing})
    sample.find(code, to_word(rule_of(code).severity));
  const auto sheet = Rendered(sample).output(
      "python3 -c 'import zipfile; "
      "print(zipfile.ZipFile(\"report.xlsx\").read(\"xl/worksheets/sheet2.xml\").decode())'");
  const auto high = sheet.find("FILE_MISSING"), medium = sheet.find("END_DATE_UNKNOWN"), low = sheet.find("ADULT");
  CHECK(high < std::min(medium, low));
  CHECK(std::max(medium, low) != std::string::npos);
  CHECK((rule_of(FindingCode::kEndDateUnknown).severity < rule_of(FindingCode::kAdult).severity ? medium < low : true));
}

TEST_CASE("html text: what stands between backticks is code, and stays escaped") {
  CHECK(html_prose("run `damsync verify <x>` & wait") == "run <code>damsync verify &lt;x&gt;</code> &amp; wait");
}

TEST_CASE("html text: numbers are grouped and words agree") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(-1234) ==
        "-1\xe2\x80\xaf"
        "234");
  CHECK(grouped(1234567) ==
        "1\xe2\x80\xaf"
        "234\xe2\x80\xaf"
        "567");
  CHECK(counted(1, "license", "licenses") == "1 license");
  CHECK(html("a<b>&\"'\x07") == "a&lt;b&gt;&amp;&quot;&#39;\xef\xbf\xbd");
}

}  // namespace damsync
