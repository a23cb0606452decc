#include "sync/deliver/command_hook.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

struct HookBench {
  TempDir dir;

  Outcome run(std::vector<std::string> words, std::stop_token stop = {}, Millis limit = Millis(20'000)) const {
    return make_command_hook({.name = "hook", .run = std::move(words), .filter = {}, .time_limit = limit})
        ->send(event(), std::move(stop));
  }
  Outcome shell(const std::string& script, Millis limit = Millis(20'000)) const {
    return run({"/bin/sh", "-c", script}, {}, limit);
  }
  static Event event() {
    Event out;
    out.change.id = "01KAFE00000000000000000000";
    out.change.type = EventType::kAssetStored;
    out.change.provider = "shutterstock";
    out.change.account = "newsroom";
    out.change.asset_id = "118139110";
    out.change.license_id = "i1";
    out.body = R"-({"id":"01KAFE00000000000000000000","data":{"title":"a\nb; $(touch /tmp/x)"}})-";
    return out;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream in(dir / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] bool there(const std::string& name) const { return std::filesystem::exists(dir / name); }
};

bool alive(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE_FIXTURE(HookBench, "command hook: the event is its standard input, and exit code 0 a delivery") {
  CHECK(run({"/bin/sh", "-c", "cat > " + (dir / "in")}).kind == Outcome::Kind::kDelivered);
  CHECK(read("in") == event().body + "\n");
}

TEST_CASE_FIXTURE(HookBench, "command hook: its arguments are words, never a shell's text") {
  const std::string hostile = "$(touch " + (dir / "owned") + "); `touch " + (dir / "owned") + "`";
  CHECK(run({"/usr/bin/test", hostile, "=", hostile}).kind == Outcome::Kind::kDelivered);
  CHECK(!there("owned"));
}

TEST_CASE_FIXTURE(HookBench, "command hook: gets a small environment with the ids, and nothing of ours") {
  ::setenv("GETTY_API_KEY", "hush", 1);
  CHECK(shell("env > " + (dir / "env") + "; pwd >> " + (dir / "env") + "; ls /proc/self/fd >> " + (dir / "env")).kind ==
        Outcome::Kind::kDelivered);
  ::unsetenv("GETTY_API_KEY");
  const std::string got = read("env");
  CAPTURE(got);
  for (const char* line :
       {"DAMSYNC_EVENT=asset.stored\n", "DAMSYNC_EVENT_ID=01KAFE00000000000000000000\n",
        "DAMSYNC_PROVIDER=shutterstock\n", "DAMSYNC_ACCOUNT=newsroom\n", "DAMSYNC_ASSET_ID=118139110\n",
        "DAMSYNC_LICENSE_ID=i1\n", "LANG=C.UTF-8\n", "PATH=", "PWD=/\n"})
    CHECK(got.find(line) != std::string::npos);
  CHECK(got.find("hush") == std::string::npos);
  CHECK(got.find("title") == std::string::npos);
}

TEST_CASE_FIXTURE(
    HookBench, "command hook: another exit code refuses the event, whatever else is a failure, each with its reason") {
  struct Row {
    std::vector<std::string> words;
    std::string reason;
    Outcome::Kind kind = Outcome::Kind::kRefused;
  };
  const Row rows[] = {
      {{"/bin/sh", "-c", "echo 'no mail today' >&2; exit 7"}, "/bin/sh: exit code 7: no mail today"},
      {{"/bin/sh", "-c", "printf 'a\\033[31mb' >&2; exit 1"}, "exit code 1: a\\x1b[31mb"},
      {{"/bin/sh", "-c", "kill -9 $$"}, "ended by signal 9"},
      {{"/no/such/program"}, "cannot be started: No such file", Outcome::Kind::kFailed},
      {{"/etc/passwd"}, "cannot be started: Permission denied", Outcome::Kind::kFailed},
      {{"/bin/sh", "-c", "yes >&2 & head -c 300000 /dev/zero | tr '\\0' x >&2; kill $!; exit 3"}, "exit code 3"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reason);
    const Outcome outcome = run(row.words);
    CAPTURE(outcome.reason);
    CHECK(outcome.kind == row.kind);
    CHECK(outcome.reason.find(row.reason) != std::string::npos);
    CHECK(outcome.reason.size() < 300);
  }
}

TEST_CASE_FIXTURE(HookBench, "command hook: when its time is up it is ended with all that it started") {
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = shell("sleep 300 & echo $! > " + (dir / "pid") + "; wait", Millis(1000));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
  CHECK(outcome.kind == Outcome::Kind::kFailed);
  CHECK(outcome.reason.find("did not finish within 1s") != std::string::npos);
  const pid_t sleeper = std::stoi(read("pid"));
  const auto deadline = begun + std::chrono::seconds(20);
  while (alive(sleeper) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(!alive(sleeper));
}

TEST_CASE_FIXTURE(HookBench, "G1 command hook: a stop ends it at once, and the event counts as not tried") {
  std::stop_source stop;
  std::jthread stopper([&] {
    while (!there("begun")) std::this_thread::yield();
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  const Outcome outcome = run({"/bin/sh", "-c", "touch " + (dir / "begun") + "; sleep 300"}, stop.get_token());
  CHECK(outcome.kind == Outcome::Kind::kNotTried);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

TEST_CASE_FIXTURE(HookBench, "command hook: what it leaves in the background does not keep us waiting") {
  const auto begun = std::chrono::steady_clock::now();
  CHECK(shell("sleep 20 & exit 0").kind == Outcome::Kind::kDelivered);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(10));
}

}  // namespace damsync
