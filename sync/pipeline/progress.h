#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace damsync {

/// Something a person may watch: `done` of `total` (0: not known) of a step.
struct Progress {
  std::string account;
  std::string step;  ///< what is counted, such as `licenses`, `metadata`, `files`, `layout`, `verify`
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::int64_t bytes = 0;
};
using ProgressSink = std::function<void(const Progress&)>;

/// What a cycle would do: one line of `sync --dry-run`.
struct PlannedAction {
  std::string account;
  std::string
      action;  ///< `license`, `update`, `restore`, `withdraw`, `vanish`, `move`, `fetch`, `spend`, `block`, `hold`
  std::string asset_id;
  std::string license_id;
  std::string detail;
};
using PlanSink = std::function<void(const PlannedAction&)>;

}  // namespace damsync
