#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/result.h"

namespace damsync {

/// Sees to it that an account has one cycle at a time, whoever asks for it.
///
/// Threads  any.
class AccountSlots {
 public:
  /// The accounts that one cycle is about, until it is destroyed.
  class Held {
   public:
    Held(AccountSlots& slots, std::vector<std::string> accounts) : slots_(&slots), accounts_(std::move(accounts)) {}
    Held(Held&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), accounts_(std::move(other.accounts_)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (slots_ != nullptr) slots_->release(accounts_);
    }

   private:
    AccountSlots* slots_;
    std::vector<std::string> accounts_;
  };

  /// Waits until all of them are free, and takes them together. Errors: kCancelled.
  Result<Held> take(const std::vector<std::string>& accounts, const std::stop_token& stop);
  [[nodiscard]] bool taken(const std::string& account) const;

 private:
  void release(const std::vector<std::string>& accounts);

  mutable std::mutex mutex_;
  std::condition_variable_any freed_;
  std::set<std::string> taken_;
};

}  // namespace damsync
