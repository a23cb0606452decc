#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "sync/pipeline/cycle.h"

namespace damsync {

/// Keeps the sidecars equal to the catalog: rewrites those whose bytes would differ, and no others.
class SidecarWork {
 public:
  explicit SidecarWork(Cycle& cycle) : cycle_(cycle) {}

  /// Brings the sidecars of these assets up to date. An asset whose place is taken by something that is not ours is
  /// left out and named by `run`.
  Status write(std::span<const std::string> asset_ids);
  /// Brings every sidecar that may be out of date up to date; what a crash left is found again.
  Status run(std::stop_token stop);
  /// What comes before the first writing, whoever does it: finishes removals that were begun, and removes the files of
  /// formats that are switched off. Once for each object.
  Status begin();

 private:
  using Document = std::pair<std::string, std::string>;  ///< path, bytes
  [[nodiscard]] std::vector<SidecarInput> inputs(std::span<const std::string> asset_ids) const;
  [[nodiscard]] std::optional<SidecarInput> input_of(const std::string& asset_id) const;
  void place_records(std::vector<SidecarInput>& inputs) const;
  [[nodiscard]] std::vector<Document> documents(SidecarInput& input) const;
  [[nodiscard]] std::chrono::sys_days today() const;
  void renew();
  Status keep_changed(std::vector<Document>& documents) const;
  Status write_singly(std::span<const std::string> asset_ids, const Error& error);
  void refuse(const std::string& asset_id, const Error& error);

  Cycle& cycle_;
  bool begun_ = false;
  std::set<std::string> refused_;  ///< assets whose sidecars cannot be written in this cycle
  Status refusal_;                 ///< the first of them
};

}  // namespace damsync
