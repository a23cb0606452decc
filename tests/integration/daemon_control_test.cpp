#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/integration/daemon_desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// A daemon that polls once and then waits for an hour.
struct QuietDesk : DaemonDesk {
  QuietDesk() {
    write_more("poll_interval = \"1h\"\n");
    daemon = start_ready();
    REQUIRE(mirrored(3));
    REQUIRE(eventually([&] { return holds(daemon->err_so_far(), "sync.finished"); }));
  }
  ~QuietDesk() {
    daemon->signal(SIGTERM);
    CHECK(daemon->wait().exit_code == 0);
  }
  std::unique_ptr<Program> daemon;
};

}  // namespace

TEST_CASE("G7 daemon: a sync that a person asks for is done by the daemon and printed as always") {
  QuietDesk desk;
  desk.desk.add_image("4711");
  desk.desk.add_license("4711", desk.desk.sim.now());

  const ProgramResult json = desk.desk.damsync({"sync", "--json"});
  INFO(json.err);
  CHECK(json.exit_code == 0);
  const Json run = lines_of(json.out).at(0);
  for (const char* name : {"run_id", "started_at", "finished_at", "ok", "dry_run", "accounts"})
    CHECK_MESSAGE(run.find(name) != nullptr, name);
  CHECK(number(Desk::account_of(run), "files_mirrored") == 1);
  CHECK(text(desk.desk.list({"runs", "--limit", "1"}).at(0), "run_id") == text(run, "run_id"));

  const ProgramResult plain = desk.desk.damsync({"sync", "--full", "--account", "newsroom"});
  CHECK(plain.exit_code == 0);
  CHECK(holds(plain.out, "newsroom (shutterstock): in step"));
  CHECK(desk.desk.damsync({"sync", "--account", "nobody"}).exit_code == 2);
  CHECK(desk.desk.damsync({"sync", "--dry-run"}).exit_code == 0);
}

TEST_CASE("G7 daemon: what needs the catalog for itself says that the daemon must be stopped for it") {
  QuietDesk desk;
  for (const Words& words :
       {Words{"verify"}, Words{"adopt", "/tmp"}, Words{"db", "restore", "/no/such/file"}, Words{"db", "rebuild"}}) {
    const ProgramResult refused = desk.desk.damsync(words);
    CHECK_MESSAGE(refused.exit_code == 75, words.front());
    CHECK(holds(refused.err, "systemctl stop damsync"));
    CHECK(!holds(refused.err, "try again later"));
  }
}

TEST_CASE("G7 daemon: the exit code of a sync is that of the account's failure") {
  QuietDesk desk;
  desk.desk.refusals_expected = true;
  desk.desk.sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  CHECK(desk.desk.damsync({"sync"}).exit_code == 77);
}

TEST_CASE("G7 daemon: a client that goes away stops what it asked for") {
  QuietDesk desk;
  const auto gate = std::make_shared<SimGate>();
  desk.desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  const auto client = desk.desk.start({"sync"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));
  client->signal(SIGTERM);
  CHECK(client->wait().exit_code == 1);
  CHECK(desk.desk.damsync({"sync"}).exit_code == 0);  // waits for the account, which is free soon
  gate->release();
}

TEST_CASE("G7 daemon: a report that a person asks for is written by the daemon and joins its chain") {
  QuietDesk desk;
  const ProgramResult json = desk.desk.damsync({"audit", "--json"});
  INFO(json.err);
  REQUIRE(json.exit_code == 0);
  const Json done = lines_of(json.out).at(0);
  CHECK(flag(done, "written"));
  CHECK(fs::exists(fs::path(text(done, "directory")) / "report.json"));
  CHECK(holds(desk.desk.damsync({"audit"}).out, text(done, "directory")));
}

TEST_CASE("daemon: the status tells what is next, and that it runs") {
  QuietDesk desk;
  const ProgramResult status = desk.desk.damsync({"status", "--json"});
  const Json report = lines_of(status.out).at(0);
  std::string jobs;
  for (const Json& job : *member(report, "next").if_array()) jobs += text(job, "job") + " ";
  for (const char* job : {"sync newsroom", "audit", "verify", "backup", "check"}) CHECK_MESSAGE(holds(jobs, job), jobs);
  CHECK(flag(member(report, "daemon"), "ready"));
  CHECK(holds(desk.desk.damsync({"status"}).out, "daemon"));
}

TEST_CASE("daemon: the control socket is the group's, and lies in the runtime directory where there is one") {
  DaemonDesk desk;
  fs::create_directories(desk.desk.dir.path() / "run");
  desk.desk.environment["RUNTIME_DIRECTORY"] = (desk.desk.dir / "run") + ":/elsewhere";
  const auto daemon = desk.start_ready();
  struct stat info {};
  REQUIRE(::stat((desk.desk.dir / "run/control.sock").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0660);
  CHECK(fs::is_symlink(desk.desk.catalog().string() + ".sock"));
  CHECK(desk.desk.damsync({"sync"}).exit_code == 0);
  daemon->signal(SIGKILL);
  CHECK(daemon->wait().exit_code == -1);
  CHECK(desk.desk.damsync({"sync"}).exit_code == 0);  // nobody answers at the name that is left: done without a daemon
  desk.desk.environment.erase("RUNTIME_DIRECTORY");
  const auto next = desk.start_ready();
  CHECK(fs::is_socket(desk.desk.catalog().string() + ".sock"));
  next->signal(SIGTERM);
  CHECK(next->wait().exit_code == 0);
}

TEST_CASE("C4 daemon: whatever a client sends, the daemon answers the next one") {
  QuietDesk desk;
  struct Row {
    std::string sent, answered;
  };
  const Row rows[] = {
      {"\n", "no JSON object"},
      {"[]\n", "no JSON object"},
      {"{\"do\":1}\n", "'do' is missing"},
      {"{}\n", "'do' is missing"},
      {"{\"do\":\"rm -rf\"}\n", "does not know"},
      {"{\"do\":\"sync\",\"accounts\":\"newsroom\"}\n", "'accounts' is missing or of the wrong type"},
      {"{\"do\":\"sync\",\"accounts\":[\"nobody\"]}\n", "knows no account"},
      {"{\"do\":\"sync\",\"full\":\"yes\"}\n", "'full' is missing or of the wrong type"},
      {std::string(200'000, '[') + "\n", ""},
      {std::string("\0\xff\x1b[2J\n", 7), "no JSON object"},
  };
  for (const Row& row : rows) {
    INFO(row.sent.substr(0, 60));
    const std::string answer = desk.control(row.sent);
    CHECK_MESSAGE(holds(answer, row.answered), answer);
    CHECK(holds(desk.control("{\"do\":\"status\"}\n"), "\"exit_code\":0"));
  }
  std::vector<int> idle;
  for (int i = 0; i < 200; ++i) idle.push_back(desk.connect());
  for (const int fd : idle) ::close(fd);
  CHECK(eventually([&] { return holds(desk.control("{\"do\":\"status\"}\n"), "\"exit_code\":0"); }));
}

TEST_CASE("daemon: connections that ask nothing make room for who asks something") {
  QuietDesk desk;
  std::vector<int> idle;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 20; ++i) idle.push_back(desk.connect());
    CHECK(holds(desk.control("{\"do\":\"status\"}\n"), "\"exit_code\":0"));
  }
  for (const int fd : idle) ::close(fd);
}

}  // namespace damsync
