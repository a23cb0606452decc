#include <doctest/doctest.h>
#include <signal.h>

#include "tests/integration/clock_desk.h"

namespace damsync {
namespace {

/// The nights whose backups were made, in the order they were.
std::string nights_in(const std::string& log) {
  std::string out;
  constexpr std::string_view kName = "catalog.db.backup-";
  for (auto at = log.find(kName); at != std::string::npos; at = log.find(kName, at + 1))
    out += (out.empty() ? "" : " ") + log.substr(at + kName.size(), 10);
  return out;
}

}  // namespace

TEST_CASE("K2 daemon: one night a local date where 02:30 is skipped, with a clock that is set back meanwhile") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2026-03-29 00:59:30");
  const auto daemon = desk.start_ready();
  CHECK(nights_in(daemon->err_so_far()).empty());
  desk.set_clock("2026-03-29 01:00:10");
  CHECK(eventually([&] { return desk.has_backup("2026-03-29"); }));
  for (const char* time : {"2026-03-29 00:10:00", "2026-03-29 01:30:00", "2026-03-28 12:00:00", "1971-01-01 00:00:00",
                           "2026-03-29 23:00:00"}) {
    desk.set_clock(time);
    const int told = desk.manager.count("WATCHDOG=1");
    CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  }
  desk.set_clock("2026-03-30 00:30:10");
  CHECK(eventually([&] { return desk.has_backup("2026-03-30"); }));
  daemon->signal(SIGTERM);
  const ProgramResult result = daemon->wait();
  CHECK(result.exit_code == 0);
  CHECK(nights_in(result.err) == "2026-03-29 2026-03-30");
}

TEST_CASE("K1 K2 daemon: one night where 02:30 comes twice, also over a restart, and after a jump to 2100 and back") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  desk.set_clock("2026-10-25 00:29:30");
  auto daemon = desk.start_ready();
  desk.set_clock("2026-10-25 00:30:10");
  CHECK(eventually([&] { return desk.has_backup("2026-10-25"); }));
  daemon->signal(SIGTERM);
  std::string log = daemon->wait().err;
  desk.set_clock("2026-10-25 01:30:10");  // 02:30 again
  daemon = desk.start_ready();
  desk.set_clock("2100-06-01 12:00:00");
  CHECK(eventually([&] { return desk.has_backup("2100-06-01"); }));
  desk.set_clock("2026-10-26 01:29:00");
  const int told = desk.manager.count("WATCHDOG=1");
  CHECK(desk.manager.wait_for("WATCHDOG=1", told + 3));
  desk.set_clock("2026-10-26 01:30:10");
  CHECK(eventually([&] { return desk.has_backup("2026-10-26"); }));
  daemon->signal(SIGTERM);
  const ProgramResult result = daemon->wait();
  CHECK(result.exit_code == 0);
  CHECK(nights_in(log + result.err) == "2026-10-25 2100-06-01 2026-10-26");
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
