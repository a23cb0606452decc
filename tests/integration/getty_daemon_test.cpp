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
