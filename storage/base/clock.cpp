#include "storage/base/clock.h"

#include <condition_variable>
#include <mutex>

namespace damsync {

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

UtcTime SystemClock::utc() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool SystemClock::wait(Millis duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace damsync
