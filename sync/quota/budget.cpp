#include "sync/quota/budget.h"

#include <fmt/format.h>

#include <ctime>

#include "storage/base/units.h"

namespace damsync {

UtcTime local_day_start(UtcTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&seconds, &local);
  local.tm_hour = local.tm_min = local.tm_sec = 0;
  local.tm_isdst = -1;  // the offset of midnight may differ from that of now
  const std::time_t midnight = std::mktime(&local);
  return UtcTime(std::chrono::seconds(midnight <= seconds ? midnight : seconds));
}

Status may_spend(const SpendRules& rules, const SpendSituation& situation) {
  if (!rules.may_consume) return make_error(ErrorCode::kRefusedByPolicy, kWouldConsumeQuota);
  if (situation.free_bytes - situation.expected_bytes < rules.min_free)
    return make_error(ErrorCode::kLowSpace,
                      fmt::format("{} free in the store, {} must stay free (store.min_free): nothing is spent",
                                  format_size(situation.free_bytes), format_size(rules.min_free)));
  if (rules.budget_per_day <= 0)
    return make_error(ErrorCode::kRefusedByPolicy, "the settings give no budget (budget_per_day = 0)");
  if (situation.calls_today >= rules.budget_per_day)
    return make_error(ErrorCode::kRefusedByPolicy,
                      fmt::format("the day's budget is used up: {} of {} calls (budget_per_day)", situation.calls_today,
                                  rules.budget_per_day));
  return {};
}

}  // namespace damsync
