#pragma once

#include <string_view>

namespace damsync {

/// Where an address leads.
enum class AddressClass {
  kPublic,
  kPrivate,  ///< private, shared (100.64/10), unique local, benchmark and documentation ranges
  kLoopback,
  kForbidden,  ///< link-local, unspecified, multicast, reserved, or no address: never connected to
};

/// Classifies an IPv4 or IPv6 address in text form. IPv4 addresses wrapped in IPv6 (mapped, compatible, NAT64, 6to4)
/// count as what they wrap.
///
/// Source   IANA special-purpose address registries (RFC 6890).
AddressClass classify_address(std::string_view address);

/// True for an address literal or a name that means this machine (`localhost`).
bool is_loopback_host(std::string_view host);

/// True for an IPv4 or IPv6 address in text form.
bool is_address(std::string_view host);

}  // namespace damsync
