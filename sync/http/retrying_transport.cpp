#include "sync/http/retrying_transport.h"

#include <algorithm>

#include "sync/http/http_status.h"

namespace damsync {

namespace {

constexpr int kMaxAttempts = 5;
constexpr Millis kLongestWait{120'000};

/// Remembers whether anything reached the caller's sink.
class WatchedSink final : public BodySink {
 public:
  explicit WatchedSink(BodySink* sink) : sink_(sink) {}

  Status begin(const HttpHead& head) override {
    begun_ = true;
    return sink_->begin(head);
  }
  Status write(std::span<const char> bytes) override { return sink_->write(bytes); }
  [[nodiscard]] bool begun() const noexcept { return begun_; }

 private:
  BodySink* sink_;
  bool begun_ = false;
};

bool passes(const Result<HttpResponse>& answer) {
  return answer ? is_temporary(answer->status) : answer.error().retry == Retry::kAfterBackoff;
}

}  // namespace

Result<HttpResponse> RetryingTransport::send(const HttpRequest& request, BodySink* sink, std::stop_token stop) {
  if (request.effect == Effect::kSpends) return next_.send(request, sink, std::move(stop));

  const SteadyTime end = clock_.steady() + request.deadline;
  WatchedSink watched(sink);
  HttpRequest attempt = request;
  for (int failures = 0;; ++failures) {
    auto answer = next_.send(attempt, sink == nullptr ? nullptr : &watched, stop);
    if (!passes(answer) || watched.begun()) return answer;

    const auto left = std::chrono::floor<Millis>(end - clock_.steady());
    const auto asked = answer ? retry_after(answer->headers, clock_.utc()) : std::nullopt;
    if (asked && (*asked > kLongestWait || *asked >= left))
      return error_from_status(*answer, "asked to come back later", clock_.utc());
    if (failures + 1 == kMaxAttempts) return answer;
    const Millis wait = std::max(asked.value_or(Millis(0)), backoff_.next(failures));
    if (wait >= left) return answer;
    if (!clock_.wait(wait, stop)) return make_error(ErrorCode::kCancelled, "stopped while waiting to try again");
    attempt.deadline = left - wait;
  }
}

}  // namespace damsync
