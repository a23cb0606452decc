#include "sync/report/report_diff.h"

#include <doctest/doctest.h>

#include <fstream>

#include "sync/report/csv_reader.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

constexpr const char* kLicenseHeader = "provider,account,asset_id,license_id,title,verified_at,findings\r\n";
constexpr const char* kFindingHeader = "code,severity,provider,account,asset_id,license_id,message\r\n";
constexpr const char* kWaivableHeader =
    "code,severity,provider,account,asset_id,license_id,message,first_seen,waived\r\n";

struct DiffBench {
  void report(const std::string& name, const std::string& licenses, const std::string& findings,
              const char* finding_header = kFindingHeader) const {
    std::filesystem::create_directory(dir.path() / name);
    std::ofstream(dir.path() / name / "licenses.csv") << kLicenseHeader << licenses;
    std::ofstream(dir.path() / name / "findings.csv") << finding_header << findings;
  }
  [[nodiscard]] std::vector<std::string> diff() const {
    std::vector<std::string> out;
    const auto status = compare_reports(dir.path() / "a", dir.path() / "b", [&](const ReportDifference& d) {
      out.push_back(std::string(to_word(d.kind)) + " " + d.license_id + d.code);
      for (const auto& f : d.fields) out.back() += " " + f.name + ":" + f.before + ">" + f.after;
    });
    CHECK(status);
    return out;
  }
  TempDir dir;
};

}  // namespace

TEST_CASE("report diff: licenses that came, went and changed, and findings that are new and gone") {
  const DiffBench bench;
  bench.report("a", "p,n,1,e1,Old,x,\r\np,n,2,e2,Same,x,\r\np,n,3,e3,Gone,x,\r\n",
               "ADULT,low,p,n,1,e1,m\r\nEXPIRED,high,p,n,2,e2,m\r\nCOVERAGE_GAP,high,p,n,,,one\r\n");
  bench.report("b", "p,n,1,e0,New,y,\r\np,n,1,e1,\"New, \"\"quoted\"\"\",y,ADULT\r\np,n,2,e2,Same,y,\r\n",
               "EXPIRED,high,p,n,2,e2,other words\r\nCOVERAGE_GAP,high,p,n,,,two\r\n");
  CHECK(bench.diff() == std::vector<std::string>{
                            "license.added e0",
                            "license.changed e1 title:Old>New, \"quoted\"",
                            "license.removed e3",
                            "finding.new COVERAGE_GAP",
                            "finding.gone e1ADULT",
                            "finding.gone COVERAGE_GAP",
                        });
}

TEST_CASE("report diff: a finding that is waived, or open again, is neither new nor gone") {
  const DiffBench bench;
  bench.report("a", "", "ADULT,low,p,n,1,e1,m,,false\r\nADULT,low,p,n,2,e2,m,,true\r\nADULT,low,p,n,3,e3,m,,true\r\n",
               kWaivableHeader);
  bench.report("b", "", "ADULT,low,p,n,1,e1,m,,true\r\nADULT,low,p,n,2,e2,m,,false\r\nADULT,low,p,n,3,e3,m,,true\r\n",
               kWaivableHeader);
  CHECK(bench.diff() == std::vector<std::string>{"finding.waived e1ADULT", "finding.reopened e2ADULT"});
}

TEST_CASE("report diff: what is counted anew every night makes no finding another one") {
  const DiffBench bench;
  const auto of = [](const char* code, const char* asset, const std::string& message) {
    return std::string(code) + ",low,p,n," + asset + ",," + message + "\r\n";
  };
  bench.report("a", "",
               of("QUOTA_LOW", "", "plan s-1: 31 of 350 downloads left") + of("PLAN_ENDING", "", "plan s-1 ends at x") +
                   of("COVERAGE_GAP", "", "changes: not observed from d1 to d2") +
                   of("STALE_PROVIDER", "", "changes: last read to its end at d1") +
                   of("FILE_NO_LICENSE", "", "in the store without a license: a (1).jpg (5 bytes)") +
                   of("RESTRICTION_CHANGED", "7", "usage terms: a"));
  bench.report("b", "",
               of("QUOTA_LOW", "", "plan s-1: 30 of 350 downloads left") +
                   of("PLAN_ENDING", "", "plan s-1 ended at x") +
                   of("COVERAGE_GAP", "", "changes: not observed from d1 to d3") +
                   of("STALE_PROVIDER", "", "changes: last read to its end at d4") +
                   of("FILE_NO_LICENSE", "", "in the store without a license: a (1).jpg (6 bytes)") +
                   of("RESTRICTION_CHANGED", "7", "usage terms: b"));
  CHECK(bench.diff().empty());
  bench.report("b", "",
               of("QUOTA_LOW", "", "plan s-2: 31 of 350 downloads left") +
                   of("COVERAGE_GAP", "", "changes: not observed from d2 to d3") +
                   of("FILE_NO_LICENSE", "", "in the store without a license: a (2).jpg (5 bytes)"));
  CHECK(bench.diff().size() == 9);
}

TEST_CASE("report diff: a report is not different from itself, also an empty one") {
  const DiffBench bench;
  for (const char* name : {"a", "b"}) bench.report(name, "", "");
  CHECK(bench.diff().empty());
}

TEST_CASE("report diff: what is no report is refused") {
  const DiffBench bench;
  const auto tell = [](const ReportDifference&) {};
  CHECK(compare_reports(bench.dir.path(), bench.dir.path(), tell).error().code == ErrorCode::kStorage);
  bench.report("a", "p,n,1\r\n", "");
  CHECK(compare_reports(bench.dir.path() / "a", bench.dir.path() / "a", tell).error().code == ErrorCode::kInvalid);
}

TEST_CASE("csv reader: cells may hold line feeds, and a quoted cell must end") {
  const TempDir dir;
  std::ofstream(dir.path() / "x.csv") << "a,b\r\n\"1\n2\",\"\"\r\n\"open,";
  auto csv = CsvReader::open(dir.path() / "x.csv");
  REQUIRE(csv);
  std::vector<std::string> cells;
  CHECK(*csv->next(cells));
  CHECK(cells == std::vector<std::string>{"1\n2", ""});
  CHECK(csv->next(cells).error().code == ErrorCode::kInvalid);
}

}  // namespace damsync
