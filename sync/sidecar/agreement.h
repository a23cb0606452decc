#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/model/license.h"
#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Dates and terms that no API gives, for the licenses that match every given member (`[[agreement]]`).
struct Agreement {
  std::string account, license_type, agreement, subscription_id;  ///< empty: matches any
  std::string licensee, licensee_id;
  std::optional<std::chrono::sys_days> start, end;  ///< first and last day
  std::string terms_url;
  std::string region_limit, media_limit;  ///< where, and in which media, the images may be used
  std::filesystem::path terms_file;
};

/// The agreement a license is under: the first that matches. Values are compared as they are written, `agreement` and
/// `subscription_id` with the license's details of that name. Null when none does. Pure.
const Agreement* find_agreement(std::span<const Agreement> agreements, const LicenseRow& license);

/// What the sidecars of an asset say of its licenses, by license id; licenses under no agreement are left out. Pure.
std::map<std::string, AgreementFacts> agreement_facts(std::span<const Agreement> agreements,
                                                      const std::vector<LicenseRow>& licenses);

/// Tells one state of the agreements from another, by what of them a sidecar of the account could show on that day: an
/// agreement that began or ended changes which license is in force. Hex, pure.
std::string agreements_fingerprint(std::span<const Agreement> agreements, const std::string& account,
                                   std::chrono::sys_days today);
/// The same for the rules of the house.
std::string house_fingerprint(const OperatorFacts& house);

}  // namespace damsync
