#include <doctest/doctest.h>

#include <map>
#include <random>

#include "storage/journal/feed_reader.h"
#include "sync/deliver/feed_files.h"
#include "tests/crash/every_nth.h"
#include "tests/support/crash_child.h"
#include "tests/support/cycle_bench.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

/// Days with changes, some without, and a clock that is set back over midnight once.
void live(CycleBench& bench, std::uint32_t seed, int rounds) {
  std::mt19937 random(seed);
  for (int round = 0; round < rounds; ++round) {
    bench.provider.add(std::to_string(101 + random() % 4),
                       "e" + std::to_string(seed * 100 + static_cast<unsigned>(round)));
    bench.cycle();
    bench.clock.advance(std::chrono::hours(random() % 30));
    if (round == 2) bench.clock.set_utc(bench.clock.utc() - std::chrono::hours(40));
  }
}

void write_files(CycleBench& bench) {
  if (auto written = FeedFiles(bench.db(), bench.store()).run({}); !written)
    throw std::runtime_error(written.error().message);
}

/// The lines of the files by path, checked to be whole.
std::map<std::string, Lines> files_of(const CycleBench& bench) {
  std::map<std::string, Lines> out;
  for (const auto& [path, bytes] : bench.visible_files()) {
    if (!is_feed_file(path)) continue;
    CHECK(bytes.ends_with("}\n"));
    for (std::size_t at = 0; at < bytes.size();) {
      const auto end = bytes.find('\n', at);
      out[path].push_back(bytes.substr(at, end - at));
      at = end + 1;
    }
  }
  return out;
}

/// What the files should hold, from the feed itself.
std::map<std::string, Lines> wanted(CycleBench& bench) {
  std::map<std::string, Lines> out;
  const auto page = FeedReader(bench.db()).read("", 100'000).value();
  for (const auto& change : page.changes)
    out["changes/" + format_rfc3339(change.time).substr(0, 10) + ".ndjson"].push_back(write_json(change_json(change)));
  return out;
}

}  // namespace

TEST_CASE_FIXTURE(CycleBench, "feed files: every change stands once in the file of its day") {
  write_files(*this);
  CHECK(files_of(*this).empty());
  live(*this, 1, 6);
  write_files(*this);
  CHECK(files_of(*this) == wanted(*this));
  CHECK(files_of(*this).size() >= 2);
  const auto before = visible_files();
  write_files(*this);
  CHECK(visible_files() == before);
  live(*this, 2, 3);
  write_files(*this);
  CHECK(files_of(*this) == wanted(*this));
}

TEST_CASE_FIXTURE(CycleBench, "feed files: verification does not take them for strangers") {
  live(*this, 1, 2);
  write_files(*this);
  CHECK(is_feed_file("changes/2026-11-20.ndjson"));
  for (const char* other : {"changes/2026-11-20.ndjson.bak", "changes/2026-02-30.ndjson", "changes/x.ndjson",
                            "changes/../2026-11-20.ndjson", "a/changes/2026-11-20.ndjson", "changes/.ndjson"})
    CHECK_FALSE(is_feed_file(other));
}

TEST_CASE_FIXTURE(CycleBench, "X1 feed files: a disk that is full keeps the old file, and room makes up for it") {
  live(*this, 1, 1);
  write_files(*this);
  const auto before = files_of(*this);
  live(*this, 2, 1);
  fs::create_directories(dir.path() / "store/.damsync/staging");
  fs::permissions(dir.path() / "store/.damsync/staging", fs::perms(0500));
  if (::geteuid() != 0) {
    CHECK_FALSE(FeedFiles(db(), store()).run({}).ok());
    CHECK(files_of(*this) == before);
  }
  fs::permissions(dir.path() / "store/.damsync/staging", fs::perms(0700));
  write_files(*this);
  CHECK(files_of(*this) == wanted(*this));
}

TEST_CASE("G3 feed files: whatever interrupts their writing, every change stands in them once at the end") {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const TempDir state, log;
    {
      CycleBench bench(state.path());
      live(bench, seed, 4);
      if (seed % 2 == 0) write_files(bench);
      live(bench, seed + 50, 3);
    }
    const auto write = [&] {
      CycleBench bench(state.path());
      write_files(bench);
    };
    const TempDir copy;
    fs::copy(state.path(), copy.path(), fs::copy_options::recursive);
    const auto points = points_of(
        [&] {
          CycleBench bench(copy.path());
          write_files(bench);
        },
        log / "points");
    REQUIRE(points.size() >= 6);
    std::mt19937 random(seed);
    for (int crash = 0; crash < 3; ++crash) {
      const long at = 1 + static_cast<long>(random() % points.size());
      const int ended = in_child(at, write);
      CHECK((ended == kCrashed || ended == 0));  // what an earlier one wrote is not written again
      const CycleBench bench(state.path());
      (void)files_of(bench);  // whole at every moment
    }
    REQUIRE(in_child(0, write) == 0);
    CycleBench bench(state.path());
    CHECK(files_of(bench) == wanted(bench));
  }
}

}  // namespace damsync
