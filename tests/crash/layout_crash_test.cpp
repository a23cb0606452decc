#include <doctest/doctest.h>

#include <set>

#include "tests/crash/every_nth.h"
#include "tests/crash/small_world.h"
#include "tests/support/crash_child.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOther = "{provider}/{license_type}/{name}";

void cycle_at(const fs::path& state, const char* layout) {
  CycleBench bench(state);
  bench.layout = *PathLayout::parse(layout);
  set_moment(bench, Moment::kFirst);
  if (const auto summary = bench.cycle(); summary.error) throw std::runtime_error(summary.error->message);
}

/// What people have: the bytes, whatever their names.
std::set<std::string> contents(CycleBench& bench) {
  std::set<std::string> out;
  for (const auto& [path, bytes] : media_files(bench.visible_files())) out.insert(bytes);
  return out;
}

/// Moves to and fro are told, and the sidecars of files count what was told.
std::vector<std::string> without_revisions(std::vector<std::string> lines) {
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("change ") || line.find(".xmp ") != std::string::npos;
  });
  return lines;
}

}  // namespace

TEST_CASE("G3 I1 I2 I8 crash: files that another layout moves are whole and named at every moment, and none is lost") {
  const TempDir before, clean, log;
  REQUIRE(in_child(0, [&] { cycle_at(before.path(), "{account}/{shard}/{asset_id}/{name}"); }) == 0);
  fs::copy(before.path(), clean.path(), fs::copy_options::recursive);
  const auto points = points_of([&] { cycle_at(clean.path(), kOther); }, log / "points");
  const auto mentions = [&](const char* name) { return std::count(points.begin(), points.end(), name); };
  CHECK(mentions("names.added") >= 8);
  CHECK(mentions("layout.committed") >= 1);
  CHECK(mentions("names.dropped") >= 24);

  std::set<std::string> had;
  {
    CycleBench bench(before.path());
    had = contents(bench);
    REQUIRE(had.size() >= 8);
  }
  std::vector<std::string> wanted;
  {
    CycleBench bench(clean.path());
    wanted = end_state(bench.catalog_path(), bench.visible_files());
    for (const auto& [path, bytes] : bench.visible_files()) CHECK_MESSAGE(path.starts_with("scripted/"), path);
    CHECK_FALSE(fs::exists(clean.path() / "store/newsroom"));
  }

  for (const long at : points_up_to(static_cast<long>(points.size()), 5, 2)) {
    CAPTURE(at);
    CAPTURE(points[static_cast<std::size_t>(at) - 1]);
    const TempDir state;
    fs::copy(before.path(), state.path(), fs::copy_options::recursive);
    REQUIRE(in_child(at, [&] { cycle_at(state.path(), kOther); }) == kCrashed);
    {
      CycleBench bench(state.path());
      set_moment(bench, Moment::kFirst);
      CHECK(broken_promises(bench, {}) == "");
      const auto found = contents(bench);
      CHECK(std::includes(found.begin(), found.end(), had.begin(), had.end()));
    }
    REQUIRE(in_child(0, [&] { cycle_at(state.path(), kOther); }) == 0);
    CycleBench bench(state.path());
    set_moment(bench, Moment::kFirst);
    CHECK(broken_promises(bench, {}) == "");
    CHECK(differences(wanted, end_state(bench.catalog_path(), bench.visible_files())) == "");
  }
}

TEST_CASE("G3 crash: a change of layout that was interrupted and then taken back leaves nothing behind") {
  const char* const first = "{account}/{shard}/{asset_id}/{name}";
  const TempDir before, log;
  REQUIRE(in_child(0, [&] { cycle_at(before.path(), first); }) == 0);
  std::vector<std::string> wanted;
  {
    CycleBench bench(before.path());
    wanted = without_revisions(end_state(bench.catalog_path(), bench.visible_files()));
  }
  const TempDir clean;
  fs::copy(before.path(), clean.path(), fs::copy_options::recursive);
  const auto points = points_of([&] { cycle_at(clean.path(), kOther); }, log / "points");
  for (const long at : points_up_to(static_cast<long>(points.size()), 9, 4)) {
    CAPTURE(points[static_cast<std::size_t>(at) - 1]);
    const TempDir state;
    fs::copy(before.path(), state.path(), fs::copy_options::recursive);
    REQUIRE(in_child(at, [&] { cycle_at(state.path(), kOther); }) == kCrashed);
    REQUIRE(in_child(0, [&] { cycle_at(state.path(), first); }) == 0);
    CycleBench bench(state.path());
    CHECK(differences(wanted, without_revisions(end_state(bench.catalog_path(), bench.visible_files()))) == "");
    CHECK_FALSE(fs::exists(state.path() / "store/scripted"));
  }
}

}  // namespace damsync
