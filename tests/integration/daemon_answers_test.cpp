#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sync/http/json_reader.h"
#include "tests/integration/daemon_desk.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// This thread as another user of the machine; false where that is not possible.
class AsNobody {
 public:
  AsNobody() : changed_(::geteuid() == 0 && ::syscall(SYS_setresuid, -1, 65534, -1) == 0) {
    if (!changed_) MESSAGE("skipped: only root can play another user");
  }
  ~AsNobody() {
    if (changed_) ::syscall(SYS_setresuid, -1, 0, -1);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  [[nodiscard]] bool changed() const noexcept { return changed_; }

 private:
  bool changed_;
};

void end(Program& daemon) {
  daemon.signal(SIGTERM);
  const ProgramResult result = daemon.wait();
  CHECK_MESSAGE(result.exit_code == 0, result.err);
}

std::string manifest_hash(Desk& desk, const Words& more = {}) {
  Words words = {"audit", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  const ProgramResult audit = desk.damsync(words);
  INFO(audit.err);
  REQUIRE(audit.exit_code == 0);
  const fs::path report = text(lines_of(audit.out).at(0), "directory");
  std::ifstream in(report / "MANIFEST.json");
  return text(parse_json(std::string(std::istreambuf_iterator<char>(in), {})).value(), "config_sha256");
}

}  // namespace

TEST_CASE("daemon: one that stands still is told of by status within seconds, not waited for") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  REQUIRE(eventually([&] { return desk.desk.damsync({"status", "--check"}).exit_code == 0; }));
  daemon->signal(SIGSTOP);
  const ProgramResult json = desk.desk.damsync({"status", "--check", "--json"});
  CHECK(json.exit_code == 3);
  CHECK(holds(json.out, "the daemon does not answer"));
  CHECK(json.took < std::chrono::seconds(15));

  std::vector<int> waiting;  // who came before and was not taken
  for (int i = 0; i < 40; ++i) waiting.push_back(desk.connect());
  const ProgramResult text = desk.desk.damsync({"status", "--check"});
  CHECK(text.exit_code == 3);
  CHECK(holds(text.out, "the daemon does not answer"));
  CHECK(text.took < std::chrono::seconds(15));
  for (const int fd : waiting) ::close(fd);

  daemon->signal(SIGCONT);
  CHECK(eventually([&] { return desk.desk.damsync({"status", "--check"}).exit_code == 0; }));
  end(*daemon);
}

TEST_CASE("daemon: works for root and its own user, whoever else may open the socket is told the status") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  fs::permissions(desk.desk.dir.path(), fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add);
  REQUIRE(::chmod((desk.desk.catalog().string() + ".sock").c_str(), 0666) == 0);  // as if in the group
  {
    const AsNobody nobody;
    if (!nobody.changed()) return;
    CHECK(holds(desk.control("{\"do\":\"status\"}\n"), "\"exit_code\":0"));
    for (const char* work : {"{\"do\":\"sync\",\"full\":true}\n", "{\"do\":\"audit\",\"output\":\"/tmp/x\"}\n"}) {
      const std::string answer = desk.control(work);
      CHECK_MESSAGE(holds(answer, "works for root and its own user only"), answer);
      CHECK(holds(answer, "\"exit_code\":77"));
    }
  }
  CHECK(desk.desk.damsync({"sync"}).exit_code == 0);
  end(*daemon);
}

TEST_CASE("daemon: a report goes neither into the store nor where the catalog lies, with a daemon or without") {
  DaemonDesk desk;
  const auto refused = [&](const fs::path& folder) {
    const ProgramResult result = desk.desk.damsync({"audit", "--output", folder});
    return result.exit_code == 2 && holds(result.err, "kept apart");
  };
  const auto check = [&] {
    CHECK(refused(desk.desk.store()));
    CHECK(refused(desk.desk.store() / "newsroom"));
    CHECK(refused(desk.desk.dir.path()));
    CHECK(desk.desk.damsync({"audit", "--output", desk.desk.dir / "own"}).exit_code == 0);
  };
  auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  check();
  end(*daemon);
  check();
  CHECK_FALSE(fs::exists(desk.desk.store() / "newsroom" / "MANIFEST.json"));
}

TEST_CASE("daemon: a report is not written where the daemon sees another folder than who asks for it") {
  DaemonDesk desk(0);
  const auto daemon = desk.start_ready();
  const std::string folder = desk.desk.dir / "private";
  const std::string answer = desk.control("{\"do\":\"audit\",\"output\":\"" + folder + "\",\"seen\":\"/tmp 1:1\"}\n");
  CHECK_MESSAGE(holds(answer, "sees something else"), answer);
  CHECK(holds(answer, "\"exit_code\":2"));
  CHECK_FALSE(fs::exists(folder));
  CHECK(desk.desk.damsync({"audit", "--output", folder}).exit_code == 0);
  end(*daemon);
}

TEST_CASE("daemon: a report names the settings it was made by, whatever the file says meanwhile") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  const std::string before = manifest_hash(desk.desk);
  desk.write_more("poll_interval = \"1s\"\nverify_days = 29\n");
  CHECK(manifest_hash(desk.desk, {"--output", desk.desk.dir / "one"}) == before);
  daemon->signal(SIGHUP);
  REQUIRE(eventually([&] { return holds(daemon->err_so_far(), "daemon.reloaded"); }));
  const std::string after = manifest_hash(desk.desk, {"--output", desk.desk.dir / "two"});
  CHECK(after != before);
  end(*daemon);
  CHECK(manifest_hash(desk.desk, {"--output", desk.desk.dir / "three"}) == after);
}

TEST_CASE("S1 daemon: a secret file that is open to others, or no file, ends the start, and is refused on SIGHUP") {
  DaemonDesk desk;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  desk.desk.write_file("hook", "whsec_x\n", 0644);
  const std::string hook = "[[webhook]]\nname = \"cms\"\nurl = \"https://cms.example.org/\"\nsecret = { file = \"" +
                           (desk.desk.dir / "hook") + "\" }\n";
  desk.write_more("poll_interval = \"1s\"\n", hook);
  daemon->signal(SIGHUP);
  CHECK(eventually([&] { return holds(daemon->err_so_far(), "daemon.settings_refused"); }));
  CHECK(holds(daemon->err_so_far(), (desk.desk.dir / "hook") + " is open to others"));
  end(*daemon);

  ::chmod((desk.desk.dir / "token").c_str(), 0604);
  const ProgramResult open = desk.desk.damsync({"run"});
  CHECK(open.exit_code == 78);
  CHECK(holds(open.err, (desk.desk.dir / "token") + " is open to others"));
  CHECK(holds(open.err, (desk.desk.dir / "hook") + " is open to others"));

  fs::remove(desk.desk.dir / "token");
  REQUIRE(::mkfifo((desk.desk.dir / "token").c_str(), 0600) == 0);
  const ProgramResult fifo = desk.desk.damsync({"run"});
  CHECK(fifo.exit_code == 78);
  CHECK(holds(fifo.err, "is not a regular file"));
}

TEST_CASE("daemon: what ends it is an event of its log, an entry a line") {
  DaemonDesk desk(0);
  desk.write_more("poll_interval = \"0s\"\nnonsense = 1\n");
  const ProgramResult json = desk.desk.damsync({"run", "--log-format", "json"});
  CHECK(json.exit_code == 78);
  const auto entries = lines_of(json.err);
  REQUIRE(entries.size() == 3);
  for (const Json& entry : entries) {
    CHECK(text(entry, "event") == "daemon.failed");
    CHECK(text(entry, "level") == "error");
  }
  CHECK(holds(text(entries[1], "reason") + text(entries[2], "reason"), "schedule.nonsense"));
  CHECK(holds(desk.desk.damsync({"run"}).err, " error daemon.failed code=settings reason=\"the settings have 2"));
  CHECK(holds(desk.desk.damsync({"status"}).err, "damsync: the settings have 2 mistakes"));
}

TEST_CASE("daemon: a cycle that fails is one line at error level") {
  DaemonDesk desk;
  desk.desk.refusals_expected = true;
  const auto daemon = desk.start_ready();
  REQUIRE(desk.mirrored(3));
  desk.desk.sim.edit([](ShutterstockState& state) { state.tokens.clear(); });
  const auto failed = [&] { return times_in(daemon->err_so_far(), " error sync.finished account=newsroom"); };
  CHECK(eventually([&] { return failed() >= 2; }));
  const std::string said = daemon->err_so_far();
  CHECK(times_in(said, " error ") == times_in(said, " error sync.finished"));
  end(*daemon);
}

TEST_CASE("G1 daemon: SIGTERM while a receiver's secret is waited for ends it within seconds") {
  DaemonDesk desk;
  std::string hooks;
  for (const char* name : {"one", "two", "three"})
    hooks += std::string("[[webhook]]\nname = \"") + name +
             "\"\nurl = \"https://cms.example.org/\"\nsecret = { command = [\"sh\", \"-c\", \"echo > " +
             (desk.desk.dir / "asked") + "; sleep 60\"] }\n";
  desk.write_more("poll_interval = \"1s\"\n", hooks);
  const auto daemon = desk.start();
  REQUIRE(eventually([&] { return fs::exists(desk.desk.dir / "asked"); }));
  CHECK(desk.mirrored(3));  // nobody else waits for it
  const auto begun = std::chrono::steady_clock::now();
  end(*daemon);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(8));
}

}  // namespace damsync
