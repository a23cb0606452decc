#include "tests/integration/daemon_desk.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace damsync {
namespace {

struct Address {
  explicit Address(const std::string& name) {
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }

  sockaddr_un address{};
  socklen_t size;
};

}  // namespace

NotifySocket::NotifySocket(std::string address) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const Address to(address);
  REQUIRE(::bind(fd_, to.get(), to.size) == 0);
}

NotifySocket::~NotifySocket() { ::close(fd_); }

void NotifySocket::receive() {
  std::array<char, 8192> part;
  for (;;) {
    const ssize_t got = ::recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0) return;
    messages_.emplace_back(part.data(), static_cast<std::size_t>(got));
  }
}

int NotifySocket::count(const std::string& part) {
  receive();
  int out = 0;
  for (const auto& message : messages_) out += holds(message, part) ? 1 : 0;
  return out;
}

bool NotifySocket::wait_for(const std::string& part, int times) {
  return eventually([&] { return count(part) >= times; });
}

std::string NotifySocket::all() {
  receive();
  std::string out;
  for (const auto& message : messages_) out += message + "\n--\n";
  return out;
}

DaemonDesk::DaemonDesk(int images) : desk(images), manager(desk.dir / "notify") {
  desk.environment["NOTIFY_SOCKET"] = desk.dir / "notify";
  desk.environment["TZ"] = "UTC";
  write_more("poll_interval = \"1s\"\n");
}

void DaemonDesk::write_more(const std::string& schedule, const std::string& sections) const {
  std::filesystem::create_directories(desk.dir.path() / "conf.d");
  desk.write_file("conf.d/daemon.toml", "[schedule]\n" + schedule + "\n[http]\nlisten = \"\"\n" + sections);
}

std::unique_ptr<Program> DaemonDesk::start_ready() {
  const int before = manager.count("READY=1");
  auto daemon = start();
  const bool ready = manager.wait_for("READY=1", before + 1);
  const std::string said = daemon->err_so_far();
  REQUIRE_MESSAGE(ready, said);
  return daemon;
}

bool DaemonDesk::mirrored(int files) {
  return eventually([&] {
    int count = 0;
    for (const auto& [name, bytes] : desk.tree()) count += name.ends_with(".jpg") ? 1 : 0;
    return count == files;
  });
}

std::string DaemonDesk::control(const std::string& bytes) const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address to(desk.catalog().string() + ".sock");
  std::string out;
  if (::connect(fd, to.get(), to.size) == 0) {
    [[maybe_unused]] const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::array<char, 8192> part;
    pollfd ready{fd, POLLIN, 0};
    while (::poll(&ready, 1, 20'000) == 1) {
      const ssize_t got = ::recv(fd, part.data(), part.size(), 0);
      if (got <= 0) break;
      out.append(part.data(), static_cast<std::size_t>(got));
    }
  }
  ::close(fd);
  return out;
}

int DaemonDesk::connect() const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const Address to(desk.catalog().string() + ".sock");
  ::connect(fd, to.get(), to.size);
  return fd;
}

int DaemonDesk::ask(const std::string& line) const {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Address to(desk.catalog().string() + ".sock");
  CHECK(::connect(fd, to.get(), to.size) == 0);
  CHECK(::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size()));
  return fd;
}

std::string heard_at(int fd) {
  std::array<char, 8192> part;
  const ssize_t got = ::recv(fd, part.data(), part.size(), MSG_PEEK | MSG_DONTWAIT);
  return got > 0 ? std::string(part.data(), static_cast<std::size_t>(got)) : std::string();
}

int times_in(const std::string& text, const std::string& part) {
  int out = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++out;
  return out;
}

}  // namespace damsync
