#pragma once

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "sync/pipeline/circuit.h"
#include "sync/pipeline/commit.h"
#include "sync/pipeline/cycle.h"

namespace damsync {

/// Asks the provider about every asset whose metadata is wanted, in batches, and commits each answer.
class MetadataWork {
 public:
  explicit MetadataWork(Cycle& cycle) : cycle_(cycle), committer_(cycle) {}

  /// Marks assets that were not looked at for long as wanted: all of them in a full cycle, else the oldest.
  void want_rechecks();

  /// Errors: what stopped the step. One bad asset or batch never does; it is retried later.
  Status run(std::stop_token stop);

 private:
  struct Batch {
    std::vector<WorkItem> items;
    std::string etag;  ///< of a single asset that is in order, when the provider gave one
  };
  struct Answer {
    Descriptions found;
    bool unchanged = false;  ///< the single asset is as we know it
  };
  Result<Answer> ask(const Batch& batch, std::stop_token stop);
  Result<Answer> ask_all(const Batch& batch, std::stop_token stop);
  Status confirm_absence(Descriptions& answer, std::stop_token stop);
  [[nodiscard]] Batch next_batch();

  Cycle& cycle_;
  Committer committer_;
  std::string after_;  ///< the last asset id handed out
  std::atomic<int> doubts_{0};
};

}  // namespace damsync
