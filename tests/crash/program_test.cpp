#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <random>
#include <thread>

#include "storage/sqlite/statement.h"
#include "tests/crash/every_nth.h"
#include "tests/crash/program.h"
#include "tests/crash/small_world.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/shutterstock_sim.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr int kCrashed = 137;

using Arguments = std::vector<std::string>;
const Arguments kSync = {"sync"};
const Arguments kFullSync = {"sync", "--full"};

void add_license(ShutterstockState& state, const std::string& id, const std::string& image, UtcTime time) {
  SimLicense license = *state.licenses().front();
  license.id = id;
  license.image_id = image;
  license.download_time = time;
  license.size = state.image(image)->is_vector() ? "vector" : "huge";
  state.add_license(std::move(license));
}

void add_image(ShutterstockState& state, const std::string& id, const std::string& type) {
  SimImage image = *state.image("300000000");
  image.id = id;
  image.image_type = type;
  state.put_image(std::move(image));
}

/// The simulated provider: ten licenses, one rendition twice, a vector, one that cannot be downloaded.
class Agency {
 public:
  Agency() {
    sim.edit([now = sim.now()](ShutterstockState& state) {
      load_bench(state, now, 8, 0);
      add_license(state, "i700000001", "300000001", now - std::chrono::minutes(1));
      add_image(state, "310000001", "vector");
      add_license(state, "i700000002", "310000001", now - std::chrono::minutes(1));
      state.license("i500000006")->downloadable = false;
    });
    sim.listen();
  }
  ~Agency() { CHECK(sim.books().purchases == 0); }

  /// One picture new, one edited, one withdrawn, one license gone from the history.
  void change() {
    sim.edit([now = sim.now()](ShutterstockState& state) {
      add_image(state, "310000002", "photo");
      add_license(state, "i700000003", "310000002", now);
      state.edit_description("300000002", "Edited", now);
      state.withdraw("300000003", now);
      state.remove_license("i500000004");
    });
  }

  ShutterstockSim sim;
};

/// A sync about to begin: what stands on disk, the command, and what it leads to when nothing disturbs it.
struct Stage {
  Stage(Agency& of, const fs::path* earlier, Arguments command) : agency(of), arguments(std::move(command)) {
    if (earlier != nullptr)
      for (const char* name : {"store", "catalog.db"})
        fs::copy(*earlier / name, before.path() / name, fs::copy_options::recursive);
    const auto program = begin(clean.path());
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE_MESSAGE(program.run(arguments, {{"DAMSYNC_CRASH_LOG", clean / "points.log"}}) == 0, program.output());
    duration = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
    wanted = program.end_state();
    whole = media_files(program.visible());
    kept = earlier == nullptr ? whole : media_files(ProgramBench(before.path(), agency.sim.base_url()).visible());
    if (earlier == nullptr) kept.clear();
    std::ifstream in(clean / "points.log");
    for (std::string line; std::getline(in, line);) points.push_back(line);
  }

  [[nodiscard]] ProgramBench begin(const fs::path& state) const {
    fs::copy(before.path(), state, fs::copy_options::recursive);
    return {state, agency.sim.base_url()};
  }

  /// Whatever ended the program: what is visible is whole, and what was there is still there.
  void check_visible(const ProgramBench& program) const {
    const auto visible = program.visible();
    for (const auto& [path, bytes] : visible) {
      CAPTURE(path);
      if (path.ends_with(".json") || path.ends_with(".xmp"))
        CHECK(parses(path, bytes));
      else
        CHECK((whole.contains(path) && whole.at(path) == bytes));
    }
    for (const auto& [path, bytes] : kept) CHECK_MESSAGE(visible.contains(path), path);
  }

  /// What the catalog names is in the store.
  void check_rows(const ProgramBench& program) const {
    if (!fs::exists(program.state() / "catalog.db")) return;
    const auto visible = program.visible();
    const auto db = std::move(*Database::open(program.state() / "catalog.db", OpenMode::kRead));
    Statement rows(*db, "SELECT path, sha256 FROM file WHERE state = 'mirrored'");
    while (rows.step()) {
      CAPTURE(rows.text(0));
      REQUIRE(visible.contains(rows.text(0)));
      CHECK(sha256_hex(visible.at(rows.text(0))) == rows.text(1));
    }
  }

  void check_recovery(const ProgramBench& program) const {
    CHECK_MESSAGE(program.run(arguments) == 0, program.output());
    CHECK(differences(wanted, program.end_state()) == "");
    CHECK(program.staging_is_empty());
    CHECK_MESSAGE(program.run({"db", "check"}) == 0, program.output());
  }

  Agency& agency;
  Arguments arguments;
  TempDir before, clean;
  std::vector<std::string> points, wanted;
  std::map<std::string, std::string> whole, kept;
  Millis duration{0};
};

void crash_everywhere(const Stage& stage) {
  for (const long at : points_up_to(static_cast<long>(stage.points.size()), 23, 1)) {
    CAPTURE(at);
    CAPTURE(stage.points[static_cast<std::size_t>(at) - 1]);
    const TempDir state;
    const auto program = stage.begin(state.path());
    REQUIRE(program.run(stage.arguments, {{"DAMSYNC_CRASH_AT", std::to_string(at)}}) == kCrashed);
    stage.check_visible(program);
    stage.check_rows(program);
    stage.check_recovery(program);
  }
}

/// Kills one sync after another on the same state, each after a random part of the time a whole one takes.
int kill_often(const Stage& stage, int times, std::mt19937& chance) {
  const TempDir state;
  const auto program = stage.begin(state.path());
  int killed = 0;
  for (int i = 0; i < times; ++i) {
    const auto started = program.start(stage.arguments);
    std::this_thread::sleep_for(stage.duration * static_cast<int>(chance() % 80) / 100);
    ::kill(started, SIGKILL);
    if (ProgramBench::wait(started) == -SIGKILL) ++killed;
    stage.check_visible(program);
    stage.check_rows(program);
  }
  stage.check_recovery(program);
  return killed;
}

}  // namespace

TEST_CASE(
    "G3 crash: a program that ends anywhere in its first sync, its setting up included, is put right by a second") {
  Agency agency;
  crash_everywhere(Stage(agency, nullptr, kSync));
}

TEST_CASE("G3 crash: a program that ends anywhere in a sync with news and losses is put right by a second") {
  Agency agency;
  const Stage first(agency, nullptr, kSync);
  agency.change();
  crash_everywhere(Stage(agency, &first.clean.path(), kFullSync));
}

TEST_CASE("G3 crash: syncs killed at any time, one after another, lose nothing and are put right by the next") {
  Agency agency;
  agency.sim.edit([](ShutterstockState& state) { state.switches.latency = Millis(3); });
  std::mt19937 chance(20261120);
  int killed = 0;
  const int rounds = all_points() ? 10 : 2;
  const Stage first(agency, nullptr, kSync);
  for (int round = 0; round < rounds; ++round) killed += kill_often(first, 6, chance);
  agency.change();
  const Stage second(agency, &first.clean.path(), kFullSync);
  for (int round = 0; round < rounds; ++round) killed += kill_often(second, 6, chance);
  CHECK(killed >= rounds * 4);
}

}  // namespace damsync
