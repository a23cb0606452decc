#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "storage/base/clock.h"

namespace damsync {

class CallTimer;

/// Watches the deadlines of all calls of a transport with one thread.
///
/// Threads  any thread.
class Watchdog {
 public:
  Watchdog();
  ~Watchdog() = default;
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  friend class CallTimer;
  void set(CallTimer& timer, SteadyTime deadline);
  void remove(CallTimer& timer);
  void run(const std::stop_token& stop);
  void expire_due();

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<CallTimer*, SteadyTime> deadlines_;
  bool sooner_ = false;  // a deadline was set since the thread last looked
  std::jthread thread_;  // last: it uses the others
};

/// The time of one call. When it is up, or a stop is asked for, the socket at work is shut down: whatever blocks on it
/// returns at once, however slowly the other side feeds it.
///
/// Threads  made and used by the calling thread; ended from others.
class CallTimer {
 public:
  enum class End { kNot, kDeadline, kStopped };

  CallTimer(Watchdog& watchdog, SteadyTime deadline, std::stop_token stop);
  ~CallTimer();
  CallTimer(const CallTimer&) = delete;
  CallTimer& operator=(const CallTimer&) = delete;

  /// The socket to shut down; to be unwatched before it is closed.
  void watch(int fd);
  void unwatch();

  /// From now on a stop leaves the call this long to end by itself.
  void set_grace(Millis grace);

  [[nodiscard]] End end() const;
  [[nodiscard]] Millis left() const;
  [[nodiscard]] SteadyTime deadline() const;
  [[nodiscard]] const std::stop_token& stop() const noexcept { return stop_; }

 private:
  friend class Watchdog;
  void finish(End end);
  void on_stop();

  Watchdog& watchdog_;
  const std::stop_token stop_;
  mutable std::mutex mutex_;
  SteadyTime deadline_;
  std::optional<Millis> grace_;
  End end_ = End::kNot;
  int fd_ = -1;
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;  // last: it uses the others
};

}  // namespace damsync
