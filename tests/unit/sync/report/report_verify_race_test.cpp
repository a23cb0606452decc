#include <doctest/doctest.h>

#include "sync/report/report_chain.h"
#include "sync/report/report_verify.h"
#include "sync/report/report_writer.h"
#include "tests/support/report_bench.h"
#include "tests/unit/storage/catalog/catalog_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Two reports, and somebody who does something between two looks of who verifies them.
struct RaceBench : CatalogBench {
  RaceBench() {
    write();
    write();
  }
  ~RaceBench() { db->set_fault_hook({}); }

  void write() {
    ReportRequest request;
    request.directory = directory();
    request.report_date = format_date(std::chrono::floor<std::chrono::days>(now()));
    request.as_of = now();
    clock.advance(std::chrono::hours(24));
    const ReportSample sample(1);
    REQUIRE(ReportWriter(*db, clock).write(request, sample.source(), {}, {}).ok());
  }
  /// As `audit prune` does it.
  void remove_oldest() {
    for (const auto& known : recorded_reports(log, "")) {
      if (known.state == RecordedReport::State::kRemoved) continue;
      commit([&] { log.append_report_removed(known.seal, now()); });
      fs::remove_all(directory() / known.seal.name);
      return;
    }
  }
  [[nodiscard]] fs::path directory() const { return dir.path() / "reports"; }

  /// What is found wrong when `act` happens before the catalog is asked for the `step`th time; false: it was not asked
  /// so often.
  bool verify(int step, const std::function<void()>& act, std::string& wrong) {
    bool acted = false;
    db->set_fault_hook([&](auto&&...) {
      if (step-- == 0) {
        acted = true;
        act();
      }
      return 0;
    });
    const auto done = verify_reports(directory(), {&log, "", {}}).value();
    for (const auto& fault : done.faults) wrong += fault.report + "/" + fault.file + ": " + fault.message + "\n";
    db->set_fault_hook({});
    return acted;
  }

  TempDir dir;
  AuditLog log{*db};
};

}  // namespace

TEST_CASE("audit verify: a report that is written meanwhile is no fault") {
  std::string wrong;
  int step = 0;
  for (bool acted = true; acted && wrong.empty(); ++step) {
    RaceBench bench;
    acted = bench.verify(
        step, [&] { bench.write(); }, wrong);
  }
  CHECK_MESSAGE(wrong.empty(), "before step " << step << "\n" << wrong);
  CHECK(step > 10);
}

TEST_CASE("audit verify: a report that is removed meanwhile is no fault") {
  std::string wrong;
  int step = 0;
  for (bool acted = true; acted && wrong.empty(); ++step) {
    RaceBench bench;
    acted = bench.verify(
        step, [&] { bench.remove_oldest(); }, wrong);
  }
  CHECK_MESSAGE(wrong.empty(), "before step " << step << "\n" << wrong);
  CHECK(step > 10);
}

TEST_CASE("audit verify: a page that the catalog notes and that is gone is named, unless its report was removed") {
  RaceBench bench;
  const auto name = recorded_reports(bench.log, "").front().seal.name;
  std::string wrong;
  bench.commit([&] { bench.log.append_report_published({page_name(name), std::string(64, 'a'), ""}, bench.now()); });
  bench.verify(-1, {}, wrong);
  CHECK(wrong == name + "/" + name + ".pdf: is gone: the catalog notes that it was made\n");
  wrong.clear();
  bench.remove_oldest();
  bench.verify(-1, {}, wrong);
  CHECK(wrong.empty());
}

}  // namespace damsync
