#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>

#include "tests/support/eventually.h"
#include "tests/support/getty_desk.h"

using namespace damsync;

namespace {

/// A daemon that asks a simulated Getty Images every second.
struct PollingDesk : GettyDesk {
  PollingDesk() {
    std::filesystem::create_directories(dir.path() / "conf.d");
    std::ofstream(dir / "conf.d/daemon.toml") << "[schedule]\npoll_interval = \"1s\"\n[http]\nlisten = \"\"\n";
  }

  /// Waits for so many more cycles.
  bool cycles(std::size_t more) {
    const std::size_t before = list("runs").size();
    return eventually([&] { return list("runs").size() >= before + more; });
  }
  [[nodiscard]] std::int64_t calls() const {
    std::int64_t sum = 0;
    for (const auto& [route, count] : sim.books().calls) sum += count;
    return sum;
  }
  static void end(Program& daemon) {
    daemon.signal(SIGTERM);
    CHECK(daemon.wait().exit_code == 0);
  }
};

}  // namespace

TEST_CASE("getty daemon: one token serves many polls") {
  PollingDesk desk;
  desk.write_settings("never");
  const auto daemon = desk.start({"run"});
  CHECK(desk.cycles(4));
  CHECK(desk.sim.books().tokens_issued == 1);
  PollingDesk::end(*daemon);
}

TEST_CASE(
    "T29 getty daemon: over the daily limit one call is made, over a restart too, status says why, a person may try") {
  PollingDesk desk;
  desk.write_settings("never");
  desk.sim.edit([](GettyState& state) {
    state.switches.throttling = GettySwitches::Throttling::kForbidden;
    state.switches.calls_per_day = 0;
  });
  for (int start = 0; start < 2; ++start) {
    const auto daemon = desk.start({"run"});
    CHECK(desk.cycles(3));
    PollingDesk::end(*daemon);
  }
  CHECK(desk.calls() == 1);
  CHECK(desk.run({"status", "--json"}).out.find("daily limit") != std::string::npos);

  const auto daemon = desk.start({"run"});
  CHECK(desk.cycles(1));
  CHECK(desk.run({"sync"}).exit_code == 69);
  CHECK(desk.calls() == 2);
  CHECK(desk.cycles(2));
  CHECK(desk.calls() == 2);
  PollingDesk::end(*daemon);
}
