#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "sync/http/json_reader.h"
#include "tests/simulators/demo_data.h"
#include "tests/simulators/shutterstock_sim.h"

namespace damsync {

/// A request as a well-behaved client sends it.
inline SimRequest sim_request(const std::string& method, const std::string& target,
                              const std::string& authorization = "Bearer " + std::string(kSandboxToken)) {
  std::string head = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1:1\r\nUser-Agent: test";
  if (!authorization.empty()) head += "\r\nAuthorization: " + authorization;
  return parse_request_head(head).value();
}

inline SimRequest sim_post(const std::string& target, std::string body, const std::string& type = "application/json") {
  SimRequest request = sim_request("POST", target);
  request.body = std::move(body);
  request.headers.emplace_back("Content-Type", type);
  return request;
}

inline SimResponse sim_get(ShutterstockSim& sim, const std::string& target) {
  return sim.handle(sim_request("GET", target));
}

inline Json body_json(const SimResponse& response) { return parse_json(response.body).value(); }

/// The member `key` of every row of `data`.
inline std::vector<std::string> column(const SimResponse& response, const std::string& key) {
  std::vector<std::string> values;
  const Json body = body_json(response);
  for (const auto& row : *body.find("data")->if_array()) {
    values.push_back(*row.find(key)->if_string());
  }
  return values;
}

inline std::string whole_body(const SimResponse& response) {
  const std::string all = response.body + (response.tail ? *response.tail : std::string());
  return all.substr(response.skip, response.body_size());
}

inline std::string header_of(const SimResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

/// Path and query of an absolute URL.
inline std::string target_of(const std::string& url) { return url.substr(url.find('/', 8)); }

/// A connection to a simulator that shows what came over the wire.
class WireClient {
 public:
  explicit WireClient(const std::string& base_url) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(base_url.substr(base_url.rfind(':') + 1))));
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
  }
  ~WireClient() { ::close(fd_); }
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  void send(const std::string& text) { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
  void get(const std::string& target) {
    send("GET " + target + " HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\nAuthorization: Bearer " +
         std::string(kSandboxToken) + "\r\n\r\n");
  }

  /// Reads until the other side ends the connection; `was_reset` tells how.
  std::string read_all() {
    std::string text;
    std::array<char, 8192> chunk;
    for (;;) {
      const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
      if (got <= 0) {
        was_reset = got < 0;
        return text;
      }
      text.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

  /// Reads one answer with a Content-Length.
  std::string read_one() {
    std::string text;
    char byte = 0;
    while (text.find("\r\n\r\n") == std::string::npos && ::recv(fd_, &byte, 1, 0) == 1) text += byte;
    const auto at = text.find("Content-Length: ");
    std::size_t left = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
    while (left > 0 && ::recv(fd_, &byte, 1, 0) == 1) {
      text += byte;
      --left;
    }
    return text;
  }

  bool was_reset = false;

 private:
  int fd_;
};

}  // namespace damsync
