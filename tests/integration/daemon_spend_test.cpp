#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/daemon_desk.h"
#include "tests/support/getty_desk.h"

namespace damsync {

TEST_CASE("I5 G1 daemon: a stop waits for the answer to a spending call, and the book knows its outcome at the end") {
  GettyDesk desk;
  desk.hold("83454801");
  std::filesystem::create_directory(desk.dir / "conf.d");
  std::ofstream(desk.dir / "conf.d/daemon.toml") << "[http]\nlisten = \"\"\n";
  NotifySocket manager(desk.dir / "notify");
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("POST /v3/downloads/images/*", fault::hold(gate));
  Program daemon(desk.call({"run"}, {{"NOTIFY_SOCKET", desk.dir / "notify"}}));
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));

  daemon.signal(SIGTERM);
  REQUIRE(manager.wait_for("STOPPING=1"));
  gate->release();
  const ProgramResult ended = daemon.wait();

  CHECK_MESSAGE(ended.exit_code == 0, ended.err);
  CHECK(desk.executions("83454801") == 1);
  CHECK(desk.outcomes("83454801") == std::vector<std::string>{"spent"});
}

}  // namespace damsync
