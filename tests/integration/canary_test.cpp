#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <set>

#include "storage/base/text.h"
#include "sync/http/json_reader.h"
#include "tests/integration/daemon_desk.h"
#include "tests/support/canary.h"
#include "tests/support/web_client.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string whole_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// An account whose every secret is a canary, each from another source; the provider echoes whatever it is sent.
class CanaryDesk : public Desk {
 public:
  CanaryDesk() : Desk(2) {
    refusals_expected = true;
    calls_comparable = false;
    plant("access_token", "v2/CANARY-access/one+two==");
    plant("refresh_token", "v2/CANARY-refresh/three+four");
    plant("client_secret", "CANARY \"client\"/five%+six");
    sim.edit([&](ShutterstockState& state) {
      state.tokens.clear();
      state.add_token(secret("access_token"), "anna");
      state.login = state.tokens[secret("access_token")];
      state.refresh_tokens[secret("refresh_token")] = state.login;
      state.clients["sandbox-client"] = {secret("client_secret")};
    });
    write_file("hidden.access", secret("access_token") + "\n");
    write_file("hidden.refresh", secret("refresh_token") + "\n");
    write_file("hidden.client", secret("client_secret") + "\n");
    fs::remove(dir / "token");
    account["client_id"] = "\"sandbox-client\"";
    account["access_token"] = "{ credential = \"hidden.access\" }";
    account["refresh_token"] = "{ file = \"" + (dir / "hidden.refresh") + "\" }";
    account["client_secret"] = "{ command = [\"cat\", \"" + (dir / "hidden.client") + "\"] }";
    environment["CREDENTIALS_DIRECTORY"] = dir.path().string();
    secrets.clear();
    write_settings();
    after = [this](const SimRequest& request, SimResponse& response) { echo(request, response); };
  }

  void plant(const std::string& name, const std::string& secret) { canaries_.emplace_back(name, secret); }
  [[nodiscard]] const std::string& secret(const std::string& name) const {
    for (const auto& canary : canaries_)
      if (canary.name() == name) return canary.secret();
    throw std::logic_error(name);
  }

  /// Runs the program and looks at what it printed.
  ProgramResult run(const Words& words) {
    const ProgramResult result = run_program(call(words));
    std::string all;
    for (const auto& word : words) all += word + " ";
    search(result.out, "the output of " + all);
    search(result.err, "the errors of " + all);
    return result;
  }

  void search(const std::string& text, const std::string& where) const {
    for (const auto& canary : canaries_) {
      const std::string form = canary.found_in(text);
      if (!form.empty())
        FAIL_CHECK(canary.name() << " stands (" << form << ") in " << where << ": " << text.substr(0, 2000));
    }
  }

  /// Everything the program wrote: store, catalog, reports.
  void search_files() const {
    for (const auto& entry : fs::recursive_directory_iterator(dir.path()))
      if (entry.is_regular_file() && !entry.path().filename().string().starts_with("hidden."))
        search(whole_file(entry.path()), entry.path().string());
  }

  /// What other users of the machine may see of the process.
  void search_process(pid_t id) const {
    const fs::path process = "/proc/" + std::to_string(id);
    CHECK_FALSE(whole_file(process / "cmdline").empty());
    search(whole_file(process / "cmdline"), "cmdline");
    search(whole_file(process / "environ"), "environ");
  }

 private:
  /// Refusals quote what was sent, as some services do; fresh tokens are canaries from then on.
  void echo(const SimRequest& request, SimResponse& response) {
    const std::string* sent = request.header("Authorization");
    const std::string credentials = sent == nullptr ? "nothing" : *sent;
    if (response.status >= 400 && !response.bad.raw)
      response.set_body(write_json(Json::object({{"message", "refused: " + credentials + " " + request.body},
                                                 {"error", credentials},
                                                 {"error_description", request.body}})),
                        "application/json");
    if (request.path != "/v2/oauth/access_token" || response.status != 200) return;
    const auto tokens = parse_json(response.body);
    for (const char* name : {"access_token", "refresh_token"})
      if (tokens && tokens->find(name) != nullptr) plant(std::string("new ") + name, *tokens->find(name)->if_string());
  }

  std::vector<Canary> canaries_;
};

std::vector<FaultAction> every_fault() {
  return {fault::status(500),
          fault::status(403),
          fault::status(400),
          fault::throttled("1"),
          fault::unauthorized(),
          fault::html_page(),
          fault::errors_at_200(),
          fault::content("not JSON at all", "application/json"),
          fault::html_as_jpeg(),
          fault::other_image(),
          fault::truncated_jpeg(),
          fault::empty_body(),
          fault::cut_body(10),
          fault::reset(),
          fault::reset_in_body(10),
          fault::lose_reply(),
          fault::wrong_length(7),
          fault::length_text("abc"),
          fault::no_length(),
          fault::raw("HTTP/1.1 999999 Odd\r\n\r\n"),
          fault::header("Location", "http://127.0.0.1:1/elsewhere"),
          fault::header("Content-Encoding", "gzip")};
}

}  // namespace

TEST_CASE("canary: the search finds a secret in every form it could have leaked in") {
  const Canary canary("secret", "CANARY \"client\"/five%+six");
  CHECK(canary.found_in("nothing here").empty());
  CHECK(canary.found_in("x CANARY \"client\"/five%+six y") == "plain");
  CHECK(canary.found_in("CANARY%20%22client%22%2Ffive%25%2Bsix") == "percent-encoded");
  CHECK(canary.found_in(R"({"a":"CANARY \"client\"/five%+six"})") == "JSON");
  for (const std::string before : {"", "i", "id", "id:", "client:"})
    CHECK(canary.found_in(base64(before + canary.secret() + "tail")) == "base64");
}

TEST_CASE("S4 canary: no fault of a provider that echoes our secrets brings one into an output, a log or a file") {
  CanaryDesk desk;
  const std::vector<std::string> routes = {
      "GET /v2/images/licenses",     "GET /gatekeeper/*",          "GET /v2/images",
      "POST /v2/oauth/access_token", "POST /v2/images/licenses/*", "GET /v2/images/updated"};
  std::size_t round = 0;
  for (const FaultAction& action : every_fault()) {
    CAPTURE(action.name);
    const std::string image = std::to_string(900'001 + round);
    desk.add_image(image);
    desk.add_license(image, desk.sim.now() - std::chrono::hours(1));
    if (round % 3 == 0) desk.sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
    const std::string route = routes[round % routes.size()];
    const Words words = {"sync", "-v", "--log-format", round % 2 == 0 ? "json" : "text", "--json"};
    auto id = desk.sim.faults().once(route, action);
    desk.run(words);
    if (desk.sim.faults().fired(id) == 0) {  // an earlier fault left nothing to do there
      id = desk.sim.faults().once("GET /v2/images/licenses", action);
      desk.run(words);
    }
    CHECK(desk.sim.faults().fired(id) == 1);
    desk.sim.faults().clear();
    ++round;
  }
  for (const Words& words : {Words{"auth", "check", "-v"}, Words{"auth", "check", "--json"},
                             Words{"auth", "login", "newsroom", "--code", "wrong"}, Words{"status", "--json"},
                             Words{"list", "runs", "--json"}, Words{"list", "files", "--json"},
                             Words{"list", "changes"}, Words{"config", "show"}, Words{"config", "show", "--json"},
                             Words{"config", "check"}, Words{"db", "status"}, Words{"verify", "--json"}})
    desk.run(words);
  desk.search_files();
}

TEST_CASE("S4 canary: nothing that the daemon says to anybody, or writes, holds a secret") {
  CanaryDesk desk;
  desk.plant("webhook secret", "whsec_" + base64("CANARY-hook-seven-eight-nine-ten"));
  desk.write_file("hidden.hook", desk.secret("webhook secret") + "\n");
  fs::create_directory(desk.dir.path() / "conf.d");
  desk.write_file("conf.d/daemon.toml",
                  "[schedule]\npoll_interval = \"1s\"\n[http]\nlisten = \"127.0.0.1:0\"\n"
                  "[[webhook]]\nname = \"cms\"\nurl = \"http://127.0.0.1:1/\"\nsecret = { file = \"" +
                      (desk.dir / "hidden.hook") + "\" }\n");
  NotifySocket manager(desk.dir / "notify");
  desk.environment["NOTIFY_SOCKET"] = desk.dir / "notify";
  Program daemon(desk.call({"run", "-v", "--log-format", "json"}));
  REQUIRE(manager.wait_for("READY=1"));
  const auto logged = [&](const char* event) {
    return eventually([&] { return holds(daemon.err_so_far(), std::string("\"event\":\"") + event); });
  };
  REQUIRE(logged("delivery.failed"));
  for (const auto& action : {fault::status(403), fault::unauthorized(), fault::status(500)})
    desk.sim.faults().once("GET /v2/images/licenses", action);
  REQUIRE(eventually([&] { return desk.sim.faults().unfired().empty(); }));
  for (const Words& words :
       {Words{"sync", "--json"}, Words{"audit", "--json"}, Words{"status", "--json"}, Words{"status"}})
    desk.run(words);
  const std::string log = daemon.err_so_far(), mark = "\"http\":\"127.0.0.1:";
  const auto port = static_cast<std::uint16_t>(std::stoi(log.substr(log.find(mark) + mark.size())));
  for (const char* path : {"/readyz", "/metrics", "/api/v1/status", "/api/v1/assets", "/api/v1/changes?limit=1000"})
    desk.search(web_ask(port, path).body, path);
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  CHECK(result.exit_code == 0);
  desk.search(result.out + result.err, "the daemon's log");
  desk.search(manager.all(), "what the service manager was told");
  desk.search_files();
}

TEST_CASE("S4 canary: no system call writes a secret anywhere but to the provider and into the file of its token") {
  CanaryDesk desk;
  for (const auto& action : {fault::unauthorized(), fault::status(400), fault::errors_at_200()})
    desk.sim.faults().once("GET /v2/images/licenses", action);
  const std::string trace = desk.dir / "hidden.trace";
  std::size_t to_provider = 0, elsewhere = 0;
  for (int run = 0; run < 2; ++run) {
    ProgramCall call = desk.call({"sync", "-v", "--json"});
    call.argv.insert(call.argv.begin(), {"strace", "-f", "-yy", "-s", "1000000", "-o", trace, "-e",
                                         "trace=write,writev,pwrite64,pwritev,sendto,sendmsg,execve"});
    const ProgramResult result = run_program(call);
    if (!fs::exists(trace) || fs::file_size(trace) == 0) {
      MESSAGE("skipped: no program can be traced here: " << result.err);
      desk.sim.faults().clear();
      return;
    }
    std::ifstream lines(trace);
    std::set<std::string> tellers;  // of secrets, by a pipe of ours
    for (std::string line; std::getline(lines, line);) {
      const auto process = line.substr(0, line.find(' '));
      if (holds(line, "execve(") && holds(line, (desk.dir / "hidden.client"))) tellers.insert(process);
      if (tellers.contains(process)) continue;
      const auto target = line.substr(0, line.find('>'));
      if (holds(target, "<TCP:[")) {
        to_provider += holds(line, "Authorization: ") ? 1 : 0;
        continue;
      }
      if (holds(target, (desk.dir / "hidden.refresh"))) continue;
      ++elsewhere;
      desk.search(line, "a system call");
    }
  }
  CHECK(to_provider > 3);
  CHECK(elsewhere > 50);
  CHECK(desk.sim.faults().unfired().empty());
}

TEST_CASE("S2 canary: secrets are neither in the command line nor in the environment of the process") {
  CanaryDesk desk;
  auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  Program program(desk.call({"sync", "-v"}));
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));  // its secrets are in its memory now

  desk.search_process(program.id());

  gate->release();
  const ProgramResult result = program.wait();
  desk.search(result.out + result.err, "its output");
}

TEST_CASE("S5 canary: the memory of the process belongs to nobody, and no core of it is ever written") {
  CanaryDesk desk;
  auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  ProgramCall call = desk.call({"sync"});
  const bool root = ::geteuid() == 0;
  if (root) {  // the kernel gives the files of a process that may not be dumped to root: seen from another user only
    call.argv.insert(call.argv.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
    for (const auto& entry : fs::recursive_directory_iterator(desk.dir.path()))
      REQUIRE(::chown(entry.path().c_str(), 65534, 65534) == 0);
    REQUIRE(::chown(desk.dir.path().c_str(), 65534, 65534) == 0);
  }
  Program program(call);
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));  // its secrets are in its memory now

  struct stat memory {};
  const fs::path process = "/proc/" + std::to_string(program.id());
  REQUIRE(::stat((process / "mem").c_str(), &memory) == 0);
  CHECK(memory.st_uid == 0);
  if (root) CHECK(holds(whole_file(process / "status"), "Uid:\t65534"));
  CHECK(holds(whole_file(process / "limits"), "Max core file size        0                    0"));

  program.signal(SIGSEGV);
  gate->release();
  CHECK(program.wait().exit_code == -1);
  for (const auto& entry : fs::recursive_directory_iterator(desk.dir.path()))
    CHECK(entry.path().filename().string().find("core") == std::string::npos);
}

TEST_CASE("S2 usage: there is no option for a secret, and what was given with one is not repeated") {
  Desk desk(0);
  for (const Words& words :
       {Words{"sync", "--access-token", "CANARY-argv"}, Words{"sync", "--password=CANARY-argv"},
        Words{"--client-secret", "CANARY-argv", "sync"}, Words{"auth", "check", "--token=CANARY-argv"}}) {
    const ProgramResult result = desk.damsync(words);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK_FALSE(holds(result.out + result.err, "CANARY-argv"));
  }
}

TEST_CASE("C5 process: started without descriptors it does its work and harms no file with its words") {
  Desk desk(2);
  desk.calls_comparable = false;
  const auto closed = [&](const std::string& which, const Words& words) {
    ProgramCall call = desk.call(words);
    call.argv.insert(call.argv.begin(), {"sh", "-c", "exec \"$0\" \"$@\" " + which});
    return call;
  };
  auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  Program program(closed("<&- >&- 2>&-", {"sync", "-v"}));
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(30)));
  for (const char* fd : {"0", "1", "2"})  // nothing of ours may take their places
    CHECK(fs::read_symlink("/proc/" + std::to_string(program.id()) + "/fd/" + fd) == "/dev/null");
  gate->release();
  CHECK(program.wait().exit_code == 74);  // its result is lost

  CHECK(run_program(closed("<&-", {"sync"})).exit_code == 0);
  CHECK(run_program(closed("2>&-", {"sync", "-v"})).exit_code == 0);
  CHECK(run_program(closed(">&-", {"list", "files"})).exit_code == 74);
  CHECK(desk.damsync({"verify"}).exit_code == 0);
  CHECK(desk.damsync({"db", "check"}).exit_code == 0);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 2);
}

}  // namespace damsync
