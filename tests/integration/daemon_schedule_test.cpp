#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/integration/clock_desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Waits for the night's last job.
bool verified(const Program& daemon, int times) {
  return eventually([&] { return times_in(daemon.err_so_far(), "verify.finished") == times; });
}

/// What the sqlite3 program answers; changes are let through whatever they break.
std::string sql(const Desk& desk, const std::string& statement) {
  return run_program({{"/usr/bin/sqlite3", desk.catalog().string(), statement}, {}, {}}).out;
}

}  // namespace

TEST_CASE("A2 daemon: every file is hashed again within verify_days, a share of them each night") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(7);
  desk.desk.write_file("conf.d/nights.toml", "[schedule]\nverify_days = 3\n");
  desk.set_clock("2027-03-01 00:00:00");
  const auto daemon = desk.start_ready();
  const auto oldest = [&] {
    return sql(desk.desk, "SELECT date(min(verified_at) / 1000, 'unixepoch') FROM file").substr(0, 10);
  };
  CHECK(oldest() < "2027-03-01");
  for (int night = 1; night <= 7; ++night) {
    desk.set_clock("2027-03-0" + std::to_string(night) + " 01:30:10");
    REQUIRE_MESSAGE(verified(*daemon, night), daemon->err_so_far());
    CHECK(oldest() >= "2027-03-0" + std::to_string(std::max(1, night - 2)));
  }
  const std::string log = daemon->err_so_far();
  CHECK(times_in(log, "verify.finished checked=7 ") == 1);  // all were overdue
  CHECK(times_in(log, "verify.finished checked=3 ") + times_in(log, "verify.finished checked=2 ") == 6);
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("A2 daemon: as many copies of the catalog are kept as set, and nothing is removed that is not one") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(1);
  desk.desk.write_file("conf.d/nights.toml", "[catalog]\nbackups = 2\n");
  for (const char* name : {"catalog.db.backup-mine", "catalog.db.backup-2020-01-01.zip", "other.db.backup-2020-01-01"})
    desk.desk.write_file(name, "somebody's own");
  desk.set_clock("2027-03-01 00:00:00");
  const auto daemon = desk.start_ready();
  for (int night = 1; night <= 4; ++night) {
    desk.set_clock("2027-03-0" + std::to_string(night) + " 01:30:10");
    REQUIRE(verified(*daemon, night));
  }
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
  std::set<std::string> copies;
  for (const auto& entry : fs::directory_iterator(desk.desk.dir.path()))
    if (const auto name = entry.path().filename().string(); holds(name, ".backup-")) copies.insert(name);
  CHECK(copies == std::set<std::string>{"catalog.db.backup-2020-01-01.zip", "catalog.db.backup-2027-03-03",
                                        "catalog.db.backup-2027-03-04", "catalog.db.backup-mine",
                                        "other.db.backup-2020-01-01"});
}

TEST_CASE("daemon: who waits for the mail of the night gets it, also when the same was reported by hand before") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(1);
  const auto mails = desk.desk.dir.path() / "mails";
  desk.desk.write_file("hook", "#!/bin/sh\necho \"$1\" >> '" + mails.string() + "'\n", 0755);
  desk.desk.write_file("conf.d/audit.toml", "[audit]\ndirectory = \"" + (desk.desk.dir / "reports") +
                                                "\"\ncommand = [\"" + (desk.desk.dir / "hook") + "\"]\n");
  const auto sent = [&] {
    std::ifstream in(mails);
    return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  };
  desk.set_clock("2027-03-01 01:00:00");
  const auto daemon = desk.start_ready();
  CHECK(desk.desk.damsync({"audit"}).exit_code == 0);
  CHECK(desk.desk.damsync({"audit"}).exit_code == 0);  // nothing new, and nobody asked for another mail
  CHECK(sent() == 1);
  desk.set_clock("2027-03-01 01:30:10");
  REQUIRE(verified(*daemon, 1));
  CHECK(sent() == 2);
  CHECK(times_in(daemon->err_so_far(), "audit.done report=2027-03-01 ") == 3);
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("D1 daemon: what the weekly check finds wrong in the catalog ends it, and is named") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(1);
  desk.desk.write_file("conf.d/nights.toml", "[catalog]\nbackups = 0\n");
  desk.set_clock("2027-03-01 00:00:00");
  auto daemon = desk.start_ready();
  desk.set_clock("2027-03-01 01:30:10");
  REQUIRE(verified(*daemon, 1));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
  sql(desk.desk,
      "INSERT INTO coverage (account, stream, from_at, to_at) VALUES ('newsroom', 'licenses', 1, 9), "
      "('newsroom', 'licenses', 5, 12)");

  daemon = desk.start_ready();
  desk.set_clock("2027-03-02 01:30:10");
  REQUIRE(verified(*daemon, 1));  // it is looked for once a week
  desk.set_clock("2027-03-08 01:30:10");
  const ProgramResult result = daemon->wait();
  CHECK(result.exit_code == 78);
  CHECK(holds(result.err, "catalog.damaged finding=\"spans of coverage overlap in newsroom licenses\""));
  CHECK(holds(result.err, "damsync db restore"));
}

TEST_CASE("daemon: what it fetches stays below the bandwidth of the hour") {
  constexpr int kImages = 48;
  constexpr std::int64_t kRate = 16 * 1024;  // the lowest that can be set
  DaemonDesk desk(kImages);
  std::int64_t bytes = 0;
  for (int i = 0; i < kImages; ++i) bytes += static_cast<std::int64_t>(desk.desk.served(Desk::image_id(i)).size());
  REQUIRE(bytes > 2 * kRate);
  desk.write_more("poll_interval = \"1s\"\nbandwidth = [\"daily 00:00-24:00 16KiB/s\"]\n");
  const auto began = std::chrono::steady_clock::now();
  const auto daemon = desk.start_ready();
  CHECK(desk.mirrored(kImages));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  // A quarter of a second may be made up for; a slower machine only takes longer.
  CHECK(took.count() >= static_cast<double>(bytes) / static_cast<double>(kRate) - 0.3);
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

}  // namespace damsync
