#include <doctest/doctest.h>

#include "tests/support/getty_desk.h"

using namespace damsync;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A catalog from before the second of two licenses was paid for.
struct Restored : GettyDesk {
  Restored() {
    hold("83454801");
    REQUIRE(run({"sync"}).exit_code == 0);
    REQUIRE(run({"db", "backup", dir / "backup.db"}).exit_code == 0);
    hold("83454802");
    REQUIRE(run({"sync"}).exit_code == 0);
    const auto restored = run({"db", "restore", dir / "backup.db"});
    REQUIRE(restored.exit_code == 0);
    CHECK(holds(restored.out, "does not know spend 2"));
  }
  void check_no_more_paid() const {
    for (const char* id : {"83454801", "83454802"}) CHECK(executions(id) == 1);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Restored, "I5 getty restore: a catalog from a backup pays for nothing, says why, and how to go on") {
  for (int i = 0; i < 2; ++i) {
    const auto sync = run({"sync"});
    CHECK(sync.exit_code == 78);
    CHECK(holds(sync.out + sync.err, "does not know spend 2"));
    CHECK(holds(sync.out + sync.err, "damsync spend acknowledge"));
  }
  check_no_more_paid();

  write_settings("never");
  CHECK(run({"sync"}).exit_code == 0);
  const auto adopted = run({"adopt", dir / "store"});
  CHECK(adopted.exit_code == 0);
  CHECK(holds(adopted.out, "1 adopted"));
  CHECK(run({"spend", "acknowledge", "--reason", "adopted the store"}).exit_code == 0);
  write_settings("once");
  CHECK(run({"sync"}).exit_code == 0);
  check_no_more_paid();
  for (const auto& file : list("files")) CHECK(text(file, "state") == "mirrored");

  hold("83454803");
  CHECK(run({"sync"}).exit_code == 0);
  CHECK(executions("83454803") == 1);
  CHECK(run({"verify"}).exit_code == 0);
}

TEST_CASE_FIXTURE(Restored, "spend acknowledge: needs a reason, takes no ID, and is refused when there is no need") {
  CHECK(run({"spend", "acknowledge"}).exit_code == 2);
  CHECK(run({"spend", "acknowledge", "2", "--reason", "x"}).exit_code == 2);
  CHECK(run({"spend", "settle", "--reason", "x"}).exit_code == 2);
  CHECK(run({"sync"}).exit_code == 78);
  const auto done = run({"spend", "acknowledge", "--reason", "seen", "--json"});
  CHECK(done.exit_code == 0);
  CHECK(holds(done.out, "does not know spend 2"));
  CHECK(run({"spend", "acknowledge", "--reason", "again"}).exit_code == 2);
}

TEST_CASE("I5 getty rebuild: a catalog that was made again pays for nothing until a person says so, mark or no mark") {
  for (const bool with_mark : {true, false}) {
    GettyDesk desk;
    desk.hold("83454801");
    REQUIRE(desk.run({"sync"}).exit_code == 0);
    const auto path = GettyDesk::text(desk.list("files").at(0), "path");
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove((desk.dir / "catalog.db") + suffix);
    if (!with_mark) std::filesystem::remove(desk.dir / "catalog.db.spends");
    std::filesystem::remove(desk.dir.path() / "store" / path);
    CHECK(desk.run({"db", "rebuild", "--offline"}).exit_code == 0);

    const auto sync = desk.run({"sync"});

    CHECK(sync.exit_code == 78);
    CHECK(holds(sync.out + sync.err, "damsync spend acknowledge"));
    CHECK(desk.executions("83454801") == 1);
  }
}
