#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>
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

bool has_ended(const Program& program) {
  std::ifstream in("/proc/" + std::to_string(program.id()) + "/stat");
  const std::string stat{std::istreambuf_iterator<char>(in), {}};
  return holds(stat, ") Z ");
}

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

TEST_CASE("G7 daemon: a person decides a spend while the daemon runs, when no cycle has the book in hand") {
  GettyDesk desk;
  desk.hold("83454801");
  desk.sim.faults().once("POST /v3/downloads/images/*", fault::reset());
  desk.run({"sync"});
  REQUIRE(desk.outcomes("83454801") == std::vector<std::string>{"open"});
  std::filesystem::create_directory(desk.dir / "conf.d");
  std::ofstream(desk.dir / "conf.d/daemon.toml") << "[http]\nlisten = \"\"\n[schedule]\npoll_interval = \"1h\"\n";
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /v3/downloads", fault::hold(gate));
  NotifySocket manager(desk.dir / "notify");
  Program daemon(desk.call({"run"}, {{"NOTIFY_SOCKET", desk.dir / "notify"}}));
  REQUIRE(manager.wait_for("READY=1"));
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
  const auto client = desk.start({"spend", "forget", "1", "--reason", "support says so", "--json"});
  for (int look = 0; look < 3; ++look) CHECK(desk.run({"status", "--json"}).exit_code == 0);
  CHECK(desk.outcomes("83454801") == std::vector<std::string>{"open"});
  gate->release();
  const ProgramResult forgotten = client->wait();
  CHECK_MESSAGE(forgotten.exit_code == 0, forgotten.err);
  const auto row = parse_json(forgotten.out);
  REQUIRE(row);
  CHECK(text(*row, "outcome") == "not_spent");
  CHECK(text(*row, "decision_reason") == "support says so");
  CHECK_FALSE(text(*row, "decided_by").empty());

  CHECK(desk.run({"spend", "settle", "1", "--reason", "x"}).exit_code == 2);
  CHECK(desk.run({"spend", "settle", "99", "--reason", "x"}).exit_code == 2);
  CHECK(desk.run({"spend", "acknowledge", "--reason", "x"}).exit_code == 2);
  CHECK(desk.run({"sync"}).exit_code == 0);
  CHECK(desk.outcomes("83454801") == std::vector<std::string>{"not_spent", "spent"});
  CHECK(desk.executions("83454801") == 1);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait().exit_code == 0);
}

TEST_CASE("G2 daemon: a second signal ends it at once and with 0, also while it waits for a spending call") {
  for (const int second : {SIGTERM, SIGINT}) {
    SpendingDaemon spending;
    const auto begun = std::chrono::steady_clock::now();
    spending.daemon->signal(second);
    CHECK(spending.daemon->wait().exit_code == 0);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(1));
    spending.gate->release();
  }
}

TEST_CASE("G2 sync: a second SIGINT ends a command at once with 130, also while it waits for a spending call") {
  GettyDesk desk;
  desk.hold("83454801");
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("POST /v3/downloads/images/*", fault::hold(gate));
  const auto command = desk.start({"sync"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
  CHECK(eventually([&] {
    command->signal(SIGINT);
    return has_ended(*command);
  }));
  CHECK(command->wait().exit_code == 130);
  gate->release();
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
