#include "sync/report/asset_holdings.h"

#include <algorithm>
#include <tuple>

namespace damsync {
namespace {

/// Histories give the day in a zone of their own, or no time of day at all.
constexpr auto kDaySlack = std::chrono::hours(36);

/// Whether it is known what size the license is for. An image always has one, and rows of old do not tell it; other
/// media may come in one size only.
bool tells_size(const AuditLicense& license) { return !license.size.empty() || license.media_kind != "image"; }

}  // namespace

void AssetHoldings::begin(const AuditLicense& license) {
  holdings_.clear();
  if (!license.has_siblings) return;
  reader_.licenses_of(std::string(license.account), std::string(license.asset_id), [&](const AuditLicense& l) {
    holdings_.push_back({l.licensed_at,
                         l.first_seen_at,
                         std::string(l.license_id),
                         std::string(l.license_type) + '\n' + std::string(l.size),
                         tells_size(l),
                         l.state == to_word(LicenseState::kHeld),
                         {}});
    return true;
  });
  std::sort(holdings_.begin(), holdings_.end(), [](const Holding& a, const Holding& b) {
    return std::tie(a.licensed_at, a.first_seen_at, a.license_id) <
           std::tie(b.licensed_at, b.first_seen_at, b.license_id);
  });
  match_calls(reader_.paid_calls(license.provider, license.asset_id));
}

/// A call leaves one row: the first one that came to light after it and is not older.
void AssetHoldings::match_calls(const std::vector<PaidCall>& calls) {
  for (const auto& call : calls) {
    const auto trace = std::find_if(holdings_.begin(), holdings_.end(), [&](const Holding& h) {
      return !h.spend_id && h.license_id != call.license_id && h.first_seen_at >= call.intended_at &&
             h.licensed_at >= call.intended_at - kDaySlack;
    });
    if (trace != holdings_.end()) trace->spend_id = call.spend_id;
  }
}

const AssetHoldings::Holding* AssetHoldings::find(const AuditLicense& license) const {
  const auto found = std::find_if(holdings_.begin(), holdings_.end(),
                                  [&](const Holding& h) { return h.license_id == license.license_id; });
  return found == holdings_.end() ? nullptr : &*found;
}

std::string_view AssetHoldings::earlier_than(const AuditLicense& license) const {
  const Holding* const own = find(license);
  if (own == nullptr || !own->held || own->spend_id || !own->tells_size) return {};
  const auto first = std::find_if(holdings_.begin(), holdings_.end(),
                                  [&](const Holding& h) { return h.held && !h.spend_id && h.kind == own->kind; });
  return &*first == own ? std::string_view() : std::string_view(first->license_id);
}

std::optional<std::int64_t> AssetHoldings::spend_of(const AuditLicense& license) const {
  const Holding* const own = find(license);
  return own == nullptr ? std::nullopt : own->spend_id;
}

}  // namespace damsync
