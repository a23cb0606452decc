#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <fstream>
#include <memory>
#include <string>

#include "sync/providers/provider_factory.h"
#include "tests/simulators/getty_connect_sim.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// An account at a simulated Getty Connect, over real sockets and with a clock that nobody waits for.
struct ConnectAccount {
  TempDir dir;
  FakeClock clock;
  GettyConnectSim sim{FakeClock().utc()};
  Redactor redactor;
  Log log{::open("/dev/null", O_WRONLY | O_CLOEXEC), clock, redactor};
  ProviderSettings settings;
  std::unique_ptr<AccountConnection> connection;

  ConnectAccount() {
    sim.listen();
    settings.account = "archive";
    settings.provider = "getty-connect";
    settings.base_url = sim.base_url();
    settings.application_key = Secret("connect-key");
    settings.application_secret = Secret("connect-secret");
    settings.user_id = "archive-user";
    settings.user_password = Secret("archive-password");
    settings.language = "en-us";
    settings.requests_per_second = 1000;
    settings.assets_file = dir / "archive.ids";
    for (const char* id : {"51", "52", "53"})
      sim.edit([&](ConnectState& state) { state.images[id].title = "Picture " + std::string(id); });
    list("51\n52\n53\n");
  }

  void list(const std::string& text) const { std::ofstream(settings.assets_file, std::ios::binary) << text; }
  void advance(Millis duration) {
    clock.advance(duration);
    sim.advance(duration);
  }
  Provider& provider() {
    if (!connection) {
      auto made = make_connection(settings, clock, log);
      if (!made) FAIL(made.error().message);
      connection = std::move(*made);
    }
    return connection->provider();
  }
  [[nodiscard]] std::int64_t calls(const std::string& route) const {
    const auto books = sim.books();
    const auto found = books.calls.find(route);
    return found == books.calls.end() ? 0 : found->second;
  }
};

}  // namespace damsync
