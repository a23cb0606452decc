#pragma once

#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Writes `asset.json`: everything the catalog holds of one asset that does not change by itself, with the provider's
/// own words, so that the catalog can be rebuilt from it. Not in it: revision, validators and the times of checks,
/// which would rewrite the file without news.
class JsonWriter final : public SidecarWriter {
 public:
  [[nodiscard]] std::string name() const override { return "json"; }
  [[nodiscard]] SidecarScope scope() const override { return SidecarScope::kAsset; }
  [[nodiscard]] std::string file_name_for(const SidecarInput& input) const override { return input.asset.sidecar_path; }
  [[nodiscard]] std::string write(const SidecarInput& input) const override;
};

}  // namespace damsync
