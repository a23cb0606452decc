#pragma once

#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Writes `file.ext.xmp` beside each file: what a DAM reads of an asset and its licenses. The mapping is a table in
/// xmp_mapping.cpp; README.md says which source each property has and what is never claimed.
class XmpWriter final : public SidecarWriter {
 public:
  [[nodiscard]] std::string name() const override { return "xmp"; }
  [[nodiscard]] SidecarScope scope() const override { return SidecarScope::kFile; }
  [[nodiscard]] std::string file_name_for(const SidecarInput& input) const override;
  [[nodiscard]] std::string write(const SidecarInput& input) const override;
};

}  // namespace damsync
