#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace damsync {

/// One TCP connection to a server on loopback that sends exactly what it is told. Waits ten seconds at most.
class WebClient {
 public:
  explicit WebClient(std::uint16_t port, int family = AF_INET) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    v6.sin6_addr = IN6ADDR_LOOPBACK_INIT;
    const auto* address = family == AF_INET ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<sockaddr*>(&v6);
    if (::connect(fd_, address, family == AF_INET ? sizeof v4 : sizeof v6) != 0) {
      ::close(fd_);
      throw std::runtime_error("cannot connect");
    }
  }
  ~WebClient() { close(); }
  WebClient(WebClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  WebClient(const WebClient&) = delete;
  WebClient& operator=(const WebClient&) = delete;
  WebClient& operator=(WebClient&&) = delete;

  /// False when the server is gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  /// Everything until the server closes.
  std::string read_all() {
    std::string out;
    char piece[16384];
    for (;;) {
      const auto got = ::recv(fd_, piece, sizeof piece, 0);
      if (got <= 0) return out;
      out.append(piece, static_cast<std::size_t>(got));
    }
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// An answer, taken apart.
struct WebResponse {
  int status = 0;  ///< 0: there was none
  std::string head, body;

  static WebResponse parse(const std::string& bytes) {
    WebResponse out;
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string::npos || !bytes.starts_with("HTTP/1.1 ")) return out;
    out.status = std::stoi(bytes.substr(9, 3));
    out.head = bytes.substr(0, end + 2);
    out.body = bytes.substr(end + 4);
    return out;
  }
};

inline std::string web_get(std::uint16_t port, const std::string& target, const std::string& method = "GET") {
  return method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n";
}

/// One request on a connection of its own.
inline WebResponse web_ask(std::uint16_t port, const std::string& target, const std::string& method = "GET") {
  WebClient client(port);
  client.send(web_get(port, target, method));
  return WebResponse::parse(client.read_all());
}

}  // namespace damsync
