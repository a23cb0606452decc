#include "daemon/service/deliverer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "daemon/workspace.h"
#include "storage/journal/outbox.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// A deliverer over a new catalog; `turn` waits for the delivery it begins.
struct DelivererBench {
  DelivererBench() {
    settings.store.root = dir / "store";
    settings.catalog.path = dir / "catalog.db";
    workspace = open_workspace(settings, clock, log).value();
    deliverer.emplace(*workspace, vitals, clock, log, [this](const Status& done) {
      const std::lock_guard lock(mutex);
      outcome = done;
      ended.notify_all();
    });
  }
  ~DelivererBench() {
    deliverer.reset();
    ::close(null);
  }

  Status turn() {
    std::unique_lock lock(mutex);
    outcome.reset();
    deliverer->turn(now_of(clock));
    ended.wait(lock, [this] { return outcome.has_value(); });
    return *outcome;
  }
  [[nodiscard]] bool known(const char* receiver) const {
    return Outbox(*workspace->db).find_receiver(receiver).has_value();
  }

  TempDir dir;
  FakeClock clock;
  int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  Redactor redactor;
  Log log{null, clock, redactor};
  Vitals vitals{clock};
  Settings settings;
  std::unique_ptr<Workspace> workspace;
  std::mutex mutex;
  std::condition_variable ended;
  std::optional<Status> outcome;
  std::optional<Deliverer> deliverer;
};

}  // namespace

TEST_CASE_FIXTURE(DelivererBench,
                  "X1 deliverer: a new receiver that finds no room in the catalog is taken when there is") {
  settings.commands.push_back({"hook", {"/bin/true"}, {}});
  deliverer->fit(std::make_shared<const Settings>(settings));
  workspace->db->set_fault_hook(
      [](std::string_view sql) { return sql.starts_with("INSERT INTO receiver") ? SQLITE_FULL : 0; });
  CHECK(turn().ok());
  CHECK_FALSE(known("hook"));
  CHECK(deliverer->until_next(now_of(clock)) == Millis(60'000));

  workspace->db->set_fault_hook(nullptr);
  clock.advance(std::chrono::minutes(1));
  CHECK(turn().ok());
  CHECK(known("hook"));
}

}  // namespace damsync
