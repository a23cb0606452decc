#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "tests/integration/daemon_desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kStopTime{20};

void check_stops(Program& daemon) {
  const auto begun = std::chrono::steady_clock::now();
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(std::chrono::steady_clock::now() - begun < kStopTime);
}

}  // namespace

TEST_CASE("daemon: tells the service manager that it is ready, alive and stopping, and what it does") {
  DaemonDesk desk;
  desk.desk.environment["WATCHDOG_USEC"] = "300000";
  const auto daemon = desk.start_ready();
  CHECK(desk.manager.wait_for("WATCHDOG=1", 5));
  CHECK(desk.manager.wait_for("STATUS=Waiting; next: "));
  CHECK(desk.manager.wait_for("EXTEND_TIMEOUT_USEC="));
  CHECK(desk.mirrored(3));
  CHECK(desk.manager.count("STOPPING=1") == 0);

  check_stops(*daemon);

  CHECK(desk.manager.wait_for("STOPPING=1"));
  CHECK_FALSE(fs::exists(desk.desk.catalog().string() + ".sock"));
}

TEST_CASE("daemon: a notification socket may be abstract") {
  DaemonDesk desk(0);
  NotifySocket abstract("@damsync-test-" + desk.desk.dir.path().filename().string());
  desk.desk.environment["NOTIFY_SOCKET"] = "@damsync-test-" + desk.desk.dir.path().filename().string();
  const auto daemon = desk.start();
  CHECK(abstract.wait_for("READY=1"));
  CHECK(abstract.wait_for("STATUS=Waiting", 3));
  check_stops(*daemon);
}

TEST_CASE("G5 daemon: a second one leaves with 75 within a second, after a SIGKILL the next one starts") {
  DaemonDesk desk;
  auto first = desk.start_ready();
  const ProgramResult second = desk.desk.damsync({"run"});
  CHECK(second.exit_code == 75);
  CHECK(second.took < std::chrono::seconds(1));
  first->signal(SIGKILL);
  CHECK(first->wait().exit_code == -1);
  const auto third = desk.start_ready();
  CHECK(desk.mirrored(3));
  check_stops(*third);
}

TEST_CASE("daemon: a refresh token that the provider replaced is no reason to log in again with every poll") {
  DaemonDesk desk(1);
  Desk& account = desk.desk;
  account.refusals_expected = true;  // the 401 of the old token
  account.calls_comparable = false;
  account.sim.edit([](ShutterstockState& state) {
    state.refresh_tokens["v2/first-refresh"] = state.tokens[std::string(kSandboxToken)];
    state.tokens.clear();
  });
  account.write_file("refresh", "v2/first-refresh\n");
  account.write_file("client-secret", "sandbox-secret\n");
  account.account["refresh_token"] = "{ file = \"" + (account.dir / "refresh") + "\" }";
  account.account["client_id"] = "\"sandbox-client\"";
  account.account["client_secret"] = "{ file = \"" + (account.dir / "client-secret") + "\" }";
  account.write_settings();
  account.secrets = {std::string(kSandboxToken), "sandbox-secret"};
  const auto daemon = desk.start_ready();
  CHECK(desk.mirrored(1));
  const auto polls = account.count("GET /v2/images/licenses");
  CHECK(eventually([&] { return account.count("GET /v2/images/licenses") >= polls + 4; }));
  check_stops(*daemon);
  CHECK(account.count("POST /v2/oauth/access_token") == 1);
}

TEST_CASE("daemon: says nothing at info level while nothing happens, and one line a cycle when something does") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  REQUIRE(eventually([&] { return times_in(daemon->err_so_far(), "sync.finished") == 1; }));
  const auto polls = desk.desk.count("GET /v2/images/licenses");
  const std::string said = daemon->err_so_far();
  CHECK(eventually([&] { return desk.desk.count("GET /v2/images/licenses") >= polls + 2; }));
  CHECK(daemon->err_so_far() == said);
  desk.desk.add_image("4711");
  desk.desk.add_license("4711", desk.desk.sim.now());
  CHECK(desk.mirrored(4));
  CHECK(eventually([&] { return times_in(daemon->err_so_far(), "sync.finished") == 2; }));
  check_stops(*daemon);
}

TEST_CASE("C1 daemon: settings that are wrong end the start with 78 and name every mistake") {
  DaemonDesk desk(0);
  desk.write_more("poll_interval = \"0s\"\nquiet_hours = [\"never\"]\n");
  const ProgramResult result = desk.desk.damsync({"run"});
  CHECK(result.exit_code == 78);
  CHECK(holds(result.err, "schedule.poll_interval"));
  CHECK(holds(result.err, "schedule.quiet_hours"));
  CHECK(desk.manager.count("READY=1") == 0);
}

TEST_CASE("C3 daemon: settings that are wrong on SIGHUP leave the old ones in force, and the status says so") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  REQUIRE(eventually([&] { return desk.desk.damsync({"status", "--check"}).exit_code == 0; }));
  struct Row {
    const char *what, *schedule, *sections, *said;
  };
  const Row rows[] = {
      {"a key that is none", "nonsense = 1\n", "", "nonsense"},
      {"a value out of range", "poll_interval = \"0s\"\n", "", "out of range"},
      {"no TOML", "poll_interval = \n", "", "daemon.toml"},
      {"another store", "poll_interval = \"1s\"\n", "[store]\nroot = \"/srv/other\"\n", "store.root: cannot change"},
      {"another catalog", "poll_interval = \"1s\"\n", "[catalog]\npath = \"/srv/other.db\"\n",
       "catalog.path: cannot change"},
  };
  int refused = 0;
  for (const Row& row : rows) {
    INFO(row.what);
    desk.write_more(row.schedule, row.sections);
    daemon->signal(SIGHUP);
    ++refused;
    CHECK(desk.manager.wait_for("READY=1", 1 + refused));
    CHECK(holds(daemon->err_so_far(), row.said));
    CHECK_FALSE(holds(daemon->err_so_far(), "\\x0a"));  // a mistake a line, as at the start
    desk.write_more("poll_interval = \"1s\"\n");        // so that the status can be asked for
    const ProgramResult status = desk.desk.damsync({"status", "--check", "--json"});
    CHECK(status.exit_code == 3);
    CHECK(holds(status.out, "old settings"));
  }
  const auto polls = desk.desk.count("GET /v2/images/licenses");
  CHECK(eventually([&] { return desk.desk.count("GET /v2/images/licenses") > polls; }));

  daemon->signal(SIGHUP);

  CHECK(eventually([&] { return desk.desk.damsync({"status", "--check"}).exit_code == 0; }));
  check_stops(*daemon);
}

TEST_CASE(
    "C3 daemon: what config check calls a mistake is refused on SIGHUP, and another provider of an account, too") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  desk.write_more("poll_interval = \"1s\"\n",
                  "[[webhook]]\nname = \"cms\"\nurl = \"https://cms.example.org/\"\nsecret = \"no key\"\n");
  daemon->signal(SIGHUP);
  CHECK(desk.manager.wait_for("READY=1", 2));
  CHECK(holds(daemon->err_so_far(), "webhook.secret"));

  desk.write_more("poll_interval = \"1s\"\n");
  auto& account = desk.desk.account;
  account["provider"] = "\"getty\"";
  account["api_key"] = account["client_secret"] = account["access_token"];
  account.erase("access_token");
  account["token_url"] = account["base_url"];
  desk.desk.write_settings();
  daemon->signal(SIGHUP);
  CHECK(desk.manager.wait_for("READY=1", 3));
  CHECK(holds(daemon->err_so_far(), "of provider shutterstock in the catalog"));
  CHECK_FALSE(holds(daemon->err_so_far(), "daemon.reloaded"));
  check_stops(*daemon);

  const auto again = desk.start_ready();
  CHECK(eventually([&] { return holds(again->err_so_far(), "of provider shutterstock in the catalog"); }));
  check_stops(*again);
}

TEST_CASE("C3 daemon: the status tells how it is while the settings have mistakes, and that it has earlier ones") {
  DaemonDesk desk;
  desk.write_more("nonsense = 1\n");
  const ProgramResult none = desk.desk.damsync({"status"});
  CHECK(none.exit_code == 78);
  CHECK(none.out.empty());
  desk.write_more("poll_interval = \"1s\"\n");
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  desk.write_more("nonsense = 1\n");
  const ProgramResult status = desk.desk.damsync({"status"});
  CHECK(status.exit_code == 78);
  CHECK(holds(status.err, "schedule.nonsense: unknown key"));
  CHECK(holds(status.out, "the settings have mistakes; the daemon runs with its earlier ones"));
  CHECK(holds(status.out, "daemon  running, since "));
  CHECK(holds(status.out, "sync newsroom in "));
  const ProgramResult json = desk.desk.damsync({"status", "--json"});
  CHECK(json.exit_code == 78);
  CHECK_FALSE(flag(lines_of(json.out).at(0), "healthy"));
  CHECK(flag(member(lines_of(json.out).at(0), "daemon"), "ready"));
  check_stops(*daemon);
}

TEST_CASE("daemon: says that an account fails, and at the default level that it goes again") {
  DaemonDesk desk;
  desk.desk.sim.faults().always("GET /v2/images/licenses", fault::html_page());
  desk.desk.sync(69);
  desk.desk.sim.faults().clear();
  const auto ended = [](const Program& daemon, const char* how) {
    return eventually([&] { return holds(daemon.err_so_far(), how); });
  };
  auto daemon = desk.start_ready();  // the run before was another process's
  CHECK(desk.mirrored(3));
  CHECK(ended(*daemon, " error=none"));
  desk.desk.sim.faults().always("GET /v2/images/licenses", fault::html_page());
  CHECK(desk.manager.wait_for("STATUS=1 account fails; next: sync newsroom at "));
  const int before = times_in(daemon->err_so_far(), " error=none");
  desk.desk.sim.faults().clear();
  CHECK(eventually([&] { return times_in(daemon->err_so_far(), " error=none") == before + 1; }));
  const auto polls = desk.desk.count("GET /v2/images/licenses");
  CHECK(eventually([&] { return desk.desk.count("GET /v2/images/licenses") > polls + 1; }));
  CHECK(times_in(daemon->err_so_far(), " error=none") == before + 1);  // and nothing of quiet cycles
  check_stops(*daemon);
}

TEST_CASE("daemon: SIGHUP takes new accounts, drops old ones, and changes what a poll may do") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  desk.desk.account["name"] = "\"desk-two\"";
  desk.desk.write_settings();
  const int named = desk.manager.count("READY=1\nSTATUS=Waiting; next: sync newsroom");
  daemon->signal(SIGHUP);
  CHECK(desk.manager.wait_for("READY=1", 2));
  CHECK(desk.manager.count("READY=1\nSTATUS=Waiting; next: sync newsroom") == named);
  CHECK(eventually([&] { return fs::exists(desk.desk.store() / "desk-two"); }));
  CHECK(desk.mirrored(6));
  const ProgramResult status = desk.desk.damsync({"status", "--json"});
  CHECK(holds(status.out, "sync desk-two"));
  CHECK_FALSE(holds(status.out, "sync newsroom"));
  check_stops(*daemon);
}

TEST_CASE("G2 daemon: a thousand SIGHUPs, one during the start, and two SIGTERMs") {
  DaemonDesk desk;
  const auto daemon = desk.start();
  REQUIRE(desk.manager.wait_for("EXTEND_TIMEOUT_USEC="));  // it is opening the catalog
  daemon->signal(SIGHUP);
  REQUIRE(desk.manager.wait_for("READY=1"));
  for (int i = 0; i < 1000; ++i) daemon->signal(SIGHUP);
  CHECK(eventually([&] { return holds(daemon->err_so_far(), "daemon.reloaded"); }));
  CHECK(desk.manager.wait_for("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(desk.mirrored(3));
  daemon->signal(SIGUSR1);
  daemon->signal(SIGUSR2);
  daemon->signal(SIGPIPE);
  daemon->signal(SIGXFSZ);
  CHECK(holds(desk.control("{\"do\":\"status\"}\n"), "\"ready\":true"));
  check_stops(*daemon);
}

TEST_CASE("C5 daemon: starts with its standard descriptors closed, and with output that cannot be written") {
  DaemonDesk desk;
  for (const char* form : {"exec \"$0\" \"$@\" <&- >&- 2>&-", "exec \"$0\" \"$@\" >/dev/full 2>/dev/full"}) {
    INFO(form);
    ProgramCall call = desk.desk.call({"run"});
    call.argv.insert(call.argv.begin(), {"/bin/sh", "-c", form});
    desk.desk.calls_comparable = false;
    Program daemon(call);
    const int before = desk.manager.count("READY=1");
    CHECK(desk.manager.wait_for("READY=1", before + 1));
    CHECK(desk.mirrored(3));
    check_stops(daemon);
  }
}

TEST_CASE("D8 daemon: a catalog or a store that is taken away ends it") {
  struct Row {
    const char* gone;
    int exit_code;
  };
  for (const Row& row : {Row{"catalog.db", 74}, Row{"store", 78}}) {
    INFO(row.gone);
    DaemonDesk desk;
    const auto daemon = desk.start_ready();
    REQUIRE(desk.mirrored(3));
    fs::rename(desk.desk.dir.path() / row.gone, desk.desk.dir.path() / "elsewhere");
    const ProgramResult result = daemon->wait();
    CHECK_MESSAGE(result.exit_code == row.exit_code, result.err);
  }
}

}  // namespace damsync
