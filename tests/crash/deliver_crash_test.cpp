#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "storage/base/text.h"
#include "storage/sqlite/statement.h"
#include "sync/http/json_reader.h"
#include "tests/crash/every_nth.h"
#include "tests/crash/program.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/shutterstock_sim.h"
#include "tests/support/raw_server.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

constexpr int kCrashed = 137;

/// Accepts every event; remembers the ids and, for each asset, the revisions in the order they came.
class Collector {
 public:
  [[nodiscard]] std::set<std::string> ids() const {
    const std::lock_guard lock(mutex_);
    return ids_;
  }
  /// Revisions of an asset came without a gap, but for those that came again.
  [[nodiscard]] bool in_order() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [asset, revisions] : revisions_) {
      std::int64_t highest = 0;
      for (const auto revision : revisions) {
        if (revision > highest + 1) return false;
        highest = std::max(highest, revision);
      }
    }
    return true;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    ids_.clear();
    revisions_.clear();
  }
  [[nodiscard]] std::string url() const { return server_.url("/hook"); }

 private:
  void take(const std::string& request) {
    const auto event = parse_json(request.substr(request.find("\r\n\r\n") + 4));
    if (!event) return;
    const Json& data = *event->find("data");
    const std::lock_guard lock(mutex_);
    ids_.insert(*event->find("id")->if_string());
    const auto* asset = data.find("asset_id")->if_string();  // null for events about none
    if (asset != nullptr) revisions_[*asset].push_back(data.find("revision")->as_int64().value_or(0));
  }

  mutable std::mutex mutex_;
  std::set<std::string> ids_;
  std::map<std::string, std::vector<std::int64_t>> revisions_;
  RawServer server_{[this](RawPeer& peer) {
    for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
      take(request);
      if (!peer.send("HTTP/1.1 204 No Content\r\n\r\n")) return;
    }
  }};
};

struct DeliverCrash {
  DeliverCrash() {
    sim.edit([now = sim.now()](ShutterstockState& state) { load_bench(state, now, 8, 0); });
    sim.listen();
  }

  [[nodiscard]] ProgramBench begin(const fs::path& state) {
    collector.forget();
    ProgramBench program(state, sim.base_url());
    fs::create_directory(state / "conf.d");
    const fs::path file = state / "conf.d/hooks.toml";
    std::ofstream(file) << fmt::format("[[webhook]]\nname = \"cms\"\nurl = \"{}\"\nsecret = \"whsec_{}\"\n",
                                       collector.url(), base64(std::string(32, 'k')));
    ::chmod(file.c_str(), 0600);
    return program;
  }

  /// The next sync is all it takes: whatever is in the feed was told, in order.
  void check_recovery(const ProgramBench& program) const {
    CHECK_MESSAGE(program.run({"sync"}) == 0, program.output());
    const auto db = std::move(*Database::open(program.state() / "catalog.db", OpenMode::kRead));
    Statement rows(*db, "SELECT id FROM change");
    std::set<std::string> feed;
    while (rows.step()) feed.insert(rows.text(0));
    CHECK(feed.size() >= 16);
    CHECK(collector.ids() == feed);
    CHECK(collector.in_order());
  }

  ShutterstockSim sim;
  Collector collector;
};

}  // namespace

TEST_CASE_FIXTURE(DeliverCrash,
                  "W4 I6 crash: whatever ends the program while it delivers, every change arrives, in order") {
  const TempDir clean;
  std::vector<std::string> points;
  {
    const auto program = begin(clean.path());
    REQUIRE_MESSAGE(program.run({"sync"}, {{"DAMSYNC_CRASH_LOG", clean / "points.log"}}) == 0, program.output());
    std::ifstream in(clean / "points.log");
    for (std::string line; std::getline(in, line);) points.push_back(line);
  }
  std::vector<long> chosen = points_up_to(static_cast<long>(points.size()), 41, 1);
  long delivering = 0;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (points[i].starts_with("deliver.") && (delivering++ % 5 == 0 || !points[i].ends_with("handed_over")))
      chosen.push_back(static_cast<long>(i) + 1);
  REQUIRE(delivering > 8);
  for (const long at : chosen) {
    CAPTURE(at);
    CAPTURE(points[static_cast<std::size_t>(at) - 1]);
    const TempDir state;
    const auto program = begin(state.path());
    REQUIRE(program.run({"sync"}, {{"DAMSYNC_CRASH_AT", std::to_string(at)}}) == kCrashed);
    check_recovery(program);
  }
}

TEST_CASE_FIXTURE(DeliverCrash,
                  "W4 I6 crash: syncs killed at any time, one after another, keep no change from its receiver") {
  const TempDir state;
  const auto program = begin(state.path());
  int killed = 0;
  // From before anything was done to after everything, however fast the machine is.
  const auto step = all_points() ? Millis(5) : Millis(25);
  for (int i = 0; i * step < Millis(400); ++i) {
    const auto started = program.start({"sync"});
    std::this_thread::sleep_for(Millis(1) + i * step);
    ::kill(started, SIGKILL);
    if (ProgramBench::wait(started) == -SIGKILL) ++killed;
    sim.edit([now = sim.now(), i](ShutterstockState& world) {
      world.edit_description("300000002", fmt::format("Edited {}", i), now);
    });
  }
  CHECK(killed > 0);
  check_recovery(program);
}

}  // namespace damsync
