#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <numeric>

#include "daemon/composition.h"
#include "daemon/config/settings_loader.h"
#include "tests/crash/every_nth.h"
#include "tests/crash/small_world.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/sandbox_config.h"
#include "tests/simulators/shutterstock_sim.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

/// A state directory that the whole engine, in this process and on a clock of ours, syncs with a simulated provider.
class Mirror {
 public:
  explicit Mirror(ShutterstockSim& sim) : clock_(sim.now()) {
    const SandboxConfig config{state_ / "damsync.toml", state_.path(), sim.base_url(), std::string(kSandboxToken)};
    REQUIRE(write_sandbox_config(config).ok());
    settings_ = load_settings(config.file).settings;
    settings_.accounts.front().provider.concurrency = 1;
  }
  ~Mirror() { ::close(null_); }
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  AccountSummary sync() {
    auto workspace = open_workspace(settings_, clock_, log_);
    REQUIRE_MESSAGE(workspace.ok(), workspace.error().message);
    auto run = Composition(settings_, **workspace, clock_, log_).sync({}, {});
    REQUIRE_MESSAGE(run.ok(), run.error().message);
    return run->accounts.front();
  }

  [[nodiscard]] std::vector<std::string> end_state() const {
    return damsync::end_state(state_ / "catalog.db", visible());
  }
  [[nodiscard]] std::map<std::string, std::string> visible() const {
    std::map<std::string, std::string> files;
    const fs::path root = state_ / "store";
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const auto name = entry.path().lexically_relative(root).string();
      if (!entry.is_regular_file() || name.starts_with(".damsync")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      files[name] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
  }

 private:
  TempDir state_;
  FakeClock clock_;
  int null_ = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor_;
  Log log_{null_, clock_, redactor_};
  Settings settings_;
};

struct Agency {
  Agency() {
    sim.edit([now = sim.now()](ShutterstockState& state) { load_bench(state, now, 4, 16'384); });
    sim.listen();
    Mirror mirror(sim);
    REQUIRE_FALSE(mirror.sync().error);
    wanted = mirror.end_state();
    whole = media_files(mirror.visible());
    const auto books = sim.books();
    requests = std::accumulate(books.calls.begin(), books.calls.end(), 0L,
                               [](long sum, const auto& call) { return sum + call.second; });
  }

  ShutterstockSim sim{{UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 15))}};
  std::vector<std::string> wanted;
  std::map<std::string, std::string> whole;
  long requests = 0;
};

/// What may come of a provider that does not answer as it should; anything else would be a mistake of ours.
bool is_the_providers(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kThrottled || code == ErrorCode::kProtocol ||
         code == ErrorCode::kUnauthorized;
}

void disturb(Agency& agency, long at, int times, const FaultAction& action) {
  CAPTURE(at);
  CAPTURE(times);
  CAPTURE(action.name);
  Mirror mirror(agency.sim);
  agency.sim.faults().add({"*", static_cast<int>(at), times, action});

  const auto summary = mirror.sync();

  REQUIRE(agency.sim.faults().unfired().empty());
  agency.sim.faults().clear();
  if (summary.error) CHECK_MESSAGE(is_the_providers(summary.error->code), summary.error->message);
  if (!summary.error && summary.files_failed + summary.assets_failed + summary.items_rejected == 0)
    CHECK(differences(agency.wanted, mirror.end_state()) == "");
  for (const auto& [path, bytes] : media_files(mirror.visible()))
    CHECK_MESSAGE((agency.whole.contains(path) && agency.whole.at(path) == bytes), path);

  const auto after = mirror.sync();
  CHECK_MESSAGE(!after.error, (after.error ? after.error->message : ""));
  CHECK(differences(agency.wanted, mirror.end_state()) == "");
}

}  // namespace

TEST_CASE("I1 I3 fault: a sync whose every single answer is spoilt on the wire in turn says so, the next makes good") {
  Agency agency;
  REQUIRE(agency.requests > 10);
  const std::vector<FaultAction> actions = {fault::status(500),     fault::cut_body(40),  fault::reset(),
                                            fault::lose_reply(),    fault::html_page(),   fault::empty_body(),
                                            fault::wrong_length(9), fault::unauthorized()};
  std::size_t turn = 0;
  for (const long at : points_up_to(agency.requests, 1, 1)) {
    for (const auto& action : actions) {
      if (!all_points() && &action != &actions[turn % actions.size()]) continue;
      disturb(agency, at, 1, action);
      disturb(agency, at, 0, action);
    }
    ++turn;
  }
  CHECK(agency.sim.books().purchases == 0);
}

}  // namespace damsync
