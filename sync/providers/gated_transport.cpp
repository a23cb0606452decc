#include "sync/providers/gated_transport.h"

#include <fmt/format.h>

#include "storage/base/time.h"
#include "sync/http/http_status.h"

namespace damsync {
namespace {

constexpr Millis kWaitedForElsewhere = std::chrono::minutes(2);

Error not_sent(Millis left, UtcTime now) {
  const UtcTime until = std::chrono::ceil<std::chrono::seconds>(now + left);
  Error error =
      make_error(ErrorCode::kThrottled,
                 fmt::format("not called: the provider asked to be left alone until {}", format_rfc3339(until)));
  error.retry = Retry::kAt;
  error.retry_after = left;
  return error;
}

std::string name_of(const HttpRequest& request) {
  const std::string target = request.url.target();
  return fmt::format("{} {}", to_word(request.method), target.substr(0, target.find('?')));
}

}  // namespace

std::optional<Error> asked_to_stay_away(const HttpResponse& response, std::string_view call, UtcTime now) {
  if (response.status != 429) return std::nullopt;
  const auto wait = retry_after(response.headers, now);
  if (!wait || *wait <= kWaitedForElsewhere) return std::nullopt;
  return error_from_status(response, call, now);
}

Result<HttpResponse> GatedTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  if (const auto wait = left()) return not_sent(*wait, clock_.utc());
  auto answer = next_.send(request, sink, std::move(stop));
  if (!answer) return answer;
  auto away = judge_(*answer, name_of(request), clock_.utc());
  if (!away) return answer;
  const std::lock_guard lock(mutex_);
  closed_until_ = clock_.steady() + away->retry_after;
  return std::move(*away);
}

void GatedTransport::open() {
  const std::lock_guard lock(mutex_);
  closed_until_.reset();
}

std::optional<UtcTime> GatedTransport::closed_until() const {
  const auto wait = left();
  return wait ? std::optional(clock_.utc() + *wait) : std::nullopt;
}

std::optional<Millis> GatedTransport::left() const {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  if (!closed_until_ || now >= *closed_until_) return std::nullopt;
  return std::chrono::ceil<Millis>(*closed_until_ - now);
}

}  // namespace damsync
