#include "storage/base/crash_point.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace damsync::crash_points {
namespace {

struct Plan {
  std::atomic<long> left{0};
  int log = -1;
};

Plan& plan() {
  static Plan instance;
  return instance;
}

bool arm_from_environment() {
#ifdef DAMSYNC_CRASH_POINTS
  const char* at = std::getenv("DAMSYNC_CRASH_AT");
  const char* log = std::getenv("DAMSYNC_CRASH_LOG");
  if (at == nullptr && log == nullptr) return false;
  arm(at == nullptr ? 0 : std::strtol(at, nullptr, 10), log == nullptr ? "" : log);
  return true;
#else
  return false;
#endif
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
}

}  // namespace damsync::crash_points
