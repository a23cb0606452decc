#pragma once

#include <chrono>
#include <stop_token>

namespace damsync {

/// A moment on the UTC time line, to the millisecond.
using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

/// Where the process meets time. Deadlines and back-off use `steady`; only records use `utc`.
///
/// Threads  all methods may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  [[nodiscard]] virtual SteadyTime steady() const = 0;
  [[nodiscard]] virtual UtcTime utc() const = 0;

  /// Waits for `duration` of `steady` time; returns false at once when `stop` is requested.
  /// Part of the clock so that back-off and pacing are tested without waiting.
  virtual bool wait(Millis duration, std::stop_token stop) = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] SteadyTime steady() const override;
  [[nodiscard]] UtcTime utc() const override;
  bool wait(Millis duration, std::stop_token stop) override;
};

}  // namespace damsync
