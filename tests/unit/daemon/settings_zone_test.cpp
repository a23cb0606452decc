#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "daemon/jobs/audit_job.h"
#include "daemon/schedule/scheduler.h"
#include "daemon/workspace.h"
#include "storage/base/time.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/daemon/settings_bench.h"

namespace damsync {

TEST_CASE_FIXTURE(SettingsBench,
                  "K2 settings: the system's zone is that of the moment they were read, for schedule and report") {
  ::setenv("TZ", "Europe/Berlin", 1);
  const Settings settings = load("[store]\nroot = \"" + (dir / "store") + "\"\n[catalog]\npath = \"" +
                                 (dir / "catalog.db") + "\"\n[audit]\ndirectory = \"" + (dir / "reports") + "\"\n")
                                .settings;
  ::setenv("TZ", "America/New_York", 1);
  FakeClock clock(parse_rfc3339("2026-03-14T23:30:00Z").value());
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log(null, clock, redactor);
  const auto workspace = open_workspace(settings, clock, log).value();

  CHECK(Scheduler::make(settings.schedule).value().zone().name() == "Europe/Berlin");
  const auto report = run_audit(settings, workspace.get(), {}, clock, log, {}, {});
  ::unsetenv("TZ");
  ::close(null);
  REQUIRE(report);
  CHECK(report->report_date == "2026-03-15");
}

}  // namespace damsync
