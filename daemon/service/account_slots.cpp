#include "daemon/service/account_slots.h"

#include <algorithm>

namespace damsync {

Result<AccountSlots::Held> AccountSlots::take(const std::vector<std::string>& accounts, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto all_free = [&] {
    return std::none_of(accounts.begin(), accounts.end(), [&](const auto& name) { return taken_.contains(name); });
  };
  if (!freed_.wait(lock, stop, all_free)) return make_error(ErrorCode::kCancelled, "stopped");
  taken_.insert(accounts.begin(), accounts.end());
  return Held(*this, accounts);
}

bool AccountSlots::taken(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  return taken_.contains(account);
}

void AccountSlots::release(const std::vector<std::string>& accounts) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& account : accounts) taken_.erase(account);
  }
  freed_.notify_all();
}

}  // namespace damsync
