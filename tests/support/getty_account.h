#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>

#include <memory>
#include <string>

#include "sync/providers/getty/getty_provider.h"
#include "sync/providers/provider_factory.h"
#include "tests/simulators/getty_sim.h"
#include "tests/support/fake_clock.h"

namespace damsync {

/// An account at a simulated Getty Images, over real sockets and with a clock that nobody waits for.
struct GettyAccount {
  FakeClock clock;
  GettySim sim{FakeClock().utc()};
  Redactor redactor;
  Log log{::open("/dev/null", O_WRONLY | O_CLOEXEC), clock, redactor};
  ProviderSettings settings;
  std::unique_ptr<AccountConnection> connection;

  GettyAccount() {
    sim.listen();
    settings.account = "photo-desk";
    settings.provider = "getty";
    settings.base_url = sim.base_url();
    settings.token_url = sim.base_url() + "/oauth2/token";
    settings.api_key = Secret("sandbox-key");
    settings.client_secret = Secret("sandbox-secret");
    settings.username = "anna";
    settings.password = Secret("anna-password");
    settings.language = "en-US";
    settings.since = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
    settings.requests_per_second = 1000;
    for (const char* id : {"11", "12", "13"}) add_image(id);
  }

  void add_image(const std::string& id) {
    sim.edit([&](GettyState& state) {
      state.images[id] = GettySimImage{.id = id, .title = "Picture " + id, .keywords = {"sea", "boat"}};
    });
  }
  void add_download(GettySimDownload row) {
    sim.edit([&](GettyState& state) { state.downloads.push_back(std::move(row)); });
  }
  void open() {
    auto made = make_connection(settings, clock, log);
    if (!made) FAIL(made.error().message);
    connection = std::move(*made);
  }
  GettyProvider& provider() {
    if (!connection) open();
    return dynamic_cast<GettyProvider&>(connection->provider());
  }
};

}  // namespace damsync
