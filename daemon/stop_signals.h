#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace damsync {

/// What SIGHUP does: end the process, as it does by itself, or, in a daemon, be kept for `on_hangup`.
enum class Hangup { kEnds, kKept };

/// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once, as a crash would: a command
/// with 128 and its number, a daemon with 0, as asked. Make it before any other thread: it blocks the signals for all
/// others.
class StopSignals {
 public:
  explicit StopSignals(std::stop_source& source, Hangup hangup = Hangup::kEnds);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Calls `then` for each SIGHUP that was kept, from a thread of its own; those that came before count as one. An
  /// empty one ends that, and is not called any more when this returns.
  void on_hangup(std::function<void()> then);

 private:
  void watch();
  void hung_up();

  std::stop_source& source_;
  Hangup hangup_;
  std::mutex mutex_;
  std::function<void()> then_;
  bool waiting_ = false;  ///< a SIGHUP that nobody has been told of
  int wake_;
  std::thread thread_;
};

/// Holds SIGHUP back until a `StopSignals` says what it does; first thing in the process.
void hold_hangup();

}  // namespace damsync
