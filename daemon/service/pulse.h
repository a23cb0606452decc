#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "daemon/service/vitals.h"
#include "storage/base/clock.h"

namespace damsync {

/// One worker's word about itself: what it does, and that it still moves. Rests again when destroyed.
///
/// Threads  any.
class Pulse {
 public:
  Pulse(Vitals& vitals, std::string worker, std::string doing, Millis patience = Vitals::kPatience)
      : vitals_(vitals), worker_(std::move(worker)), patience_(patience), doing_(std::move(doing)) {
    beat();
  }
  ~Pulse() { vitals_.resting(worker_, "waiting"); }
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;

  void beat() {
    const std::lock_guard lock(mutex_);
    vitals_.moved(worker_, doing_, patience_);
  }
  /// Waits for somebody else, for as long as that takes; the next beat ends it.
  void rest(const std::string& doing) { vitals_.resting(worker_, doing); }
  void beat(std::string doing) {
    {
      const std::lock_guard lock(mutex_);
      doing_ = std::move(doing);
    }
    beat();
  }

 private:
  Vitals& vitals_;
  std::string worker_;
  Millis patience_;
  std::mutex mutex_;
  std::string doing_;
};

/// A clock that counts as moving: who waits on purpose is not stuck, and who asks for the time, as every call of a
/// provider begins, has got somewhere.
class PulsingClock final : public Clock {
 public:
  PulsingClock(Clock& clock, Pulse& pulse) : clock_(clock), pulse_(pulse) {}

  [[nodiscard]] SteadyTime steady() const override {
    pulse_.beat();
    return clock_.steady();
  }
  [[nodiscard]] UtcTime utc() const override { return clock_.utc(); }
  bool wait(Millis duration, std::stop_token stop) override {
    constexpr Millis kStep = std::chrono::seconds(60);
    for (Millis left = duration;; left -= kStep) {
      pulse_.beat();
      if (!clock_.wait(std::min(left, kStep), stop)) return false;
      if (left <= kStep) return true;
    }
  }

 private:
  Clock& clock_;
  Pulse& pulse_;
};

}  // namespace damsync
