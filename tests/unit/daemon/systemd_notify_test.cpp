#include "daemon/service/systemd_notify.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/temp_dir.h"

namespace damsync {
namespace {

/// A service manager's end of the notification socket.
struct NotifyEnd {
  NotifyEnd() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~NotifyEnd() { ::close(fd); }

  /// The next message; waits for it.
  [[nodiscard]] std::string receive() const {
    std::string message(4096, '\0');
    const auto size = ::recv(fd, message.data(), message.size(), 0);
    REQUIRE(size > 0);
    message.resize(static_cast<std::size_t>(size));
    return message;
  }

  TempDir dir;
  std::string path = dir / "notify";
  int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace

TEST_CASE("systemd notify: a watchdog that the manager set for another process is none of ours") {
  ::setenv("WATCHDOG_USEC", "300000", 1);
  CHECK(SystemdNotify::from_environment().watchdog_limit() == Millis(300));
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(SystemdNotify::from_environment().watchdog_limit() == Millis(300));
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK(SystemdNotify::from_environment().watchdog_limit() == Millis(0));
  ::unsetenv("WATCHDOG_PID");
  for (const char* nonsense : {"", "-1", "1e3", "300000 "}) {
    ::setenv("WATCHDOG_USEC", nonsense, 1);
    CHECK(SystemdNotify::from_environment().watchdog_limit() == Millis(0));
  }
  ::unsetenv("WATCHDOG_USEC");
}

TEST_CASE("systemd notify: more time is asked for again and again, until what is long is over") {
  const NotifyEnd manager;
  const SystemdNotify notify(manager.path, Millis(0));
  const ExtendedTimeout more(notify, "Copying", {.every = Millis(1)});
  for (int i = 0; i < 3; ++i) CHECK(manager.receive() == "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=Copying");
}

TEST_CASE("systemd notify: more time is not asked for without end") {
  const NotifyEnd manager;
  const SystemdNotify notify(manager.path, Millis(0));
  const ExtendedTimeout more(notify, "Copying", {.every = Millis(1), .longest = Millis(5)});
  int asked = 0;
  for (pollfd ready{manager.fd, POLLIN, 0}; ::poll(&ready, 1, 300) == 1; ++asked) (void)manager.receive();
  CHECK(asked == 5);
}

}  // namespace damsync
