#pragma once

#include <optional>

#include "sync/http/backoff.h"
#include "sync/http/transport.h"

namespace damsync {

/// Repeats calls that met a passing trouble: 429, 500, 502, 503, 504 and retryable errors, at most five attempts
/// within `HttpRequest::deadline`. Never a spending call, never once a sink was begun.
///
/// When the last attempt ends in such a status, that answer is returned. When the other side asks for more than two
/// minutes, or for more than the call has left, nobody waits here.
///
/// Errors   as the transport below; `Retry::kAt` with `retry_after` when the other side asked for a long wait.
/// Threads  any thread.
class RetryingTransport final : public HttpTransport {
 public:
  RetryingTransport(HttpTransport& next, Backoff& backoff, Clock& clock)
      : next_(next), backoff_(backoff), clock_(clock) {}

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

 private:
  HttpTransport& next_;
  Backoff& backoff_;
  Clock& clock_;
};

}  // namespace damsync
