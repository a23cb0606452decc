#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/authenticated_transport.h"
#include "sync/http/authenticator.h"
#include "sync/http/backoff.h"
#include "sync/http/paced_transport.h"
#include "sync/http/rate_limiter.h"
#include "sync/http/retrying_transport.h"
#include "sync/http/transport.h"
#include "sync/http/transport_settings.h"
#include "sync/providers/gated_transport.h"
#include "sync/providers/provider_settings.h"

namespace damsync {

/// The transports of one account, from the socket up:
///
///   downloads  retries - sockets                               signed URLs, no credentials
///   paced      gate - pace - sockets                           token endpoint
///   api        retries - credentials - gate - pace - sockets   the provider's calls, one for each kind of credentials
///
/// Threads  shared by every worker of the account.
class AccountStack {
 public:
  /// Opens no connection. Errors: kSettings: an unusable CA file.
  static Result<std::unique_ptr<AccountStack>> make(TransportSettings transport, const ProviderSettings& settings,
                                                    Clock& clock, AwayJudge judge = asked_to_stay_away);

  /// A transport whose calls carry these credentials; lives as long as the stack.
  HttpTransport& authenticated(std::unique_ptr<Authenticator> authenticator);

  HttpTransport& downloads() { return downloads_; }
  HttpTransport& paced() { return gate_; }
  GatedTransport& gate() { return gate_; }
  [[nodiscard]] const CallCounter& calls() const { return *calls_; }

 private:
  struct Api {
    Api(std::unique_ptr<Authenticator> credentials, HttpTransport& paced, Backoff& backoff, Clock& clock)
        : authenticator(std::move(credentials)),
          transport(paced, *authenticator),
          retrying(transport, backoff, clock) {}
    std::unique_ptr<Authenticator> authenticator;
    AuthenticatedTransport transport;
    RetryingTransport retrying;
  };
  struct Base {
    std::unique_ptr<CallCounter> calls;
    std::unique_ptr<HttpTransport> sockets;
  };
  AccountStack(Base base, RateLimiter::Pace pace, Clock& clock, AwayJudge judge);

  Clock& clock_;
  std::unique_ptr<CallCounter> calls_;
  std::unique_ptr<HttpTransport> sockets_;
  Backoff backoff_;
  RetryingTransport downloads_;
  RateLimiter limiter_;
  PacedTransport paced_;
  GatedTransport gate_;
  std::vector<std::unique_ptr<Api>> apis_;
};

}  // namespace damsync
