#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "tests/integration/daemon_desk.h"
#include "tests/integration/hook_desk.h"

namespace damsync {
namespace {

/// A daemon that polls once and then waits for an hour, and a receiver that refuses everything at first.
struct HeldDesk : DaemonDesk {
  explicit HeldDesk(const std::function<void(HeldDesk&)>& before = {}) {
    desk.write_file("hook-secret", secret + "\n");
    desk.secrets.push_back(secret);
    write_more("poll_interval = \"1h\"\n",
               fmt::format("[[webhook]]\nname = \"cms\"\nurl = \"{}\"\nsecret = {{ file = \"{}\" }}\n", hook.url(),
                           desk.dir / "hook-secret"));
    hook.answer([](const Received&) { return "422 No\r\n"; });
    if (before) before(*this);
    daemon = start_ready();
    REQUIRE(mirrored(3));
    REQUIRE(eventually([&] { return holds(daemon->err_so_far(), "sync.finished"); }));
    REQUIRE(eventually([&] { return number(receiver(), "position") == static_cast<std::int64_t>(feed().size()); }));
  }
  ~HeldDesk() {
    daemon->signal(SIGTERM);
    CHECK(daemon->wait().exit_code == 0);
  }

  Json receiver() { return lines_of(desk.damsync({"deliveries", "list", "--json"}).out).at(0); }
  std::vector<std::string> feed() {
    std::vector<std::string> ids;
    for (const auto& change : desk.list({"changes"})) ids.push_back(text(change, "id"));
    return ids;
  }
  /// Whether each change of the feed was accepted at least once.
  bool all_told() {
    const auto told = hook.ids();
    const auto wanted = feed();
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const auto& id) { return std::find(told.begin(), told.end(), id) != told.end(); });
  }

  std::string secret = HookDesk::new_secret('k');
  HookServer hook{secret};
  std::unique_ptr<Program> daemon;
};

}  // namespace

TEST_CASE("G7 daemon: deliveries are tried again by the daemon, and the command says so as always") {
  HeldDesk held;
  const auto waiting = static_cast<std::int64_t>(held.feed().size());
  const ProgramResult retried = held.desk.damsync({"deliveries", "retry", "--all", "--json"});
  INFO(retried.err);
  REQUIRE(retried.exit_code == 0);
  CHECK(number(lines_of(retried.out).at(0), "retried") == waiting);
  held.hook.answer(nullptr);
  CHECK(held.desk.damsync({"deliveries", "retry", "--all"}).exit_code == 0);
  CHECK(eventually([&] { return held.all_told(); }));

  const std::string id = held.feed().front();
  CHECK(eventually([&] { return held.desk.damsync({"deliveries", "retry", id}).exit_code == 2; }));
  CHECK(held.desk.damsync({"deliveries", "retry", "--all", "--receiver", "nobody"}).exit_code == 2);
  CHECK(held.desk.damsync({"deliveries", "retry", "--all"}).out ==
        "0 deliveries will be tried again; they leave with the daemon, the next sync, or `damsync deliveries run`\n");
}

TEST_CASE("G7 daemon: a replay and a delivery that a person asks for are done by the daemon") {
  HeldDesk held;
  held.hook.answer(nullptr);
  held.desk.damsync({"deliveries", "retry", "--all"});
  const ProgramResult run = held.desk.damsync({"deliveries", "run", "--json"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(held.all_told());
  CHECK(text(lines_of(run.out).at(0), "receiver") == "cms");
  CHECK(number(lines_of(run.out).at(0), "waiting") == 0);

  held.hook.forget();
  const ProgramResult replay = held.desk.damsync({"deliveries", "replay", "--since", "0", "--json"});
  REQUIRE(replay.exit_code == 0);
  CHECK(number(lines_of(replay.out).at(0), "changes") == static_cast<std::int64_t>(held.feed().size()));
  CHECK(held.desk.damsync({"deliveries", "run"}).exit_code == 0);
  CHECK(held.all_told());

  held.hook.forget();
  CHECK(held.desk.damsync({"deliveries", "replay", "--since", "1d", "--receiver", "cms"}).exit_code == 0);
  CHECK(eventually([&] { return held.all_told(); }));
}

TEST_CASE("daemon: what a report adds to the feed is in the feed's files soon after") {
  HeldDesk held([](HeldDesk& desk) {
    desk.desk.store_keys["journal"] = "true";
    desk.desk.write_settings();
  });
  REQUIRE(held.desk.damsync({"audit"}).exit_code == 0);
  CHECK(eventually([&] {
    for (const auto& [path, bytes] : held.desk.tree())
      if (path.starts_with("changes/") && holds(bytes, "report.completed")) return true;
    return false;
  }));
}

}  // namespace damsync
