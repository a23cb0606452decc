#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sync/pipeline/circuit.h"
#include "sync/pipeline/commit.h"
#include "sync/pipeline/cycle.h"
#include "sync/pipeline/plan.h"
#include "sync/pipeline/sidecar_work.h"
#include "sync/quota/spend_guard.h"
#include "sync/transfer/downloader.h"

namespace damsync {

/// Which of the wanted files.
enum class FileScope {
  kAll,
  kDamaged,  ///< only those that verification found missing or changed
};

/// Fetches every file that is wanted and makes it visible, in groups: staged and synced by the workers, then published
/// together, then one transaction. Order of writes: bytes, name, folder, row (I1, I2).
class FileWork {
 public:
  FileWork(Cycle& cycle, SidecarWork& sidecars, FileScope scope = FileScope::kAll)
      : cycle_(cycle),
        committer_(cycle),
        sidecars_(sidecars),
        scope_(scope),
        ledger_(cycle.db),
        mark_(cycle.db),
        brake_(cycle.db) {}

  /// Settles what became of spending calls whose answer was lost; before anything else in a cycle. Errors: also kGuard
  /// where quota may be used up and the catalog is older than its last use.
  Status settle(std::stop_token stop);
  /// Errors: what stopped the step. One bad file never does; it is retried later or blocked.
  Status run(std::stop_token stop);
  /// Says what `run` would fetch.
  void plan();

 private:
  struct Staged {
    FetchTask task;
    Fetched fetched;
    std::string path;
  };
  [[nodiscard]] std::optional<FetchTask> next_task();
  [[nodiscard]] std::optional<FetchTask> next_fetch(std::stop_token stop);
  bool pay(FetchTask& task, std::stop_token stop);
  [[nodiscard]] bool may_pay_ahead() const;
  void paid_returned(const FetchTask& task, const Result<Fetched>& outcome);
  [[nodiscard]] std::string planned(const FetchTask& task, std::int64_t& calls_left) const;
  void set_aside(FetchTask task, const Error& error);
  void commit_set_aside();
  void allow_again();
  [[nodiscard]] SpendGuard make_guard();
  [[nodiscard]] bool in_scope(const WorkItem& item) const;
  void refill();
  void taken(FetchTask task, Result<Fetched> outcome);
  Status publish_group();
  void refuse_test_images();
  [[nodiscard]] std::string path_for(const FetchTask& task, const std::string& format) const;
  void report() const;

  Cycle& cycle_;
  Committer committer_;
  SidecarWork& sidecars_;
  FileScope scope_;
  SpendLedger ledger_;
  SpendMark mark_;
  SpendBrake brake_;
  std::optional<SpendGuard> guard_;  ///< for providers whose files are to be paid for
  int paid_open_ = 0;                ///< paid for and not in the store yet
  int paid_stored_ = 0;              ///< paid for in this cycle and in the store
  std::vector<SetAside> set_aside_;
  WorkItem after_;  ///< the last due file handed out
  std::deque<FetchTask> ready_;
  bool exhausted_ = false;
  std::vector<Staged> group_;
  SteadyTime group_since_{};
  Circuit circuit_{5};
  std::int64_t done_ = 0, total_ = 0;
};

}  // namespace damsync
