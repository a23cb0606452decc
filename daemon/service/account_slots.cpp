#include "daemon/service/account_slots.h"

#include <algorithm>

namespace damsync {

Result<AccountSlots::Held> AccountSlots::take(const std::string& account, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto number = ++asked_;
  queues_[account].push_back(number);
  if (left_.wait(lock, stop, [&] { return queues_.at(account).front() == number; }))
    return Held(*this, account, number);
  lock.unlock();
  leave(account, number);
  return make_error(ErrorCode::kCancelled, "stopped");
}

bool AccountSlots::wanted(const std::string& account) const {
  const std::lock_guard lock(mutex_);
  return queues_.contains(account);
}

void AccountSlots::leave(const std::string& account, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    auto& queue = queues_.at(account);
    std::erase(queue, number);
    if (queue.empty()) queues_.erase(account);
  }
  left_.notify_all();
}

}  // namespace damsync
