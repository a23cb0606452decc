#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "storage/base/clock.h"

namespace damsync {

/// Tells the service manager how the process is doing: datagrams to `$NOTIFY_SOCKET`. Without one nothing is sent.
///
/// Errors   none: a message that cannot be delivered is dropped.
/// Threads  any.
/// Source   sd_notify(3), systemd.service(5).
class SystemdNotify {
 public:
  /// `NOTIFY_SOCKET` (a path, or `@name` in the abstract namespace), `WATCHDOG_USEC` and `WATCHDOG_PID`.
  static SystemdNotify from_environment();
  SystemdNotify(std::string socket, Millis watchdog) : socket_(std::move(socket)), watchdog_(watchdog) {}

  [[nodiscard]] bool wanted() const noexcept { return !socket_.empty(); }
  /// How long the manager waits for `watchdog`; zero: it does not.
  [[nodiscard]] Millis watchdog_limit() const noexcept { return watchdog_; }

  void ready(std::string_view status) const;
  void status(std::string_view status) const;
  void watchdog() const;
  void reloading() const;  ///< until the next `ready`
  void stopping(std::string_view status) const;
  /// Starting, or what else is timed, may take that much longer from now on.
  void extend_timeout(Millis by, std::string_view status) const;

 private:
  void send(const std::string& message) const;

  std::string socket_;
  Millis watchdog_;
};

/// Asks the manager for more time again and again while something long is being done, such as a migration; but not for
/// ever, as what hangs takes long, too.
class ExtendedTimeout {
 public:
  struct Pace {
    Millis every = std::chrono::seconds(10);
    Millis longest = std::chrono::hours(1);  ///< a large catalog on a slow disk is copied and rewritten in less
  };
  ExtendedTimeout(const SystemdNotify& notify, std::string status, Pace pace);
  ~ExtendedTimeout();
  ExtendedTimeout(const ExtendedTimeout&) = delete;
  ExtendedTimeout& operator=(const ExtendedTimeout&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable over_changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace damsync
