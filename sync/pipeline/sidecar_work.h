#pragma once

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

  /// Brings the sidecars of these assets up to date.
  Status write(std::span<const std::string> asset_ids);
  /// Brings every sidecar that may be out of date up to date; what a crash left is found again.
  Status run(std::stop_token stop);

 private:
  using Document = std::pair<std::string, std::string>;  ///< path, bytes
  [[nodiscard]] std::vector<Document> documents(const AssetRow& asset) const;
  Result<bool> differs(const Document& document) const;

  Cycle& cycle_;
};

}  // namespace damsync
