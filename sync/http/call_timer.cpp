#include "sync/http/call_timer.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace damsync {

namespace {

SteadyTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

Watchdog::Watchdog() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Watchdog::set(CallTimer& timer, SteadyTime deadline) {
  const std::lock_guard lock(mutex_);
  deadlines_[&timer] = deadline;
  sooner_ = true;
  changed_.notify_one();
}

void Watchdog::remove(CallTimer& timer) {
  const std::lock_guard lock(mutex_);
  deadlines_.erase(&timer);
}

void Watchdog::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    expire_due();
    const auto next = std::min_element(deadlines_.begin(), deadlines_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const SteadyTime wake_at = next == deadlines_.end() ? now() + std::chrono::hours(1) : next->second;
    sooner_ = false;
    changed_.wait_until(lock, stop, wake_at, [this] { return sooner_; });
  }
}

void Watchdog::expire_due() {
  const SteadyTime time = now();
  for (auto entry = deadlines_.begin(); entry != deadlines_.end();) {
    if (entry->second > time) {
      ++entry;
      continue;
    }
    // Under the lock, so that a timer cannot be destroyed meanwhile: its destructor removes it first.
    entry->first->finish(CallTimer::End::kDeadline);
    entry = deadlines_.erase(entry);
  }
}

CallTimer::CallTimer(Watchdog& watchdog, SteadyTime deadline, std::stop_token stop)
    : watchdog_(watchdog), stop_(std::move(stop)), deadline_(deadline) {
  watchdog_.set(*this, deadline);
  on_stop_.emplace(stop_, [this] { on_stop(); });
}

CallTimer::~CallTimer() {
  on_stop_.reset();
  watchdog_.remove(*this);
}

void CallTimer::watch(int fd) {
  const std::lock_guard lock(mutex_);
  fd_ = fd;
  if (end_ != End::kNot) ::shutdown(fd_, SHUT_RDWR);
}

void CallTimer::unwatch() {
  const std::lock_guard lock(mutex_);
  fd_ = -1;
}

void CallTimer::set_grace(Millis grace) {
  const std::lock_guard lock(mutex_);
  grace_ = grace;
}

CallTimer::End CallTimer::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

SteadyTime CallTimer::deadline() const {
  const std::lock_guard lock(mutex_);
  return deadline_;
}

Millis CallTimer::left() const {
  const std::lock_guard lock(mutex_);
  if (end_ != End::kNot) return Millis(0);
  return std::max(Millis(0), std::chrono::ceil<Millis>(deadline_ - now()));
}

void CallTimer::finish(End end) {
  const std::lock_guard lock(mutex_);
  if (end_ != End::kNot) return;
  end_ = end;
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void CallTimer::on_stop() {
  std::optional<SteadyTime> sooner;
  {
    const std::lock_guard lock(mutex_);
    if (grace_) sooner = deadline_ = std::min(deadline_, now() + *grace_);
  }
  if (sooner)
    watchdog_.set(*this, *sooner);
  else
    finish(End::kStopped);
}

}  // namespace damsync
