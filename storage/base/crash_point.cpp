#include "storage/base/crash_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace damsync::crash_points {
namespace {

struct Plan {
  std::atomic<long> left{0};
  int log = -1;
  std::string hold_at, hold_file;
  std::atomic<bool> held{false};
};

Plan& plan() {
  static Plan instance;
  return instance;
}

bool arm_from_environment() {
#ifdef DAMSYNC_CRASH_POINTS
  const char* at = std::getenv("DAMSYNC_CRASH_AT");
  const char* log = std::getenv("DAMSYNC_CRASH_LOG");
  const char* hold = std::getenv("DAMSYNC_HOLD_AT");
  const char* hold_file = std::getenv("DAMSYNC_HOLD_FILE");
  if (hold != nullptr && hold_file != nullptr) {
    plan().hold_at = hold;
    plan().hold_file = hold_file;
  } else if (at == nullptr && log == nullptr) {
    return false;
  }
  arm(at == nullptr ? 0 : std::strtol(at, nullptr, 10), log == nullptr ? "" : log);
  return true;
#else
  return false;
#endif
}

/// The file says that we are here; whoever removes it lets us go on.
void hold() {
  const char* file = plan().hold_file.c_str();
  ::close(::open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  while (::access(file, F_OK) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace

// Zero until its initialiser has run: a point reached before that is not armed.
std::atomic<bool> armed{arm_from_environment()};

void arm(long at, const std::string& log_file) {
  plan().left = at;
  if (plan().log >= 0) ::close(plan().log);
  plan().log = log_file.empty() ? -1 : ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  armed = true;
}

void reached(std::string_view name) {
  const std::string line = std::string(name) + '\n';
  if (plan().log >= 0 && ::write(plan().log, line.data(), line.size()) < 0) ::_exit(138);
  if (plan().left.fetch_sub(1) == 1) ::_exit(137);
  if (name == plan().hold_at && !plan().held.exchange(true)) hold();
}

}  // namespace damsync::crash_points
