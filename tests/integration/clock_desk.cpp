#include "tests/integration/clock_desk.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

}  // namespace

ClockDesk::ClockDesk(int images) : DaemonDesk(images) {
  if (images > 0) desk.sync();
  desk.environment["LD_PRELOAD"] = kLibrary;
  desk.environment["FAKETIME_TIMESTAMP_FILE"] = desk.dir / "now";
  desk.environment["FAKETIME_NO_CACHE"] = "1";
  desk.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";
  desk.environment["DONT_FAKE_MONOTONIC"] = "1";
  desk.environment["WATCHDOG_USEC"] = "300000";  // so that it looks at the clock often
  write_more(
      "time_zone = \"Europe/Berlin\"\nverify_at = \"02:30\"\naudit_at = \"02:30\"\n"
      "quiet_hours = [\"Mon-Sat 00:00-24:00\", \"Sun 00:01-24:00\"]\n");
}

bool ClockDesk::possible() {
  const bool there = fs::exists(kLibrary);
  if (!there) MESSAGE("skipped: faketime is not installed");
  return there;
}

void ClockDesk::set_clock(const std::string& time) const {
  const auto next = desk.dir.path() / "next";
  std::ofstream(next) << "@" << time << "\n";
  fs::rename(next, desk.dir.path() / "now");
}

bool ClockDesk::has_backup(const std::string& night) const {
  return fs::exists(desk.catalog().string() + ".backup-" + night);
}

}  // namespace damsync
