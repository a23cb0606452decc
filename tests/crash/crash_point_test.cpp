#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "storage/base/crash_point.h"
#include "tests/crash/every_nth.h"
#include "tests/crash/small_world.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

using Lines = std::vector<std::string>;

constexpr int kCrashed = 137;

/// One cycle of that moment in a process of its own, which ends at the `at`-th crash point; its exit code.
int cycle_in_child(const fs::path& state, Moment moment, long at, const std::string& log = "") {
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      crash_points::arm(at, log);
      CycleBench bench(state);
      set_moment(bench, moment);
      const auto summary = bench.cycle();
      ::_exit(summary.error ? 2 : 0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the child failed: %s\n", error.what());
      ::_exit(3);
    }
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// What stands in a state directory after a process ended there, as a new process finds it.
struct Found {
  std::string broken;
  std::map<std::string, std::string> visible;
  Lines end_state;
  bool staging_empty = false;
};

Found look_at(const fs::path& state, Moment moment, const std::map<std::string, std::string>& kept) {
  CycleBench bench(state);
  set_moment(bench, moment);
  Found found;
  found.broken = broken_promises(bench, kept);
  found.visible = bench.visible_files();
  found.end_state = end_state(bench.catalog_path(), found.visible);
  found.staging_empty = fs::is_empty(state / "store/.damsync/staging");
  return found;
}

/// Crashes one cycle at every point in turn; a cycle after it must end where an uninterrupted one does.
void crash_everywhere(const fs::path& before, Moment moment) {
  const TempDir clean;
  fs::copy(before, clean.path(), fs::copy_options::recursive);
  const std::string log = clean / "points.log";
  REQUIRE(cycle_in_child(clean.path(), moment, 0, log) == 0);
  const auto points = lines_of(log);
  const auto kept = moment == Moment::kFirst ? std::map<std::string, std::string>()
                                             : media_files(look_at(before, moment, {}).visible);
  const auto wanted = look_at(clean.path(), moment, kept);
  REQUIRE(wanted.broken.empty());

  const auto chosen = points_up_to(static_cast<long>(points.size()), 7, 3);
  REQUIRE(chosen.size() > 10);
  for (const long at : chosen) {
    CAPTURE(at);
    CAPTURE(points[static_cast<std::size_t>(at) - 1]);
    const TempDir state;
    fs::copy(before, state.path(), fs::copy_options::recursive);
    REQUIRE(cycle_in_child(state.path(), moment, at) == kCrashed);
    CHECK(look_at(state.path(), moment, kept).broken == "");
    CHECK(cycle_in_child(state.path(), moment, 0) == 0);
    const auto after = look_at(state.path(), moment, kept);
    CHECK(after.broken == "");
    CHECK(after.staging_empty);
    CHECK(differences(wanted.end_state, after.end_state) == "");
  }
}

}  // namespace

TEST_CASE("G3 I1 I2 I3 I8 crash: a first cycle that ends anywhere is finished by the next one") {
  const TempDir nothing;
  crash_everywhere(nothing.path(), Moment::kFirst);
}

TEST_CASE("G3 I1 I2 I3 I8 crash: a cycle with news, losses and a complete listing is finished by the next one") {
  const TempDir mirrored;
  REQUIRE(cycle_in_child(mirrored.path(), Moment::kFirst, 0) == 0);
  crash_everywhere(mirrored.path(), Moment::kSecond);
}

TEST_CASE("G3 I1 I2 I3 I8 crash: a cycle over several pages behind the cursor is finished by the next one") {
  const TempDir mirrored;
  REQUIRE(cycle_in_child(mirrored.path(), Moment::kFirst, 0) == 0);
  REQUIRE(cycle_in_child(mirrored.path(), Moment::kSecond, 0) == 0);
  crash_everywhere(mirrored.path(), Moment::kThird);
}

}  // namespace damsync
