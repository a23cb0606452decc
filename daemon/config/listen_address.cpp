#include "daemon/config/listen_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <charconv>

#include "storage/base/text.h"

namespace damsync {
namespace {

Error unusable(std::string_view text) {
  return make_error(
      ErrorCode::kSettings,
      fmt::format("'{}' is not an address and a port; expected \"127.0.0.1:9187\", \"[::1]:9187\" or \"\"",
                  printable(text)));
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failure == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string ListenAddress::text() const { return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port); }

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return unusable(text);
  ListenAddress out;
  if (!read_port(text.substr(colon + 1), out.port)) return unusable(text);
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  out.v6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (out.v6) host = host.substr(1, host.size() - 2);

  in_addr v4{};
  in6_addr v6{};
  char canonical[INET6_ADDRSTRLEN] = {};
  if (out.v6 && ::inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    out.loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    out.host = ::inet_ntop(AF_INET6, &v6, canonical, sizeof canonical);
  } else if (!out.v6 && ::inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    out.loopback = (ntohl(v4.s_addr) >> 24) == 127;
    out.host = ::inet_ntop(AF_INET, &v4, canonical, sizeof canonical);
  } else {
    return unusable(text);
  }
  return out;
}

}  // namespace damsync
