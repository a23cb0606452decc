#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>

#include "tests/integration/desk.h"
#include "tests/support/failing_call.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// `sync` ends with this code and says this, without a call to the provider.
void check_refused(Desk& desk, int exit_code, std::string_view words) {
  desk.forget_requests();
  const ProgramResult result = desk.damsync({"sync"});
  INFO(result.err);
  CHECK(result.exit_code == exit_code);
  CHECK_MESSAGE(holds(result.err, words), words);
  CHECK(desk.requests().empty());
}

}  // namespace

TEST_CASE("state: root is refused where another user's daemon works, and leaves nothing that it could not open") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can give folders away");
    return;
  }
  Desk desk(1);
  constexpr uid_t kNobody = 65534;
  REQUIRE(::chown(desk.dir.path().c_str(), kNobody, kNobody) == 0);
  desk.calls_comparable = false;  // those of the dry run count, too
  check_refused(desk, 78, "runuser -u nobody -- damsync");
  CHECK_FALSE(fs::exists(desk.catalog().string() + ".lock"));
  CHECK_FALSE(fs::exists(desk.store()));
  CHECK(desk.damsync({"sync", "--dry-run"}).exit_code == 0);
  CHECK(desk.damsync({"status"}).exit_code == 0);

  REQUIRE(::chown(desk.dir.path().c_str(), 0, 0) == 0);
  desk.sync();
  REQUIRE(::chown(desk.catalog().c_str(), kNobody, kNobody) == 0);
  check_refused(desk, 78, "does not belong to root");
  CHECK(desk.damsync({"db", "restore", desk.catalog().string()}).exit_code == 78);
}

TEST_CASE("G5 state: a second damsync leaves with 75 within a second and touches nothing") {
  Desk desk(2);
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /gatekeeper/*", fault::hold(gate));
  const auto first = desk.start({"sync"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));

  const ProgramResult second = desk.damsync({"sync"});
  const ProgramResult reader = desk.damsync({"list", "licenses", "--json"});
  gate->release();

  CHECK(second.exit_code == 75);
  CHECK(second.took < std::chrono::seconds(1));
  CHECK_FALSE(second.err.empty());
  CHECK(reader.exit_code == 0);
  CHECK(lines_of(reader.out).size() == 2);
  CHECK(first->wait().exit_code == 0);
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 2);
}

TEST_CASE("G1 state: SIGTERM during the sync of one account leaves the others unfinished, and says nothing else") {
  Desk desk(3);
  auto second = desk.account;
  second["name"] = "\"second\"";
  std::string more = "[[account]]\n";
  for (const auto& [key, value] : second) more += key + " = " + value + "\n";
  fs::create_directories(desk.dir.path() / "conf.d");
  desk.write_file("conf.d/second.toml", more);
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /v2/images/licenses", fault::hold(gate));
  const auto program = desk.start({"sync", "--json"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));
  program->signal(SIGTERM);
  const ProgramResult result = program->wait();
  gate->release();
  CHECK(result.exit_code == 1);
  const Json run = lines_of(result.out).at(0);
  CHECK_FALSE(flag(run, "ok"));
  const auto& accounts = *member(run, "accounts").if_array();
  REQUIRE(accounts.size() == 2);
  for (const Json& account : accounts) {
    CHECK_FALSE(flag(account, "ok"));
    CHECK(text(account, "error") == "stopped");
  }
  CHECK(number(accounts[1], "calls_free") == 0);
}

TEST_CASE("G1 state: SIGTERM ends a sync orderly, and the next one finishes the work") {
  Desk desk(4);
  const auto gate = std::make_shared<SimGate>();
  desk.sim.faults().once("GET /gatekeeper/*", fault::hold(gate));
  const auto first = desk.start({"sync"});
  REQUIRE(gate->wait_for_arrival(std::chrono::seconds(20)));
  first->signal(SIGTERM);

  const ProgramResult stopped = first->wait();
  gate->release();

  CHECK(stopped.exit_code == 1);
  CHECK(stopped.took < std::chrono::seconds(20));
  desk.sync();
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 4);
}

TEST_CASE("P8 state: a store without its sentinel or without its root is not written to") {
  Desk desk(2);
  desk.sync();
  const auto kept = desk.dir.path() / "kept";
  fs::rename(desk.store() / ".damsync" / "sentinel", kept);
  check_refused(desk, 78, "sentinel");
  fs::rename(kept, desk.store() / ".damsync" / "sentinel");
  desk.sync();

  fs::rename(desk.store(), kept);
  check_refused(desk, 78, desk.store().string());
  CHECK_FALSE(fs::exists(desk.store()));
  fs::create_directory(desk.store());  // an empty mount point
  check_refused(desk, 78, "sentinel");
  CHECK(fs::is_empty(desk.store()));
}

TEST_CASE("X9 state: a service's sandbox, which has no openat2, does not keep it from its work") {
  Desk desk(2);
  const bool possible = without_openat2([&] {
    desk.sync();
    CHECK(desk.damsync({"verify", "--repair"}).exit_code == 0);
    CHECK(desk.damsync({"audit", "--output", desk.dir / "reports"}).exit_code == 0);
  });
  if (possible)
    CHECK(desk.list({"files", "--state", "mirrored"}).size() == 2);
  else
    MESSAGE("skipped: this kernel takes no rules about calls");
}

TEST_CASE("state: a store whose parent does not exist is 74") {
  Desk desk(1);
  desk.store_keys["root"] = "\"" + (desk.dir / "no/such/store") + "\"";
  desk.write_settings();
  check_refused(desk, 74, "no/such");
}

TEST_CASE("D2 D4 state: a catalog that is damaged or newer ends in 78 and stays as it is") {
  Desk desk(2);
  desk.sync();
  const std::string sound = bytes_of(desk.catalog());
  std::string newer = sound;
  newer.replace(60, 4, std::string("\x7f\xff\xff\xff", 4));  // user_version
  std::string foreign = sound;
  foreign.replace(68, 4, "ABCD");  // application_id
  std::string broken = sound;
  for (std::size_t at = 4096; at + 64 < broken.size(); at += 4096) broken.replace(at, 64, std::string(64, '\xAA'));

  for (const auto& bytes :
       {newer, foreign, broken, std::string("not a database at all, just text\n"), std::string(1, 'x')}) {
    put_bytes(desk.catalog(), bytes);
    for (const char* leftover : {"-wal", "-shm"}) fs::remove(desk.catalog().string() + leftover);
    check_refused(desk, 78, desk.catalog().string());
    CHECK(bytes_of(desk.catalog()) == bytes);
    const ProgramResult list = desk.damsync({"list", "files"});
    CHECK_MESSAGE(list.exit_code == 78, list.err);
  }
}

TEST_CASE("C5 state: results that cannot be written are 74") {
  Desk desk(1);
  desk.sync();
  for (const Words& words : {Words{"list", "files"}, Words{"status"}, Words{"config", "show"}, Words{"--help"}}) {
    ProgramCall call = desk.call(words);
    call.output_file = "/dev/full";
    CHECK_MESSAGE(run_program(call).exit_code == 74, words.front());
  }
}

TEST_CASE("M9 verify: missing, changed and foreign files are found, and repaired free of charge") {
  Desk desk(4);
  desk.sync();
  const auto files = desk.list({"files"});
  const auto lost = desk.store() / text(files[0], "path");
  const auto changed = desk.store() / text(files[1], "path");
  const auto foreign = desk.store() / "newsroom" / "stranger.jpg";
  CHECK(desk.damsync({"verify"}).exit_code == 0);
  fs::remove(lost);
  std::string bytes = bytes_of(changed);
  bytes[bytes.size() / 2] ^= 1;
  put_bytes(changed, bytes);
  put_bytes(foreign, "who put me here?");
  desk.forget_requests();

  const ProgramResult found = desk.damsync({"verify", "--json"});

  CHECK(found.exit_code == 3);
  CHECK(desk.requests().empty());
  const Json summary = lines_of(found.out).at(0);
  for (const char* name : {"checked", "ok", "missing", "corrupt", "orphans", "repaired", "bytes", "findings"})
    CHECK_MESSAGE(summary.find(name) != nullptr, name);
  CHECK(number(summary, "missing") == 1);
  CHECK(number(summary, "corrupt") == 1);
  CHECK(number(summary, "orphans") == 1);
  CHECK(member(summary, "findings").if_array()->size() == 3);
  CHECK(desk.list({"files", "--state", "missing"}).size() == 1);
  CHECK(desk.list({"files", "--state", "corrupt"}).size() == 1);

  desk.calls_comparable = false;
  const ProgramResult repaired = desk.damsync({"verify", "--repair", "--json"});

  CHECK(repaired.exit_code == 3);  // the stranger is still there: nothing is ever deleted
  const Json after = lines_of(repaired.out).at(0);
  CHECK(number(after, "repaired") == 2);
  for (const Json& finding : *member(after, "findings").if_array())
    CHECK(flag(finding, "repaired") == (text(finding, "code") != "FILE_NO_LICENSE"));
  CHECK(fs::exists(foreign));
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 4);
  CHECK(bytes_of(lost) == desk.served(text(files[0], "asset_id")));
  CHECK(bytes_of(changed) == desk.served(text(files[1], "asset_id")));
  fs::remove(foreign);
  CHECK(desk.damsync({"verify"}).exit_code == 0);
}

TEST_CASE("verify: before the first sync there is nothing to find, and nothing is made") {
  Desk desk(0);

  const ProgramResult result = desk.damsync({"verify", "--json"});

  CHECK(result.exit_code == 0);
  CHECK(number(lines_of(result.out).at(0), "checked") == 0);
  CHECK_FALSE(fs::exists(desk.catalog()));
  CHECK_FALSE(fs::exists(desk.store()));
}

TEST_CASE("db: a backup can be checked, restored, and brought up to date") {
  Desk desk(2);
  desk.sync();
  const std::string copy = desk.dir / "copy.db";
  CHECK(desk.damsync({"db", "backup", copy}).exit_code == 0);
  CHECK(desk.damsync({"db", "backup", copy}).exit_code != 0);  // never over another file
  CHECK(desk.damsync({"db", "check"}).exit_code == 0);
  desk.add_image("4711");
  desk.add_license("4711", desk.sim.now());
  desk.sync();
  put_bytes(desk.catalog(), "gone bad");
  for (const char* leftover : {"-wal", "-shm"}) fs::remove(desk.catalog().string() + leftover);
  CHECK(desk.damsync({"db", "check"}).exit_code == 78);

  const ProgramResult restored = desk.damsync({"db", "restore", copy});

  INFO(restored.err);
  CHECK(restored.exit_code == 0);
  CHECK(desk.damsync({"db", "check"}).exit_code == 0);
  CHECK(desk.list({"licenses"}).size() == 2);
  desk.sync(0, {"--full"});
  CHECK(desk.list({"files", "--state", "mirrored"}).size() == 3);
  CHECK(desk.damsync({"verify"}).exit_code == 0);
}

}  // namespace damsync
