#include "sync/http/paced_transport.h"

#include <algorithm>

#include "sync/http/http_status.h"

namespace damsync {

namespace {

constexpr Millis kPauseUnasked{1'000};
/// A longer wish is the caller's to honour: it may have better things to do than to stand here.
constexpr Millis kLongestPause{60'000};

}  // namespace

Result<HttpResponse> PacedTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  if (auto allowed = limiter_.acquire(stop); !allowed) return allowed.error();
  auto answer = next_.send(request, sink, stop);
  if (answer && answer->status == 429)
    limiter_.pause(std::min(retry_after(answer->headers, clock_.utc()).value_or(kPauseUnasked), kLongestPause));
  return answer;
}

}  // namespace damsync
