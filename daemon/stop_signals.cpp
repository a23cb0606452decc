#include "daemon/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>

namespace damsync {
namespace {

sigset_t stop_set() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGINT);
  ::sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

StopSignals::StopSignals(std::stop_source& source) : source_(source), wake_(::eventfd(0, EFD_CLOEXEC)) {
  const sigset_t set = stop_set();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(wake_);
}

void StopSignals::watch() {
  const sigset_t set = stop_set();
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  for (;;) {
    pollfd ready[2] = {{signals, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents != 0) break;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (!source_.request_stop()) ::_exit(128 + static_cast<int>(info.ssi_signo));
  }
  ::close(signals);
}

}  // namespace damsync
