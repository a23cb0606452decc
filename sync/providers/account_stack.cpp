#include "sync/providers/account_stack.h"

#include <algorithm>
#include <cmath>

#include "sync/http/poco_transport.h"

namespace damsync {
namespace {

constexpr Millis kFirstBackoff{500};
constexpr Millis kLongestBackoff{30'000};

/// One second's worth of calls may go at once.
RateLimiter::Pace pace_of(double per_second) {
  return RateLimiter::Pace{.rate = per_second, .burst = std::max(1, static_cast<int>(std::floor(per_second)))};
}

}  // namespace

Result<std::unique_ptr<AccountStack>> AccountStack::make(TransportSettings transport, const ProviderSettings& settings,
                                                         Clock& clock, AwayJudge judge) {
  auto calls = std::make_unique<CallCounter>();
  transport.counter = calls.get();
  auto sockets = make_poco_transport(std::move(transport));
  if (!sockets) return sockets.error();
  return std::unique_ptr<AccountStack>(
      new AccountStack({std::move(calls), std::move(*sockets)}, pace_of(settings.requests_per_second), clock, judge));
}

AccountStack::AccountStack(Base base, RateLimiter::Pace pace, Clock& clock, AwayJudge judge)
    : clock_(clock),
      calls_(std::move(base.calls)),
      sockets_(std::move(base.sockets)),
      backoff_(kFirstBackoff, kLongestBackoff),
      downloads_(*sockets_, backoff_, clock),
      limiter_(clock, pace),
      paced_(*sockets_, limiter_, clock),
      gate_(paced_, clock, judge) {}

HttpTransport& AccountStack::authenticated(std::unique_ptr<Authenticator> authenticator) {
  apis_.push_back(std::make_unique<Api>(std::move(authenticator), gate_, backoff_, clock_));
  return apis_.back()->retrying;
}

}  // namespace damsync
