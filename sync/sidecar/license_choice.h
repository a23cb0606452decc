#pragma once

#include <vector>

#include "sync/sidecar/sidecar.h"

namespace damsync {

/// The license to name where a format has room for one only: held, within the days of its agreement, the widest tier,
/// the one the file was fetched with, the latest; the id settles what is left. Null when no license is held, or all
/// have ended.
const LicenseRow* best_license(const SidecarInput& input);

/// The licenses by time and id: the order in which sidecars list them.
std::vector<const LicenseRow*> ordered_licenses(const SidecarInput& input);

/// What the operator says about a license; an empty value when nothing.
const AgreementFacts& agreement_of(const SidecarInput& input, const LicenseRow& license);

}  // namespace damsync
