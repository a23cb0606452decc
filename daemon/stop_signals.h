#pragma once

#include <stop_token>
#include <thread>

namespace damsync {

/// Turns SIGINT and SIGTERM into a stop request; the second one ends the process at once (as a crash would, from which
/// every state recovers). Make it before any other thread: it blocks the signals for all that are started later.
class StopSignals {
 public:
  explicit StopSignals(std::stop_source& source);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  void watch();

  std::stop_source& source_;
  int wake_;
  std::thread thread_;
};

}  // namespace damsync
