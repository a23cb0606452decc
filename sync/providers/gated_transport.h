#pragma once

#include <mutex>
#include <optional>
#include <string_view>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync {

/// The error in an answer by which a provider asks to be left alone for long; nothing for any other answer. Pure.
/// `call` names the call in messages.
using AwayJudge = std::optional<Error> (*)(const HttpResponse& response, std::string_view call, UtcTime now);

/// 429 with a `Retry-After` of more than two minutes: a shorter one is waited for where the call is made.
std::optional<Error> asked_to_stay_away(const HttpResponse& response, std::string_view call, UtcTime now);

/// Keeps an account away from a provider that asked for it: once an answer says so, no call goes out until that time.
///
/// Errors   as the transport below and the judge; kThrottled with `Retry::kAt` and without a status: not sent.
/// Threads  any thread.
class GatedTransport final : public HttpTransport {
 public:
  GatedTransport(HttpTransport& next, Clock& clock, AwayJudge judge) : next_(next), clock_(clock), judge_(judge) {}

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override;

  /// Lets calls out again: whoever asks for them knows what he does.
  void open();
  [[nodiscard]] std::optional<UtcTime> closed_until() const;

 private:
  [[nodiscard]] std::optional<Millis> left() const;

  HttpTransport& next_;
  Clock& clock_;
  const AwayJudge judge_;
  mutable std::mutex mutex_;
  std::optional<SteadyTime> closed_until_;
};

}  // namespace damsync
