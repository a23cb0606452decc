#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/spend_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

struct Bench {
  Bench() {
    provider.charge_for_files(dir / "books");
    for (const char* id : {"1", "2", "3"}) provider.add(id, std::string("l-") + id);
    restart();
    bench->hold(provider.history);
    clock.advance(std::chrono::minutes(1));
  }
  void restart() {
    bench.reset();
    bench = std::make_unique<SpendBench>(dir.path().string(), provider, clock);
  }
  void back_up() { bench->db->execute("VACUUM INTO '" + (dir / "backup.db") + "'"); }
  void restore() {
    bench.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(dir / "catalog.db" + suffix);
    fs::copy(dir / "backup.db", dir / "catalog.db");
    restart();
  }
  [[nodiscard]] std::string mark() const {
    std::ifstream in(dir / "catalog.db.spends");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TempDir dir;
  FakeClock clock;
  ScriptedProvider provider;
  std::unique_ptr<SpendBench> bench;
};

}  // namespace

TEST_CASE_FIXTURE(Bench, "I5 spend guard: the mark beside the catalog names a call before it goes out") {
  std::vector<std::string> seen;
  provider.spend_answer = [&](const License&, DownloadSource source) -> Result<DownloadSource> {
    seen.push_back(mark());
    return source;
  };
  REQUIRE(bench->acquire("l-1").ok());
  REQUIRE(bench->acquire("l-2").ok());
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].find("\n1 " + std::to_string(to_millis(clock.utc())) + "\tnewsroom\t1\tl-1\thuge\tjpg\t") !=
        std::string::npos);
  CHECK(seen[1].find("\n2 ") != std::string::npos);
}

TEST_CASE_FIXTURE(Bench,
                  "I5 spend guard: a catalog that came back from a backup pays for nothing until a person says so") {
  REQUIRE(bench->acquire("l-1").ok());
  back_up();
  REQUIRE(bench->acquire("l-2").ok());
  restore();
  for (const char* license : {"l-2", "l-3"}) {
    const auto refused = bench->acquire(license);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code == ErrorCode::kRefusedByPolicy);
    CHECK(refused.error().message.find("damsync spend acknowledge") != std::string::npos);
  }
  CHECK(bench->acquire("l-1").ok());  // that one it knows, and fetches it again without a call
  CHECK(provider.executions() == 2);
  REQUIRE(bench->mark.acknowledge("anna", "adopted", clock.utc()).ok());
  restart();
  CHECK(bench->acquire("l-3").ok());
}

TEST_CASE_FIXTURE(Bench, "I5 X1 spend guard: a mark that cannot be written keeps the call back") {
  REQUIRE(bench->acquire("l-1").ok());
  fs::create_directories(dir / "catalog.db.spends.part/in the way");
  const auto refused = bench->acquire("l-2");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kStorage);
  CHECK(provider.executions() == 1);
  CHECK(bench->book() == std::vector<std::string>{"l-1 spent", "l-2 not_spent"});
  fs::remove_all(dir / "catalog.db.spends.part");
  CHECK(bench->acquire("l-2").ok());
}

}  // namespace damsync
