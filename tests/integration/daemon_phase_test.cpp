#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "storage/base/time.h"
#include "tests/integration/daemon_desk.h"
#include "tests/integration/small_disk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

struct Phase {
  std::string what, route;
};
const Phase kPhases[] = {
    {"reading the history", "GET /v2/images/licenses"}, {"reading the feed", "GET /v2/images/updated"},
    {"asking for metadata", "GET /v2/images"},          {"asking for a link", "POST /v2/images/licenses/*"},
    {"in the body of a file", "GET /gatekeeper/*"},
};

/// A daemon that is in the middle of something, sent a signal; how it ended.
ProgramResult interrupt(DaemonDesk& desk, const Phase& phase, int signal) {
  const auto gate = std::make_shared<SimGate>();
  desk.desk.sim.faults().once(phase.route, fault::hold(gate));
  const auto daemon = desk.start();
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));
  const auto begun = std::chrono::steady_clock::now();
  daemon->signal(signal);
  ProgramResult result = daemon->wait();
  result.took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
  gate->release();
  return result;
}

}  // namespace

TEST_CASE("G1 daemon: SIGTERM in every phase ends it orderly within 20 s, and the next run finishes the work") {
  for (const Phase& phase : kPhases) {
    INFO(phase.what);
    DaemonDesk desk;
    const ProgramResult result = interrupt(desk, phase, SIGTERM);
    CHECK_MESSAGE(result.exit_code == 0, result.err);
    CHECK(result.took < std::chrono::seconds(20));
    CHECK(desk.manager.wait_for("STOPPING=1"));
    const auto next = desk.start_ready();
    CHECK(desk.mirrored(3));
    next->signal(SIGINT);
    CHECK(next->wait().exit_code == 0);
  }
}

TEST_CASE("G3 daemon: SIGKILL in every phase is healed by the next run") {
  for (const Phase& phase : kPhases) {
    INFO(phase.what);
    DaemonDesk desk;
    CHECK(interrupt(desk, phase, SIGKILL).exit_code == -1);
    const auto next = desk.start_ready();
    CHECK(desk.mirrored(3));
    next->signal(SIGTERM);
    CHECK(next->wait().exit_code == 0);
    CHECK(fs::is_empty(desk.desk.store() / ".damsync" / "staging"));
    CHECK(desk.desk.damsync({"verify"}).exit_code == 0);
  }
}

TEST_CASE("X1 daemon: below store.min_free nothing is fetched, and it goes on by itself when there is room") {
  DaemonDesk desk;
  desk.write_more("poll_interval = \"1s\"\n", "[store]\nmin_free = \"900000TiB\"\n");
  auto daemon = desk.start();
  if (!eventually([&] { return holds(daemon->err_so_far(), "sync.finished"); })) FAIL(daemon->err_so_far());
  CHECK(desk.mirrored(0));
  CHECK(desk.desk.list({"licenses"}).size() == 3);
  CHECK(desk.desk.count("GET /gatekeeper/*") == 0);
  desk.write_more("poll_interval = \"1s\"\n");
  daemon->signal(SIGHUP);
  CHECK(desk.mirrored(3));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("X1 daemon: a store without room stops fetching, and it goes on by itself when there is") {
  DaemonDesk desk;
  const SmallDisk disk(desk.desk.store(), "size=1m");
  if (!disk.mounted) return;
  desk.write_more("poll_interval = \"1s\"\n", "[store]\nmin_free = \"0B\"\n");
  desk.desk.add_image("4711");
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  disk.fill();
  desk.desk.add_license("4711", desk.desk.sim.now());
  CHECK(eventually([&] { return holds(daemon->err_so_far(), "disk full"); }));
  CHECK(desk.mirrored(3));
  CHECK(eventually([&] { return holds(desk.control("{\"do\":\"status\"}\n"), "\"result\":\"failed\""); }));
  disk.empty();
  CHECK(desk.mirrored(4));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("X1 daemon: a report that finds no room in the catalog is refused, and the daemon goes on") {
  DaemonDesk desk(40);
  const SmallDisk disk(desk.desk.dir.path() / "state", "size=3m");
  if (!disk.mounted) return;
  desk.write_more("poll_interval = \"1h\"\n", "[catalog]\npath = \"" + (disk.path / "catalog.db").string() + "\"\n");
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(40));
  disk.fill();
  std::string answer;
  for (int i = 0; i < 50 && !holds(answer, "full"); ++i) {  // until the log has no room of its own left
    answer = desk.desk.damsync({"audit", "--output", desk.desk.dir / std::to_string(i)}).err;
    INFO(answer);
  }
  CHECK(holds(answer, "full"));
  disk.empty();
  CHECK(desk.desk.damsync({"audit"}).exit_code == 0);
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

TEST_CASE("X1 daemon: a catalog without room loses nothing, and it goes on by itself when there is") {
  DaemonDesk desk(0);
  const SmallDisk disk(desk.desk.dir.path() / "state", "size=3m");
  if (!disk.mounted) return;
  desk.write_more("poll_interval = \"1s\"\n", "[catalog]\npath = \"" + (disk.path / "catalog.db").string() + "\"\n");
  const auto daemon = desk.start_ready();
  disk.fill();
  for (int i = 0; i < 40; ++i) {
    desk.desk.add_image(Desk::image_id(i));
    desk.desk.add_license(Desk::image_id(i), desk.desk.sim.now());
  }
  CHECK(eventually([&] { return holds(daemon->err_so_far(), "sync.no_room"); }));
  const ProgramResult status = desk.desk.damsync({"status", "--check"});
  CHECK(status.exit_code == 3);
  CHECK(holds(status.out, "! account newsroom: "));
  CHECK(holds(status.out, "full"));
  const ProgramResult asked = desk.desk.damsync({"sync"});
  CHECK(asked.exit_code == 74);
  CHECK(holds(asked.out, "newsroom (shutterstock): not finished"));
  CHECK_FALSE(holds(asked.out, ", run "));
  disk.empty();
  CHECK(desk.mirrored(40));
  CHECK(eventually([&] { return desk.desk.damsync({"status", "--check"}).exit_code == 0; }));
  daemon->signal(SIGTERM);
  CHECK(daemon->wait().exit_code == 0);
}

}  // namespace damsync
