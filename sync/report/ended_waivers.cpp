#include "sync/report/ended_waivers.h"

#include <algorithm>

namespace damsync {
namespace {

bool fits(const std::string& wanted, const std::string& value) { return wanted.empty() || wanted == value; }

}  // namespace

EndedWaivers::EndedWaivers(const AuditRules& rules, UtcTime since) {
  for (const auto& waiver : rules.waivers) {
    if (!waiver.until || *waiver.until >= rules.today) continue;
    const auto day_after = *waiver.until + std::chrono::days(1);
    const UtcTime ended_at = rules.start_of ? rules.start_of(day_after) : UtcTime(day_after);
    if (ended_at > since) ended_.push_back(&waiver);
  }
}

bool EndedWaivers::covered(const Finding& finding, const std::string& path) const {
  return std::any_of(ended_.begin(), ended_.end(), [&](const Waiver* w) {
    return w->code == finding.code && fits(w->provider, finding.provider) && fits(w->account, finding.account) &&
           fits(w->asset_id, finding.asset_id) && fits(w->license_id, finding.license_id) && fits(w->path, path);
  });
}

}  // namespace damsync
