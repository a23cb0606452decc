#pragma once

#include "sync/http/authenticator.h"
#include "sync/http/transport.h"

namespace damsync {

/// Puts the account's credentials on every call. A safe call that is answered 401 is made once more with renewed
/// credentials, if they can be renewed; a spending call never.
///
/// Errors   as the transport below and the authenticator; a 401 that stays is an answer.
/// Threads  any thread.
class AuthenticatedTransport final : public HttpTransport {
 public:
  AuthenticatedTransport(HttpTransport& next, Authenticator& authenticator)
      : next_(next), authenticator_(authenticator) {}

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

 private:
  Result<bool> renew(const HttpRequest& request, HttpRequest& authorized, std::stop_token stop);

  HttpTransport& next_;
  Authenticator& authenticator_;
};

}  // namespace damsync
