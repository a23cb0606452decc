#pragma once

#include <optional>
#include <stop_token>

#include "sync/pipeline/cycle.h"

namespace damsync {

/// One cycle of one account: observe, describe, lose, fetch, tell. Read `run` first: it is the program.
class SyncRun {
 public:
  explicit SyncRun(Cycle& cycle) : cycle_(cycle) {}

  /// Errors: never; what went wrong is in the summary (the worst of it), and every stage that can still do its work
  /// does.
  void run(std::stop_token stop);

 private:
  void note(const Status& outcome);
  [[nodiscard]] bool halted(std::stop_token stop) const;

  Cycle& cycle_;
};

}  // namespace damsync
