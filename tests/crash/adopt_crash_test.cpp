#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "storage/base/crash_point.h"
#include "tests/support/adopt_bench.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

std::string asset(int i) { return std::to_string(118139100 + i); }
std::string picture(int i) { return tiny_jpeg(600, 400, asset(i)); }
std::string place(int i) {
  return "newsroom/" + shard_of(asset(i)) + "/" + asset(i) + "/shutterstock_" + asset(i) + "-huge.jpg";
}

/// Two licenses and their files, the last of them twice.
void prepare(const fs::path& state) {
  AdoptBench bench(state);
  for (int i = 1; i <= 2; ++i) {
    bench.hold("newsroom", asset(i), "e" + std::to_string(i));
    bench.offer("shutterstock_" + asset(i) + ".jpg", picture(i));
  }
  bench.offer("shutterstock_" + asset(2) + " (1).jpg", picture(2));
}

/// One run in a process of its own that ends at the `at`-th crash point; its exit code.
int adopt_in_child(const fs::path& state, AdoptMode mode, long at) {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      AdoptBench bench(state);
      crash_points::arm(at, "");
      bench.adopted(mode);
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the child failed: %s\n", error.what());
      ::_exit(3);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Every picture is whole wherever it is, and somewhere it is; what the catalog has is in the store.
void check_nothing_lost(const AdoptBench& bench) {
  const auto files = bench.everything();
  for (int i = 1; i <= 2; ++i) {
    const auto source = files.find("incoming/shutterstock_" + asset(i) + ".jpg");
    const auto stored = files.find("store/" + place(i));
    CHECK((source != files.end() || stored != files.end()));
    if (source != files.end()) CHECK(source->second == picture(i));
    if (stored != files.end()) CHECK(stored->second == picture(i));
    if (bench.file("newsroom", "e" + std::to_string(i)).state == FileState::kMirrored) CHECK(stored != files.end());
    if (source == files.end()) CHECK(bench.file("newsroom", "e" + std::to_string(i)).state == FileState::kMirrored);
  }
}

void check_complete(AdoptBench& bench, AdoptMode mode) {
  const auto files = bench.everything();
  for (int i = 1; i <= 2; ++i) {
    const auto row = bench.file("newsroom", "e" + std::to_string(i));
    CHECK(row.state == FileState::kMirrored);
    CHECK(row.sha256 == sha256_hex(picture(i)));
    CHECK(files.at("store/" + place(i)) == picture(i));
    CHECK(files.contains("store/" + place(i) + ".xmp"));
  }
  CHECK(bench.catalog().dirty_sidecars("newsroom", 10).empty());
  CHECK(files.contains("incoming/shutterstock_" + asset(1) + ".jpg") == (mode != AdoptMode::kMove));
  CHECK(files.contains("incoming/shutterstock_" + asset(2) + " (1).jpg") == (mode != AdoptMode::kMove));
  const auto told = bench.events();
  CHECK(std::count(told.begin(), told.end(), "asset.stored " + asset(1) + " e1") == 1);
}

}  // namespace

// A copy is the first half of a move.
TEST_CASE("adopt: a crash at any point loses no file, and the next run completes") {
  for (const auto mode : {AdoptMode::kMove, AdoptMode::kLink}) {
    const TempDir before;
    prepare(before.path());
    int code = 137;
    long at = 1;
    for (; code == 137; ++at) {
      CAPTURE(static_cast<int>(mode));
      CAPTURE(at);
      REQUIRE(at < 500);
      const TempDir state;
      fs::copy(before.path(), state.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
      code = adopt_in_child(state.path(), mode, at);
      REQUIRE((code == 0 || code == 137));
      AdoptBench next(state.path());
      check_nothing_lost(next);
      CHECK(next.adopted(mode).complete());
      check_complete(next, mode);
      CHECK(fs::is_empty(state / "store/.damsync/staging"));
    }
    CHECK(at > 15);
  }
}

}  // namespace damsync
