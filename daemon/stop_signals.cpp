#include "daemon/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace damsync {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

sigset_t watched(Hangup hangup) {
  return hangup == Hangup::kKept ? set_of({SIGINT, SIGTERM, SIGHUP}) : set_of({SIGINT, SIGTERM});
}

}  // namespace

void hold_hangup() {
  const sigset_t set = set_of({SIGHUP});
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

StopSignals::StopSignals(std::stop_source& source, Hangup hangup)
    : source_(source), hangup_(hangup), wake_(::eventfd(0, EFD_CLOEXEC)) {
  const sigset_t set = watched(hangup), ends = set_of({SIGHUP});
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  if (hangup == Hangup::kEnds) ::pthread_sigmask(SIG_UNBLOCK, &ends, nullptr);
  thread_ = std::thread([this] { watch(); });
}

StopSignals::~StopSignals() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto ignored = ::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(wake_);
}

void StopSignals::on_hangup(std::function<void()> then) {
  const std::lock_guard lock(mutex_);
  then_ = std::move(then);
  if (then_ && std::exchange(waiting_, false)) then_();
}

void StopSignals::hung_up() {
  const std::lock_guard lock(mutex_);
  if (then_)
    then_();
  else
    waiting_ = true;
}

void StopSignals::watch() {
  const sigset_t set = watched(hangup_);
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  for (;;) {
    pollfd ready[2] = {{signals, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0) continue;
    if (ready[1].revents != 0) break;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP)
      hung_up();
    else if (!source_.request_stop())
      ::_exit(hangup_ == Hangup::kKept ? 0 : 128 + static_cast<int>(info.ssi_signo));
  }
  ::close(signals);
}

}  // namespace damsync
