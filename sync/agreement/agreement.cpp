#include "sync/agreement/agreement.h"

namespace damsync {
namespace {

bool same_or_any(std::string_view wanted, std::string_view found) { return wanted.empty() || wanted == found; }

bool matches(const Agreement& agreement, const AgreementKey& license) {
  return same_or_any(agreement.account, license.account) && same_or_any(agreement.license_type, license.license_type) &&
         same_or_any(agreement.agreement, license.agreement) &&
         same_or_any(agreement.subscription_id, license.subscription_id);
}

bool covers(const Agreement& agreement, std::chrono::sys_days day) {
  return (!agreement.start || *agreement.start <= day) && (!agreement.end || day <= *agreement.end);
}

}  // namespace

AgreementAnswer find_agreement(std::span<const Agreement> agreements, const AgreementKey& license,
                               const LocalDay& day_of) {
  AgreementAnswer out;
  std::optional<std::chrono::sys_days> day;
  for (const auto& agreement : agreements) {
    if (!matches(agreement, license)) continue;
    if (!day && license.licensed_at) day = local_day(day_of, *license.licensed_at);
    if (day && !covers(agreement, *day))
      out.other_days = true;
    else if (out.agreement == nullptr || agreement.start > out.agreement->start)
      out.agreement = &agreement;
  }
  if (out.agreement != nullptr) out.other_days = false;
  return out;
}

}  // namespace damsync
