#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "sync/http/transport.h"

namespace damsync {

/// Answers from a script and remembers what was asked. Each call takes the next scripted answer; without one,
/// `fallback`.
class FakeTransport final : public HttpTransport {
 public:
  using Handler = std::function<Result<HttpResponse>(const HttpRequest&)>;

  void push(Handler handler) { script_.push_back(std::move(handler)); }
  void push(int status, std::string body, Headers headers = {{"Content-Type", "application/json; charset=utf8"}}) {
    push([=](const HttpRequest& request) -> Result<HttpResponse> {
      return HttpResponse{status, headers, body, request.url};
    });
  }
  void push(Error error) {
    push([error = std::move(error)](const HttpRequest&) -> Result<HttpResponse> { return error; });
  }
  void fallback(Handler handler) { fallback_ = std::move(handler); }

  Result<HttpResponse> send(const HttpRequest& request, BodySink* sink, std::stop_token stop) override {
    if (stop.stop_requested()) return make_error(ErrorCode::kCancelled, "stopped");
    const Handler handler = next(request);
    if (!handler) return make_error(ErrorCode::kInternal, "no scripted answer for " + request.url.text());
    auto answer = handler(request);
    if (!answer || sink == nullptr || (answer->status != 200 && answer->status != 206)) return answer;
    return deliver(std::move(*answer), *sink);
  }

  [[nodiscard]] const std::vector<HttpRequest>& requests() const noexcept { return requests_; }

 private:
  Handler next(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (script_.empty()) return fallback_;
    auto handler = std::move(script_.front());
    script_.pop_front();
    return handler;
  }

  static Result<HttpResponse> deliver(HttpResponse answer, BodySink& sink) {
    const HttpHead head{answer.status, answer.headers, static_cast<std::int64_t>(answer.body.size()), true};
    if (auto begun = sink.begin(head); !begun) return begun.error();
    if (auto written = sink.write(answer.body); !written) return written.error();
    answer.body.clear();
    return answer;
  }

  std::mutex mutex_;
  std::deque<Handler> script_;
  Handler fallback_;
  std::vector<HttpRequest> requests_;
};

}  // namespace damsync
