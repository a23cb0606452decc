#include <doctest/doctest.h>
#include <signal.h>

#include "tests/integration/clock_desk.h"

namespace damsync {
namespace {

/// The dates behind each `mark`, in the order they were logged.
std::string dates_in(const std::string& log, const std::string& mark) {
  std::string out;
  for (auto at = log.find(mark); at != std::string::npos; at = log.find(mark, at + 1))
    out += (out.empty() ? "" : " ") + log.substr(at + mark.size(), 10);
  return out;
}
std::string backups_in(const std::string& log) { return dates_in(log, "catalog.db.backup-"); }
std::string reports_in(const std::string& log) { return dates_in(log, "audit.done report="); }

/// Waits for the night's last job.
bool verified(const Program& daemon, int times) {
  return eventually([&] { return times_in(daemon.err_so_far(), "verify.finished") == times; });
}

}  // namespace

TEST_CASE("K2 daemon: one night a local date where 02:30 is skipped, with a clock that is set back meanwhile") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2026-03-29 00:59:30");
  const auto daemon = desk.start_ready();
  CHECK(backups_in(daemon->err_so_far()).empty());
  desk.set_clock("2026-03-29 01:00:10");
  CHECK(verified(*daemon, 1));
  for (const char* time : {"2026-03-29 00:10:00", "2026-03-29 01:30:00", "2026-03-28 12:00:00", "1971-01-01 00:00:00",
                           "2026-03-29 23:00:00"}) {
    desk.set_clock(time);
    const int told = desk.manager.count("WATCHDOG=1");
    CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  }
  desk.set_clock("2026-03-30 00:30:10");
  CHECK(verified(*daemon, 2));
  daemon->signal(SIGTERM);
  const ProgramResult result = daemon->wait();
  CHECK(result.exit_code == 0);
  for (const auto& nights : {reports_in(result.err), backups_in(result.err)}) CHECK(nights == "2026-03-29 2026-03-30");
  CHECK(times_in(result.err, "verify.finished") == 2);
}

TEST_CASE("K1 K2 daemon: one night where 02:30 comes twice, also over a restart, and after a jump to 2100 and back") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2026-10-25 00:29:30");
  auto daemon = desk.start_ready();
  desk.set_clock("2026-10-25 00:30:10");
  CHECK(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  std::string log = daemon->wait().err;
  desk.set_clock("2026-10-25 01:30:10");  // 02:30 again
  daemon = desk.start_ready();
  desk.set_clock("2100-06-01 12:00:00");
  CHECK(verified(*daemon, 1));
  desk.set_clock("2026-10-26 01:29:00");
  const int told = desk.manager.count("WATCHDOG=1");
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  desk.set_clock("2026-10-26 01:30:10");
  CHECK(verified(*daemon, 2));
  daemon->signal(SIGTERM);
  const ProgramResult result = daemon->wait();
  CHECK(result.exit_code == 0);
  CHECK(backups_in(log + result.err) == "2026-10-25 2100-06-01 2026-10-26");
  CHECK(times_in(log + result.err, "verify.finished") == 3);
  const std::string reports = reports_in(log + result.err);
  CHECK(reports.starts_with("2026-10-25 2100-05-02 2100-05-03 "));  // the last month of the leap is made up for
  CHECK(reports.ends_with(" 2100-05-31 2100-06-01 2026-10-26"));
  CHECK(times_in(reports, "-") == 2 * 33);
}

TEST_CASE("K1 daemon: a first start with a clock that is ahead puts off no night, nor does a restart") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2100-06-01 12:00:00");
  auto daemon = desk.start_ready();
  desk.set_clock("2026-03-10 12:00:00");
  const int told = desk.manager.count("WATCHDOG=1");
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  desk.set_clock("2026-03-11 01:30:10");
  CHECK(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  std::string log = daemon->wait().err;
  daemon = desk.start_ready();
  desk.set_clock("2026-03-12 01:30:10");
  CHECK(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  log += daemon->wait().err;
  CHECK(reports_in(log) == "2026-03-11 2026-03-12");
  CHECK(backups_in(log) == "2026-03-11 2026-03-12");
}

TEST_CASE("K1 daemon: a clock that jumps by more than five minutes is logged, forwards and backwards, and no other") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2026-03-10 12:00:00");
  const auto daemon = desk.start_ready();
  const auto jump = [&](const char* time, int logged) {
    const int told = desk.manager.count("WATCHDOG=1");
    CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
    desk.set_clock(time);
    CHECK(desk.manager.wait_for("WATCHDOG=1", told + 6));
    CHECK(times_in(daemon->err_so_far(), "clock.jumped") == logged);
  };
  jump("2026-03-10 12:04:00", 0);
  jump("2026-03-10 11:00:00", 1);
  jump("2026-03-10 11:04:00", 1);
  jump("2026-03-10 18:00:00", 2);
  const std::string log = daemon->err_so_far();
  INFO(log);
  CHECK(holds(log, "clock.jumped by=\"-1h 4m\" from=2026-03-10T12:04:"));
  CHECK(holds(log, "clock.jumped by=\"6h 5"));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("A1 daemon: nights that were missed have their reports in order, and those of longer ago are told of") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(1);
  desk.set_clock("2026-12-09 01:30:10");
  auto daemon = desk.start_ready();
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
  desk.set_clock("2026-12-12 12:00:00");
  daemon = desk.start_ready();
  CHECK(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  std::string log = daemon->wait().err;
  CHECK(reports_in(log) == "2026-12-10 2026-12-11 2026-12-12");
  CHECK_FALSE(holds(log, "nights.skipped"));
  CHECK(desk.desk.damsync({"audit", "verify"}).exit_code == 0);

  desk.set_clock("2027-02-10 12:00:00");
  daemon = desk.start_ready();
  CHECK(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  log = daemon->wait().err;
  CHECK(times_in(log, "nights.skipped job=audit from=2026-12-13 until=2027-01-10 ") == 1);
  CHECK(reports_in(log).starts_with("2027-01-11 2027-01-12 "));
  CHECK(times_in(log, "audit.done") == 31);
}

TEST_CASE("daemon: a nightly report that is not in order is a problem of status until the next one is") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(1);
  const auto waivers = desk.desk.dir.path() / "waivers.toml";
  desk.desk.write_file("waivers.toml", "[[waiver]]\ncode = \"ADULTS\"\nby = \"legal\"\nreason = \"typo\"\n");
  desk.desk.write_file("conf.d/audit.toml", "[audit]\ndirectory = \"" + (desk.desk.dir.path() / "reports").string() +
                                                "\"\nwaivers = \"" + waivers.string() + "\"\n");
  const auto problem = [&] { return holds(desk.desk.damsync({"status"}).out, "the nightly audit of 2027-03-28: "); };
  desk.set_clock("2027-03-28 00:29:30");
  const auto daemon = desk.start_ready();
  CHECK_FALSE(problem());
  desk.set_clock("2027-03-28 01:00:10");
  CHECK(eventually(problem));
  CHECK(std::filesystem::exists(desk.desk.dir.path() / "reports" / "2027-03-28" / "MANIFEST.json"));
  CHECK(desk.desk.damsync({"status", "--check"}).exit_code == 3);
  desk.desk.write_file("waivers.toml", "[[waiver]]\ncode = \"ADULT\"\nby = \"legal\"\nreason = \"typo\"\n");
  desk.set_clock("2027-03-29 00:30:10");
  CHECK(eventually([&] { return !holds(desk.desk.damsync({"status"}).out, "the nightly audit of"); }));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

}  // namespace damsync
