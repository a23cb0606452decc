#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "sync/http/json_reader.h"
#include "tests/integration/daemon_desk.h"
#include "tests/integration/hook_desk.h"
#include "tests/support/web_client.h"

namespace damsync {
namespace {

std::string webhook(const DaemonDesk& desk, const std::string& name, const HookServer& hook) {
  return fmt::format("[[webhook]]\nname = \"{}\"\nurl = \"{}\"\nsecret = {{ file = \"{}\" }}\n", name, hook.url(),
                     desk.desk.dir / "hook-secret");
}

/// Where the daemon said last that it listens.
std::uint16_t port_of(const Program& daemon) {
  const std::string log = daemon.err_so_far(), mark = "http=127.0.0.1:";
  const auto at = log.rfind(mark);
  return at == std::string::npos ? 0 : static_cast<std::uint16_t>(std::stoi(log.substr(at + mark.size())));
}

void end(Program& daemon) {
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  CHECK_MESSAGE(result.exit_code == 0, result.err);
}

std::size_t count_of(const HookServer& hook, const std::string& type) {
  const auto received = hook.received();
  return static_cast<std::size_t>(std::count_if(received.begin(), received.end(), [&](const Received& one) {
    return one.verified && text(one.event, "type") == "org.damsync." + type + ".v1";
  }));
}

}  // namespace

TEST_CASE("daemon: tells its receivers what it committed, and those of changed settings from a SIGHUP on") {
  DaemonDesk desk;
  const std::string secret = HookDesk::new_secret('k');
  desk.desk.secrets.push_back(secret);
  desk.desk.write_file("hook-secret", secret + "\n");
  HookServer first(secret), second(secret);
  desk.write_more("poll_interval = \"1s\"\n", webhook(desk, "first", first));
  const auto daemon = desk.start_ready();
  CHECK(eventually([&] { return count_of(first, "asset.stored") == 3; }));

  desk.write_more("poll_interval = \"1s\"\n", webhook(desk, "second", second));
  daemon->signal(SIGHUP);
  REQUIRE(eventually([&] { return holds(daemon->err_so_far(), "daemon.reloaded"); }));
  desk.desk.add_image("4711");
  desk.desk.add_license("4711", desk.desk.sim.now());
  CHECK(eventually([&] { return count_of(second, "asset.stored") >= 1; }));
  end(*daemon);
  CHECK(count_of(first, "asset.stored") == 3);
}

TEST_CASE("daemon: answers HTTP, wakes who waits for a change, and moves to another port on SIGHUP") {
  DaemonDesk desk;
  const auto listen = [&](const std::string& address) {
    desk.desk.write_file("conf.d/daemon.toml",
                         "[schedule]\npoll_interval = \"1s\"\n[http]\nlisten = \"" + address + "\"\n");
  };
  listen("127.0.0.1:0");
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  const auto port = port_of(*daemon);
  REQUIRE(port != 0);
  CHECK(eventually([&] { return web_ask(port, "/readyz").status == 200; }));
  CHECK(web_ask(port, "/healthz").status == 200);
  CHECK(holds(web_ask(port, "/metrics").body, "damsync_up 1\n"));

  // To the end of the feed, and then wait there for longer than the test takes.
  std::string cursor;
  for (bool more = true; more;) {
    const Json page = parse_json(web_ask(port, "/api/v1/changes?limit=1000&since=" + cursor).body).value();
    cursor = text(page, "next");
    more = flag(page, "more");
  }
  WebClient waiting(port);
  waiting.send(web_get(port, "/api/v1/changes?wait=60&since=" + cursor));
  desk.desk.add_image("4711");
  desk.desk.add_license("4711", desk.desk.sim.now());
  const auto news = WebResponse::parse(waiting.read_all());  // its patience is ten seconds
  CHECK(news.status == 200);
  CHECK(eventually([&] {  // it may have been woken by what else the daemon did
    return holds(news.body, "4711") || holds(web_ask(port, "/api/v1/changes?limit=1000&since=" + cursor).body, "4711");
  }));

  listen("[::1]:0");
  daemon->signal(SIGHUP);
  REQUIRE(eventually([&] { return holds(daemon->err_so_far(), "daemon.reloaded"); }));
  CHECK_THROWS(web_ask(port, "/healthz"));
  end(*daemon);
}

}  // namespace damsync
