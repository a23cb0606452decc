#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/integration/daemon_desk.h"
#include "tests/integration/small_disk.h"
#include "tests/support/getty_desk.h"

namespace damsync {
namespace {

/// A daemon in the middle of a spending call, which a stop waits for.
struct SpendingDaemon {
  SpendingDaemon() {
    desk.hold("83454801");
    std::filesystem::create_directory(desk.dir / "conf.d");
    std::ofstream(desk.dir / "conf.d/daemon.toml") << "[http]\nlisten = \"\"\n";
    desk.sim.faults().once("POST /v3/downloads/images/*", fault::hold(gate));
    daemon = std::make_unique<Program>(desk.call({"run"}, {{"NOTIFY_SOCKET", desk.dir / "notify"}}));
    REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
    daemon->signal(SIGTERM);
    REQUIRE(manager.wait_for("STOPPING=1"));
  }

  GettyDesk desk;
  NotifySocket manager{desk.dir / "notify"};
  std::shared_ptr<SimGate> gate = std::make_shared<SimGate>();
  std::unique_ptr<Program> daemon;
};

}  // namespace

TEST_CASE("X1 spending: a file is not paid for where there is room to fetch it and little more") {
  GettyDesk desk;
  const SmallDisk disk(desk.dir.path() / "store", "size=96m");
  if (!disk.mounted) return;
  desk.hold("83454801");
  const auto with_reserve = [&](const std::string& size) {
    std::filesystem::create_directory(desk.dir / "conf.d");
    std::ofstream(desk.dir / "conf.d/room.toml") << "[store]\nmin_free = \"" << size << "\"\n";
    desk.run({"sync"});
  };
  with_reserve("60MiB");
  CHECK(desk.executions("83454801") == 0);
  CHECK(desk.outcomes("83454801").empty());
  with_reserve("1MiB");
  CHECK(desk.executions("83454801") == 1);
}

TEST_CASE("G2 daemon: a second signal ends it at once, also while it waits for a spending call") {
  for (const int second : {SIGTERM, SIGINT}) {
    SpendingDaemon spending;
    const auto begun = std::chrono::steady_clock::now();
    spending.daemon->signal(second);
    CHECK(spending.daemon->wait().exit_code == 128 + second);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
    spending.gate->release();
  }
}

TEST_CASE("I5 G1 daemon: a stop waits for the answer to a spending call, and the book knows its outcome at the end") {
  SpendingDaemon spending;
  spending.gate->release();
  const ProgramResult ended = spending.daemon->wait();

  CHECK_MESSAGE(ended.exit_code == 0, ended.err);
  CHECK(spending.desk.executions("83454801") == 1);
  CHECK(spending.desk.outcomes("83454801") == std::vector<std::string>{"spent"});
}

}  // namespace damsync
