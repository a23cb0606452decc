#include "sync/report/report_writer.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/crash_point.h"
#include "storage/base/digest.h"
#include "sync/report/report_chain.h"
#include "tests/support/report_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

struct WriterBench : CatalogBench {
  [[nodiscard]] ReportRequest request(const std::string& date = "2026-03-15") const {
    ReportRequest out;
    out.directory = dir.path() / "reports";
    out.report_date = date;
    out.as_of = now();
    out.config_sha256 = std::string(64, 'e');
    out.version = "0.1.0";
    return out;
  }
  PublishedReport write(const ReportRequest& wanted, const ReportSample& sample) {
    return ReportWriter(*db, clock).write(wanted, sample.source(), {}, {}).value();
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(dir.path() / "reports"))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }

  TempDir dir;
  AuditLog log{*db};
};

}  // namespace

TEST_CASE_FIXTURE(WriterBench, "report: a folder with a manifest that sha256sum reads, and a link to the newest") {
  const auto report = write(request(), ReportSample());

  CHECK(report.name == "2026-03-15");
  CHECK(report.previous_manifest_sha256.empty());
  CHECK(names() == std::vector<std::string>{"2026-03-15", "latest"});
  CHECK(fs::read_symlink(dir.path() / "reports" / "latest") == "2026-03-15");
  CHECK(std::system(("cd " + report.path.string() + " && sha256sum --quiet -c MANIFEST.sha256").c_str()) == 0);
  CHECK(sha256_hex(contents_of(report.path / "MANIFEST.json")) == report.manifest_sha256);
  CHECK((fs::status(report.path / "report.json").permissions() & fs::perms::all) == fs::perms(0640));
  CHECK_FALSE(log.check());
  CHECK(report.head == log.head());
  CHECK(log.report_rows().back().digest == report.manifest_sha256);
}

TEST_CASE_FIXTURE(WriterBench, "report: reports of one directory form a chain, equal ones are not written twice") {
  const auto first = write(request(), ReportSample());
  const auto again = write(request(), ReportSample());
  CHECK(again.unchanged);
  CHECK(again.name == "2026-03-15");

  const auto other = write(request(), ReportSample(4));
  CHECK(other.name == "2026-03-15.2");
  CHECK(other.previous_manifest_sha256 == first.manifest_sha256);
  const auto next = write(request("2026-03-16"), ReportSample());
  CHECK(next.previous_manifest_sha256 == other.manifest_sha256);
  CHECK(fs::read_symlink(dir.path() / "reports" / "latest") == "2026-03-16");
}

TEST_CASE_FIXTURE(WriterBench, "report: one of a past date joins no chain and leaves the catalog as it is") {
  auto wanted = request("2025-12-31");
  wanted.directory = dir.path() / "reports" / "as-of";
  wanted.chain = ReportRequest::Chain::kAlone;
  const auto before = log.head();
  const auto report = write(wanted, ReportSample());
  CHECK(report.previous_manifest_sha256.empty());
  CHECK(log.head() == before);
  CHECK(write(wanted, ReportSample()).unchanged);
  CHECK_FALSE(fs::exists(wanted.directory / "latest"));
}

TEST_CASE_FIXTURE(WriterBench, "report: the same state gives the same bytes") {
  auto one = request(), two = request();
  one.chain = two.chain = ReportRequest::Chain::kAlone;
  one.directory = dir.path() / "one";
  two.directory = dir.path() / "two";
  const auto a = write(one, ReportSample(40)), b = write(two, ReportSample(40));
  CHECK(a.manifest_sha256 == b.manifest_sha256);
  CHECK(std::system(("diff -r " + a.path.string() + " " + b.path.string()).c_str()) == 0);
}

TEST_CASE_FIXTURE(WriterBench, "A2 report: what fails while it is written leaves nothing behind") {
  ReportSample sample;
  const ReportSource failing = [&](ReportRenderer& out) -> Status {
    if (auto begun = out.begin(sample.head); !begun) return begun;
    return make_error(ErrorCode::kStorage, "disk full");
  };
  CHECK_FALSE(ReportWriter(*db, clock).write(request(), failing, {}, {}).ok());
  CHECK(names().empty());
  CHECK(log.report_rows().empty());
}

TEST_CASE("A2 report: a kill at any point leaves the old reports or one whole report more, and the next goes on") {
  long points = 0;
  for (long at = 1;; ++at) {
    const TempDir dir;
    WriterBench bench;
    auto wanted = bench.request();
    wanted.directory = dir.path() / "reports";
    const auto catalog = dir / "catalog.db";
    const pid_t child = ::fork();
    if (child == 0) {
      CatalogBench inside(Database::open(catalog, OpenMode::kWrite));
      crash_points::arm(at, "");
      const auto done = ReportWriter(*inside.db, inside.clock).write(wanted, ReportSample().source(), {}, {});
      ::_exit(done ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 137));
    for (const auto& entry : reports_in(wanted.directory)) {
      CHECK(entry.manifest);
      CHECK(std::system(("cd " + (wanted.directory / entry.name).string() + " && sha256sum --quiet -c MANIFEST.sha256")
                            .c_str()) == 0);
    }
    CatalogBench after(Database::open(catalog, OpenMode::kWrite));
    const auto next = ReportWriter(*after.db, after.clock).write(wanted, ReportSample(5).source(), {}, {});
    REQUIRE(next.ok());
    CHECK_FALSE(AuditLog(*after.db).check());
    const auto disk = reports_in(wanted.directory);
    const auto recorded = recorded_reports(AuditLog(*after.db), "");
    std::size_t published = 0;
    for (const auto& report : recorded) published += report.state == RecordedReport::State::kPublished ? 1 : 0;
    CHECK(published == disk.size());
    if (WEXITSTATUS(status) == 0) break;
    ++points;
  }
  CHECK(points > 10);
}

TEST_CASE_FIXTURE(WriterBench, "report: two writers of one directory do not meet") {
  fs::create_directories(request().directory);
  const ReportSample sample;
  const auto outer = ReportWriter(*db, clock)
                         .write(request(),
                                [&](ReportRenderer& out) {
                                  const auto inner = ReportWriter(*db, clock).write(request(), sample.source(), {}, {});
                                  CHECK(inner.error().code == ErrorCode::kLocked);
                                  return sample.push(out);
                                },
                                {}, {});
  CHECK(outer.ok());
}

TEST_CASE_FIXTURE(WriterBench, "report: a signature is checked by stock openssl") {
  const auto key_file = dir / "key.pem";
  REQUIRE(std::system(("openssl genpkey -algorithm ed25519 -out " + key_file).c_str()) == 0);
  const auto key = SigningKey::from_pem(Secret(contents_of(key_file))).value();
  auto wanted = request();
  wanted.signing_key = &key;
  const auto report = write(wanted, ReportSample());
  CHECK(std::system(("cd " + report.path.string() +
                     " && openssl pkeyutl -verify -pubin -inkey public_key.pem -rawin -in MANIFEST.json"
                     " -sigfile MANIFEST.json.sig > /dev/null")
                        .c_str()) == 0);
  for (const auto* text : {"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
    CHECK(SigningKey::from_pem(Secret(text)).error().code == ErrorCode::kSettings);
}

}  // namespace damsync
