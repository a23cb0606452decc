#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "sync/http/url.h"

namespace damsync {

/// Calls that left the process since the counter was made; every attempt counts.
///
/// Threads  shared by all transports of an account.
struct CallCounter {
  std::atomic<std::int64_t> free{0};
  std::atomic<std::int64_t> spending{0};
};

/// Whether the base URL itself may lead to a private address, or to this machine by a name that does not say so.
enum class OwnNetwork { kAllowed, kRefused };

/// What a transport of one account may do.
struct TransportSettings {
  Url base_url;                                 ///< credentials belong to its origin and to `credential_origins`
  std::vector<std::string> credential_origins;  ///< e.g. the token endpoint's, when it differs
  /// Hosts that may be talked to besides the base URL's own: matched on label boundaries (`shutterstock.com` allows
  /// `download.shutterstock.com`). A loopback address is allowed only when the base URL leads to loopback itself (then
  /// any port of it), a private one likewise; link-local never.
  std::vector<std::string> allowed_hosts;
  OwnNetwork own_network = OwnNetwork::kAllowed;
  std::string ca_file;     ///< PEM, besides the system's CAs; empty: none
  std::string user_agent;  ///< `damsync/<version> (+https://damsync.org)`
  std::size_t max_idle_per_origin = 64;
  Millis connect_timeout{10'000};
  CallCounter* counter = nullptr;  ///< may be null

  /// Tokens are got there: it may be talked to, with the account's credentials.
  void trust_token_endpoint(const Url& url) {
    if (url.origin() != base_url.origin()) credential_origins.push_back(url.origin());
    allowed_hosts.push_back(url.host());
  }
};

}  // namespace damsync
