#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "tests/integration/clock_desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// Holds a daemon's thread at a named point of the program, from its start on.
class Hold {
 public:
  Hold(Desk& desk, const std::string& point) : desk_(desk), file_(desk.dir.path() / "held") {
    desk_.environment["DAMSYNC_HOLD_AT"] = point;
    desk_.environment["DAMSYNC_HOLD_FILE"] = file_;
  }
  ~Hold() {
    release();
    desk_.environment.erase("DAMSYNC_HOLD_AT");
    desk_.environment.erase("DAMSYNC_HOLD_FILE");
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  [[nodiscard]] bool reached() const {
    return eventually([&] { return fs::exists(file_); });
  }
  void release() const { fs::remove(file_); }

 private:
  Desk& desk_;
  fs::path file_;
};

/// A daemon that was asked to stop while it stood at the point; how it ended once it could go on.
ProgramResult stop_at(DaemonDesk& desk, Program& daemon, const Hold& hold) {
  const bool reached = hold.reached();
  const std::string said = daemon.err_so_far();
  REQUIRE_MESSAGE(reached, said);
  const auto begun = std::chrono::steady_clock::now();
  const int before = desk.manager.count("READY=1");
  daemon.signal(SIGTERM);
  if (before > 0) CHECK(desk.manager.wait_for("STOPPING=1"));
  hold.release();
  ProgramResult result = daemon.wait();
  result.took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  CHECK(result.took < std::chrono::seconds(20));
  return result;
}

/// Ends a daemon that does nothing special; what it had said.
std::string stop(Program& daemon) {
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  return result.err;
}

constexpr const char* kNight = "2026-12-10";

/// A night's job that was asked to stop at the point; what the daemon had said.
std::string stop_night_at(ClockDesk& desk, const char* point) {
  const Hold hold(desk.desk, point);
  desk.set_clock("2026-12-10 01:29:30");
  const auto daemon = desk.start_ready();
  desk.set_clock("2026-12-10 01:30:10");
  return stop_at(desk, *daemon, hold).err;
}

}  // namespace

TEST_CASE("G1 daemon: SIGTERM while the catalog is made ends it orderly, and the next run finds it whole") {
  for (const std::string point : {"migration.before_commit", "catalog.before_publish"}) {
    INFO(point);
    DaemonDesk desk;
    {
      const Hold hold(desk.desk, point);
      const auto daemon = desk.start();
      stop_at(desk, *daemon, hold);
    }
    const auto next = desk.start_ready();
    CHECK(desk.mirrored(3));
    stop(*next);
  }
}

TEST_CASE("G1 daemon: what does not end within 19 s of a SIGTERM is left as a crash would, also during the start") {
  DaemonDesk desk;
  {
    const Hold hold(desk.desk, "migration.before_commit");
    const auto daemon = desk.start();
    REQUIRE(hold.reached());
    const auto begun = std::chrono::steady_clock::now();
    daemon->signal(SIGTERM);
    const ProgramResult result = daemon->wait();
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(result.exit_code == 0);
    CHECK(took > std::chrono::seconds(15));
    CHECK(took < std::chrono::seconds(20));
    CHECK(holds(result.err, "daemon.stopped_hard"));
  }
  const auto next = desk.start_ready();
  CHECK(desk.mirrored(3));
  stop(*next);
}

TEST_CASE("G1 daemon: SIGTERM while a file gets its name ends it orderly, and the next run finishes the work") {
  for (const std::string point : {"publish.synced", "publish.renamed"}) {
    INFO(point);
    DaemonDesk desk;
    {
      const Hold hold(desk.desk, point);
      const auto daemon = desk.start_ready();
      stop_at(desk, *daemon, hold);
    }
    const auto next = desk.start_ready();
    CHECK(desk.mirrored(3));
    stop(*next);
    CHECK(desk.desk.damsync({"verify"}).exit_code == 0);
  }
}

TEST_CASE("G1 daemon: SIGTERM during the nightly verify ends it before the next file, and the next run verifies") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(2);
  const std::string said = stop_night_at(desk, "verify.file");
  CHECK_FALSE(holds(said, "verify.finished"));
  CHECK_FALSE(holds(said, "night.failed"));

  const auto next = desk.start_ready();
  CHECK(eventually([&] { return holds(next->err_so_far(), "verify.finished checked=1 "); }));
  CHECK(times_in(said + stop(*next), "verify.finished") == 1);
}

TEST_CASE("A1 G1 daemon: SIGTERM during the nightly report leaves one whole report of the date") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk(2);
  stop_night_at(desk, "report.prepared");
  const auto next = desk.start_ready();
  CHECK(eventually([&] { return holds(next->err_so_far(), "verify.finished"); }));  // the night's last job
  stop(*next);
  const fs::path reports = desk.desk.dir.path() / "reports";
  int of_the_night = 0;
  for (const auto& entry : fs::directory_iterator(reports))
    of_the_night += entry.path().filename().string().starts_with(kNight) ? 1 : 0;
  CHECK(of_the_night == 1);
  CHECK(desk.desk.damsync({"audit", "verify"}).exit_code == 0);
}

TEST_CASE("G1 daemon: SIGTERM during the nightly backup leaves no half copy, and the next run has one") {
  if (!ClockDesk::possible()) return;
  ClockDesk desk;
  stop_night_at(desk, "snapshot.before_publish");
  const auto next = desk.start_ready();
  CHECK(eventually([&] { return desk.has_backup(kNight); }));
  stop(*next);
  CHECK_FALSE(fs::exists(desk.desk.catalog().string() + ".backup-" + kNight + ".part"));
}

}  // namespace damsync
