#include "daemon/service/systemd_notify.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "storage/base/text.h"

namespace damsync {
namespace {

constexpr Millis kExtension = std::chrono::seconds(60);

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// The manager's variables are inherited: they may be about the process that started this one.
Millis watchdog_limit() {
  const auto pid = number(variable("WATCHDOG_PID"));
  if (pid && *pid != ::getpid()) return Millis(0);
  return Millis(number(variable("WATCHDOG_USEC")).value_or(0) / 1000);
}

std::int64_t monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

std::int64_t usec(Millis duration) { return duration.count() * 1000; }

}  // namespace

SystemdNotify SystemdNotify::from_environment() { return {variable("NOTIFY_SOCKET"), damsync::watchdog_limit()}; }

void SystemdNotify::ready(std::string_view status) const { send(fmt::format("READY=1\nSTATUS={}", printable(status))); }

void SystemdNotify::status(std::string_view status) const { send(fmt::format("STATUS={}", printable(status))); }

void SystemdNotify::watchdog() const { send("WATCHDOG=1"); }

void SystemdNotify::reloading() const {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS=Reading the settings", monotonic_usec()));
}

void SystemdNotify::stopping(std::string_view status) const {
  send(fmt::format("STOPPING=1\nSTATUS={}", printable(status)));
}

void SystemdNotify::extend_timeout(Millis by, std::string_view status) const {
  send(fmt::format("EXTEND_TIMEOUT_USEC={}\nSTATUS={}", usec(by), printable(status)));
}

void SystemdNotify::send(const std::string& message) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  [[maybe_unused]] const auto sent = ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                                              reinterpret_cast<sockaddr*>(&address), length);
  ::close(fd);
}

ExtendedTimeout::ExtendedTimeout(const SystemdNotify& notify, std::string status, Pace pace) {
  if (!notify.wanted()) return;
  thread_ = std::thread([this, &notify, status = std::move(status), pace] {
    std::unique_lock lock(mutex_);
    for (Millis left = pace.longest; left > Millis(0) && !over_; left -= pace.every) {
      notify.extend_timeout(kExtension, status);
      over_changed_.wait_for(lock, pace.every, [this] { return over_; });
    }
  });
}

ExtendedTimeout::~ExtendedTimeout() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  over_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace damsync
