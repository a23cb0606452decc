#include "daemon/service/jobs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/support/fake_clock.h"
#include "tests/support/fault_file_ops.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// The jobs of a daemon with one account, over a new catalog and a store whose calls can be made to fail.
struct JobsBench {
  JobsBench() {
    workspace = open_workspace(in_force->settings, clock, log).value();
    ops = std::move(workspace->ops);
    auto faults = std::make_unique<FaultFileOps>(*ops);
    store = faults.get();
    workspace->ops = std::move(faults);
    jobs.emplace(*workspace, in_force, vitals, clock, log);
  }
  ~JobsBench() { ::close(null); }

  [[nodiscard]] static std::shared_ptr<const InForce> settings_in(const TempDir& dir) {
    Settings settings;
    settings.store.root = dir / "store";
    settings.catalog.path = dir / "catalog.db";
    settings.accounts.emplace_back();
    settings.accounts.back().provider.account = "newsroom";
    settings.accounts.back().provider.provider = "shutterstock";
    auto scheduler = Scheduler::make(settings.schedule).value();
    return std::make_shared<const InForce>(InForce{std::move(settings), std::move(scheduler), ""});
  }

  TempDir dir;
  FakeClock clock;
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, clock, redactor};
  Vitals vitals{clock};
  std::shared_ptr<const InForce> in_force = settings_in(dir);
  std::unique_ptr<FileOps> ops;
  std::unique_ptr<Workspace> workspace;
  FaultFileOps* store = nullptr;
  std::optional<Jobs> jobs;
};

}  // namespace

TEST_CASE_FIXTURE(JobsBench,
                  "X4 jobs: a store that cannot be looked at now fails the cycle and is no end of the daemon") {
  store->fail_at(1, FaultFileOps::Times::kFromThenOn, FaultFileOps::io_failure());
  CHECK(jobs->poll("newsroom", {}).ok());
  CHECK(store->fired() == 1);
  const auto view = vitals.view();
  REQUIRE(view.cycles.size() == 1);
  CHECK(view.cycles[0].result == CycleResult::kFailed);
  CHECK(view.cycles[0].error.value().code == ErrorCode::kStorage);

  store->fail_at(1, FaultFileOps::Times::kOnce, make_error(ErrorCode::kGuard, "injected: unmounted"));
  const Status gone = jobs->poll("newsroom", {});
  REQUIRE_FALSE(gone.ok());
  CHECK(gone.error().code == ErrorCode::kGuard);
}

}  // namespace damsync
