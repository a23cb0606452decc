#pragma once

#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Writes `file.ext.jsonld` beside each file: a schema.org ImageObject, for those who publish it on the web. Says
/// nothing that the XMP beside it does not say; README.md has the mapping.
///
/// Source   schema.org ImageObject; JSON-LD 1.1.
class JsonLdWriter final : public SidecarWriter {
 public:
  [[nodiscard]] std::string name() const override { return "json-ld"; }
  [[nodiscard]] SidecarScope scope() const override { return SidecarScope::kFile; }
  [[nodiscard]] std::string file_name_for(const SidecarInput& input) const override;
  [[nodiscard]] std::string write(const SidecarInput& input) const override;
};

}  // namespace damsync
