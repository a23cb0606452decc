#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "tests/integration/daemon_desk.h"

namespace damsync {
namespace {

constexpr std::chrono::seconds kPatience{20};

/// A daemon with two accounts, `newsroom` and `second`, that polls once an hour. Each can be held when it reads its
/// history.
struct TwoAccounts : DaemonDesk {
  TwoAccounts() {
    desk.sim.edit([](ShutterstockState& state) { state.add_token("v2/second-token", "anna"); });
    desk.write_file("second-token", "v2/second-token\n");
    desk.secrets.emplace_back("v2/second-token");
    desk.calls_comparable = false;
    desk.after = [this](const SimRequest& request, SimResponse& response) {
      if (request.path != "/v2/images/licenses") return;
      const std::string account = holds(*request.header("Authorization"), "second-token") ? "second" : "newsroom";
      const std::lock_guard lock(mutex_);
      ++asked_[account];
      response.bad.gate = std::exchange(gates_[account], nullptr);
    };
    schedule("1h");
  }
  ~TwoAccounts() { desk.after = nullptr; }

  void schedule(const std::string& poll_interval) const {
    const std::string account =
        "[[account]]\nname = \"second\"\nprovider = \"shutterstock\"\nbase_url = " + desk.account.at("base_url") +
        "\naccess_token = { file = \"" + (desk.dir / "second-token") + "\" }\nrequests_per_second = 10000\n";
    write_more("poll_interval = \"" + poll_interval + "\"\n", account);
  }
  /// The next reading of the account's history stands still.
  std::shared_ptr<SimGate> hold(const std::string& account) {
    const std::lock_guard lock(mutex_);
    return gates_[account] = std::make_shared<SimGate>();
  }
  int asked(const std::string& account) {
    const std::lock_guard lock(mutex_);
    return asked_[account];
  }
  /// True once a command waits for its turn with the account.
  bool waits_for(const std::string& account) {
    return eventually([&] { return holds(control("{\"do\":\"status\"}\n"), "\"waiting for " + account + "\""); });
  }
  /// True once both accounts were polled and nothing is done any more.
  bool idle(const Program& daemon) {
    return eventually([&] { return times_in(daemon.err_so_far(), "sync.finished") >= 2; });
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<SimGate>> gates_;
  std::map<std::string, int> asked_;
};

void stop(Program& daemon) {
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  CHECK_MESSAGE(result.exit_code == 0, result.err);
}

}  // namespace

TEST_CASE("G7 daemon: a sync takes each account in its turn, and waits for none before") {
  TwoAccounts desk;
  const auto first = desk.hold("newsroom"), second = desk.hold("second");
  const auto daemon = desk.start_ready();
  REQUIRE(first->wait_for_arrival(kPatience));
  REQUIRE(second->wait_for_arrival(kPatience));
  const auto client = desk.desk.start({"sync"});
  CHECK(desk.waits_for("newsroom"));
  const auto asked_for = desk.hold("newsroom");
  first->release();
  CHECK(asked_for->wait_for_arrival(kPatience));  // while the other account is still being polled
  asked_for->release();
  CHECK(desk.waits_for("second"));
  second->release();
  const ProgramResult done = client->wait();
  CHECK_MESSAGE(done.exit_code == 0, done.err);
  CHECK(times_in(done.out, "in step") == 2);
  CHECK(desk.desk.list({"runs", "--limit", "1"}).at(0).find("accounts")->if_array()->size() == 2);
  stop(*daemon);
}

TEST_CASE("daemon: a sync that is long at one account keeps no other from being polled") {
  TwoAccounts desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.idle(*daemon));
  const auto gate = desk.hold("newsroom");
  const auto client = desk.desk.start({"sync", "--full"});
  REQUIRE(gate->wait_for_arrival(kPatience));
  desk.schedule("1s");
  daemon->signal(SIGHUP);
  REQUIRE(desk.manager.wait_for("READY=1", 2));
  const int asked = desk.asked("second");
  CHECK(eventually([&] { return desk.asked("second") >= asked + 2; }));
  gate->release();
  CHECK(client->wait().exit_code == 0);
  stop(*daemon);
}

TEST_CASE("G7 daemon: a sync that had to wait is done by the settings that hold when its turn comes") {
  TwoAccounts desk;
  const auto gate = desk.hold("second");
  const auto daemon = desk.start_ready();
  REQUIRE(gate->wait_for_arrival(kPatience));
  const auto client = desk.desk.start({"sync", "--account", "second"});
  CHECK(desk.waits_for("second"));
  const int asked = desk.asked("second");
  desk.write_more("poll_interval = \"1h\"\n");
  daemon->signal(SIGHUP);
  const ProgramResult refused = client->wait();
  CHECK(refused.exit_code == 2);
  CHECK_MESSAGE(holds(refused.err, "knows no account 'second'"), refused.err);
  CHECK(desk.asked("second") == asked);
  gate->release();
  stop(*daemon);
}

TEST_CASE("G7 daemon: who asks for a sync that waits already is told so, and does not wait as well") {
  TwoAccounts desk;
  const auto gate = desk.hold("newsroom");
  const auto daemon = desk.start_ready();
  REQUIRE(gate->wait_for_arrival(kPatience));
  const auto first = desk.desk.start({"sync"});
  CHECK(desk.waits_for("newsroom"));
  const ProgramResult again = desk.desk.damsync({"sync"});
  CHECK(again.exit_code == 75);
  CHECK_MESSAGE(holds(again.err, "waits for its turn already"), again.err);
  const auto other = desk.desk.start({"sync", "--full"});
  gate->release();
  CHECK(first->wait().exit_code == 0);
  CHECK(other->wait().exit_code == 0);
  CHECK(desk.desk.damsync({"sync"}).exit_code == 0);
  stop(*daemon);
}

TEST_CASE("daemon: whatever waits for its turn, the status is told, and what finds no place is told that") {
  TwoAccounts desk;
  const auto gate = desk.hold("newsroom");
  const auto daemon = desk.start_ready();
  REQUIRE(gate->wait_for_arrival(kPatience));
  std::vector<int> waiting;
  const std::string request = "{\"do\":\"spend\",\"what\":\"acknowledge\",\"by\":\"anna\",\"reason\":\"x\"}\n";
  for (int i = 0; i < 20; ++i) waiting.push_back(desk.ask(request));
  const auto refused = [&] {
    return std::count_if(waiting.begin(), waiting.end(), [](int fd) { return holds(heard_at(fd), "is busy"); });
  };
  CHECK(eventually([&] { return refused() == 8; }));
  CHECK(holds(desk.control("{\"do\":\"status\"}\n"), "\"exit_code\":0"));
  for (const int fd : waiting) ::close(fd);
  gate->release();
  CHECK(eventually([&] { return !holds(desk.control(request), "is busy"); }));
  stop(*daemon);
}

}  // namespace damsync
