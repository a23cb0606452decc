#pragma once

#include "sync/http/rate_limiter.h"
#include "sync/http/transport.h"

namespace damsync {

/// Lets every attempt wait for the account's token bucket; a 429 pauses the bucket for all workers.
///
/// Threads  any thread.
class PacedTransport final : public HttpTransport {
 public:
  PacedTransport(HttpTransport& next, RateLimiter& limiter, Clock& clock)
      : next_(next), limiter_(limiter), clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

 private:
  HttpTransport& next_;
  RateLimiter& limiter_;
  Clock& clock_;
};

}  // namespace damsync
