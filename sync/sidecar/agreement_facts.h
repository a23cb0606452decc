#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "storage/model/license.h"
#include "sync/agreement/agreement.h"
#include "sync/sidecar/sidecar.h"

namespace damsync {

/// What the sidecars of an asset say of its licenses, by license id; licenses under no agreement are left out. Pure.
std::map<std::string, AgreementFacts> agreement_facts(std::span<const Agreement> agreements,
                                                      const std::vector<LicenseRow>& licenses, const LocalDay& day_of);

/// Tells one state of the agreements from another, by what of them a sidecar of the account could show on that day: an
/// agreement that ended changes which license is in force. Hex, pure.
std::string agreements_fingerprint(std::span<const Agreement> agreements, const std::string& account,
                                   std::chrono::sys_days today);
/// The same for the rules of the house.
std::string house_fingerprint(const OperatorFacts& house);

}  // namespace damsync
