#include "sync/pipeline/losses.h"

#include <fmt/format.h>

namespace damsync {
namespace {

std::vector<std::string> keys(const std::vector<PendingRow>& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) out.push_back(row.key);
  return out;
}

}  // namespace

Status apply_losses(Cycle& cycle) {
  const auto withdrawn = keys(cycle.catalog.pending(cycle.account, PendingKind::kWithdrawal));
  const auto vanished = keys(cycle.catalog.pending(cycle.account, PendingKind::kVanish));
  if (withdrawn.empty() && vanished.empty()) return {};

  const auto counts = cycle.catalog.counts(cycle.account);
  const auto share = cycle.policy.brake_share;
  const bool trips = brake_trips(static_cast<std::int64_t>(withdrawn.size()), counts.assets_active, share) ||
                     brake_trips(static_cast<std::int64_t>(vanished.size()), counts.licenses_held, share);
  if (!trips || cycle.policy.accept_withdrawals) {
    Committer(cycle).losses(withdrawn, vanished);
    return {};
  }
  auto message = fmt::format(
      "deletion brake: {} assets withdrawn and {} licenses vanished in one cycle (limits.deletion_brake); nothing of "
      "it was applied. Look at the provider's account; if it is right, run `damsync sync --accept-withdrawals {}`",
      withdrawn.size(), vanished.size(), cycle.account);
  if (cycle.plan) cycle.plan({cycle.account, "hold", "", "", message});
  return make_error(ErrorCode::kGuard, std::move(message));
}

}  // namespace damsync
