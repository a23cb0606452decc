#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>

#include "storage/base/result.h"

namespace damsync {

/// Sees to it that an account has one cycle at a time, whoever asks for it. Who asks first has it first: an account
/// that is overdue again and again keeps nobody waiting for longer than one cycle.
///
/// Threads  any.
class AccountSlots {
 public:
  /// An account that one cycle is about, until it is destroyed.
  class Held {
   public:
    Held(AccountSlots& slots, std::string account, std::uint64_t number)
        : slots_(&slots), account_(std::move(account)), number_(number) {}
    Held(Held&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)), account_(std::move(other.account_)), number_(other.number_) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (slots_ != nullptr) slots_->leave(account_, number_);
    }

   private:
    AccountSlots* slots_;
    std::string account_;
    std::uint64_t number_;
  };

  /// Waits until all who asked for it before had it. Errors: kCancelled.
  Result<Held> take(const std::string& account, const std::stop_token& stop);
  /// Somebody has it or waits for it.
  [[nodiscard]] bool wanted(const std::string& account) const;

 private:
  void leave(const std::string& account, std::uint64_t number);

  mutable std::mutex mutex_;
  std::condition_variable_any left_;
  std::uint64_t asked_ = 0;
  std::map<std::string, std::deque<std::uint64_t>> queues_;  ///< by account: who has it, then who waits
};

}  // namespace damsync
