#include "daemon/service/systemd_notify.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/temp_dir.h"

namespace damsync {

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
  const TempDir dir;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = dir / "notify";
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const SystemdNotify notify(path, Millis(0));
  std::string message(4096, '\0');
  {
    const ExtendedTimeout more(notify, "Copying", Millis(1));
    for (int i = 0; i < 3; ++i) {
      const auto size = ::recv(fd, message.data(), message.size(), 0);
      REQUIRE(size > 0);
      CHECK(message.substr(0, static_cast<std::size_t>(size)) == "EXTEND_TIMEOUT_USEC=60000000\nSTATUS=Copying");
    }
  }
  ::close(fd);
}

}  // namespace damsync
