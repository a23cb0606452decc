#pragma once

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "daemon/composition.h"
#include "daemon/connections.h"
#include "tests/support/getty_account.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// The account as the daemon runs it: a workspace and connections that stay, in a process that may be replaced.
struct PhotoDesk : GettyAccount {
  PhotoDesk() {
    program.store.root = dir / "store";
    program.store.min_free = 0;
    program.catalog.path = dir / "catalog.db";
    const auto plain = [](const char* text) { return SecretRef{SecretRef::Kind::kPlain, Secret(text), {}, {}}; };
    AccountSettings account;
    account.provider = settings;
    account.api_key = plain("sandbox-key");
    account.client_secret = plain("sandbox-secret");
    account.password = {SecretRef::Kind::kFile, {}, dir / "password", {}};
    program.accounts.push_back(account);
    put_password("anna-password");
    add_download({.id = "11", .time = sim.now() - std::chrono::hours(5)});
    restart();
  }

  void put_password(const std::string& password) const {
    std::ofstream(dir / "password") << password << "\n";
    ::chmod((dir / "password").c_str(), 0600);
  }
  void restart() {
    connections.reset();
    workspace.reset();
    auto opened = open_workspace(program, clock, log);
    if (!opened) FAIL(opened.error().message);
    workspace = std::move(*opened);
    connections.emplace(clock, log);
  }
  AccountSummary cycle(const SyncOptions& options) {
    auto run = Composition(program, *workspace, *connections, clock).sync(options, {});
    if (!run) FAIL(run.error().message);
    return run->accounts.at(0);
  }
  /// As the schedule does it, an hour after the last one.
  AccountSummary poll() {
    advance(std::chrono::hours(1));
    SyncOptions options;
    options.ignore_backoff = false;
    return cycle(options);
  }
  /// As a person does it.
  AccountSummary sync() { return cycle(SyncOptions()); }
  void advance(Millis duration) {
    clock.advance(duration);
    sim.advance(duration);
  }
  [[nodiscard]] std::int64_t calls() const {
    std::int64_t sum = 0;
    for (const auto& [route, count] : sim.books().calls) sum += count;
    return sum;
  }
  void limit(std::optional<std::int64_t> calls_per_day) {
    sim.edit([&](GettyState& state) {
      state.switches.throttling = GettySwitches::Throttling::kForbidden;
      state.switches.calls_per_day = calls_per_day;
    });
  }

  TempDir dir;
  Settings program;
  std::unique_ptr<Workspace> workspace;
  std::optional<Connections> connections;
};

}  // namespace damsync
