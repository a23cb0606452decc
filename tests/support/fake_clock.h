#pragma once

#include <mutex>
#include <vector>

#include "storage/base/clock.h"

namespace damsync {

/// A clock that moves only when told, or by what is waited for: back-off is tested without waiting.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(UtcTime start = UtcTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / 15))) : utc_(start) {}

  [[nodiscard]] SteadyTime steady() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  [[nodiscard]] UtcTime utc() const override {
    const std::lock_guard lock(mutex_);
    return utc_;
  }
  bool wait(Millis duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    advance(duration);
    const std::lock_guard lock(mutex_);
    waits_.push_back(duration);
    return true;
  }

  void advance(Millis duration) {
    const std::lock_guard lock(mutex_);
    steady_ += duration;
    utc_ += duration;
  }
  void set_utc(UtcTime utc) {
    const std::lock_guard lock(mutex_);
    utc_ = utc;
  }
  [[nodiscard]] std::vector<Millis> waits() const {
    const std::lock_guard lock(mutex_);
    return waits_;
  }

 private:
  mutable std::mutex mutex_;
  SteadyTime steady_{};
  UtcTime utc_;
  std::vector<Millis> waits_;
};

}  // namespace damsync
