#include "sync/http/address_class.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace damsync {

namespace {

using V6 = std::array<std::uint8_t, 16>;

struct V4Range {
  std::uint32_t base;
  int bits;
  AddressClass what;
};

constexpr std::uint32_t ip(unsigned a, unsigned b, unsigned c, unsigned d) { return a << 24 | b << 16 | c << 8 | d; }

constexpr std::array kV4Ranges{
    V4Range{ip(0, 0, 0, 0), 8, AddressClass::kForbidden},      V4Range{ip(10, 0, 0, 0), 8, AddressClass::kPrivate},
    V4Range{ip(100, 64, 0, 0), 10, AddressClass::kPrivate},    V4Range{ip(127, 0, 0, 0), 8, AddressClass::kLoopback},
    V4Range{ip(169, 254, 0, 0), 16, AddressClass::kForbidden}, V4Range{ip(172, 16, 0, 0), 12, AddressClass::kPrivate},
    V4Range{ip(192, 0, 0, 0), 24, AddressClass::kPrivate},     V4Range{ip(192, 0, 2, 0), 24, AddressClass::kPrivate},
    V4Range{ip(192, 168, 0, 0), 16, AddressClass::kPrivate},   V4Range{ip(198, 18, 0, 0), 15, AddressClass::kPrivate},
    V4Range{ip(198, 51, 100, 0), 24, AddressClass::kPrivate},  V4Range{ip(203, 0, 113, 0), 24, AddressClass::kPrivate},
    V4Range{ip(224, 0, 0, 0), 3, AddressClass::kForbidden},
};

AddressClass classify_v4(std::uint32_t address) {
  for (const auto& range : kV4Ranges)
    if ((address ^ range.base) >> (32 - range.bits) == 0) return range.what;
  return AddressClass::kPublic;
}

bool has_prefix(const V6& address, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

std::uint32_t v4_at(const V6& address, std::size_t offset) {
  return ip(address[offset], address[offset + 1], address[offset + 2], address[offset + 3]);
}

/// The IPv4 address that an IPv6 address wraps.
std::optional<std::uint32_t> wrapped_v4(const V6& a) {
  if (has_prefix(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return v4_at(a, 12);
  if (has_prefix(a, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return v4_at(a, 12);
  if (has_prefix(a, {0x20, 0x02})) return v4_at(a, 2);
  if (has_prefix(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) return v4_at(a, 12);
  return std::nullopt;
}

AddressClass classify_v6(const V6& a) {
  if (has_prefix(a, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})) return AddressClass::kLoopback;
  if (const auto v4 = wrapped_v4(a)) return classify_v4(*v4);
  if ((a[0] & 0xfe) == 0xfc) return AddressClass::kPrivate;                          // unique local
  if (a[0] == 0xfe && (a[1] & 0xc0) == 0xc0) return AddressClass::kPrivate;          // site-local, deprecated
  if (has_prefix(a, {0x20, 0x01, 0x0d, 0xb8})) return AddressClass::kPrivate;        // documentation
  if (has_prefix(a, {0x00, 0x64, 0xff, 0x9b, 0, 1})) return AddressClass::kPrivate;  // local NAT64
  if ((a[0] & 0xe0) != 0x20) return AddressClass::kForbidden;  // all but global unicast: link-local, multicast
  return AddressClass::kPublic;
}

}  // namespace

AddressClass classify_address(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return classify_v4(ntohl(v4.s_addr));
  V6 v6{};
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return classify_v6(v6);
  return AddressClass::kForbidden;
}

bool is_address(std::string_view host) {
  const std::string text(host);
  V6 buffer{};
  return ::inet_pton(AF_INET, text.c_str(), buffer.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), buffer.data()) == 1;
}

bool is_loopback_host(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  return is_address(host) && classify_address(host) == AddressClass::kLoopback;
}

}  // namespace damsync
