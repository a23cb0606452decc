#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sync/http/address_class.h"
#include "sync/http/poco_transport_connection.h"
#include "sync/http/resolver.h"
#include "sync/http/transport_settings.h"

namespace damsync {

/// The proxy for https from the environment (`https_proxy`, `no_proxy`, lower case first). Plain http only ever leads
/// to this machine and is never proxied.
struct ProxySettings {
  std::string host;  ///< empty: none
  std::uint16_t port = 0;
  std::string authorization;  ///< value of `Proxy-Authorization`; a secret
  std::vector<std::string> exceptions;

  /// Errors: kSettings for a proxy URL that cannot be used.
  static Result<ProxySettings> from_environment();
  [[nodiscard]] bool applies_to(const Url& url) const;
};

/// Makes and keeps connections. The rules about where a connection may lead are checked here, against the address that
/// is really used, so that a name that changes its mind between check and use gains nothing.
///
/// Errors   kRefusedByPolicy for addresses; otherwise as `Connection`.
/// Threads  any thread.
class Connector {
 public:
  struct Lease {
    std::unique_ptr<Connection> connection;
    bool reused = false;
  };

  Connector(const TransportSettings& settings, ProxySettings proxy, Lookup lookup)
      : settings_(settings), proxy_(std::move(proxy)), resolver_(std::move(lookup)) {}

  /// An idle connection to the URL's origin, or a fresh one.
  Result<Lease> lease(const Url& url, CallTimer& timer);
  Result<Lease> fresh(const Url& url, CallTimer& timer);
  /// Keeps a connection that can answer again.
  void give_back(const Url& url, std::unique_ptr<Connection> connection);

  /// Loads the certificates now rather than with the first connection.
  Status prepare_tls();

 private:
  struct Idle {
    std::unique_ptr<Connection> connection;
    SteadyTime since;
  };

  std::unique_ptr<Connection> take_idle(const Url& url);
  Result<std::unique_ptr<Connection>> connect_directly(const Url& url, CallTimer& timer);
  Result<std::unique_ptr<Connection>> connect_through_proxy(const Url& url, CallTimer& timer);
  Status check_address(const Url& url, const std::string& address, CallTimer& timer);
  Result<AddressClass> base_class(CallTimer& timer);
  Result<std::shared_ptr<TlsTrust>> trust();

  const TransportSettings& settings_;
  const ProxySettings proxy_;
  Resolver resolver_;
  std::mutex mutex_;
  std::map<std::string, std::vector<Idle>> idle_;
  std::shared_ptr<TlsTrust> trust_;
  std::optional<AddressClass> base_class_;
};

}  // namespace damsync
