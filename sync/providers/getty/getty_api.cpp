#include "sync/providers/getty/getty_api.h"

#include <algorithm>

#include "sync/http/http_status.h"
#include "sync/providers/getty/getty_errors.h"

namespace damsync::getty {
namespace {

constexpr int kMostWaits = 5;
constexpr Millis kFirstWait{1000};
constexpr Millis kBelievable = std::chrono::days(31);

std::string target_of(const std::string& path, const QueryParams& params) {
  return params.empty() ? path : path + "?" + make_query(params);
}

}  // namespace

Result<Json> GettyApi::get(const std::string& path, const QueryParams& params, std::stop_token stop) {
  const auto answer = call(Method::kGet, path, params, stop);
  if (!answer) return answer.error();
  return read_answer(*answer, "GET " + path, clock_.utc());
}

Result<HttpResponse> GettyApi::call(Method method, const std::string& path, const QueryParams& params,
                                    std::stop_token stop) {
  return send_patiently(request_for(method, path, params), stop);
}

Result<HttpResponse> GettyApi::spend(const std::string& path, const QueryParams& params, const std::string& json,
                                     std::stop_token stop) {
  HttpRequest request = request_for(Method::kPost, path, params);
  request.effect = Effect::kSpends;
  request.body = json;
  request.content_type = "application/json";
  return transport_.send(request, nullptr, std::move(stop));
}

HttpRequest GettyApi::request_for(Method method, const std::string& path, const QueryParams& params) const {
  HttpRequest request;
  request.method = method;
  request.url = identity_.base.with_target(target_of(path, params));
  request.headers.add("Accept", "application/json");
  if (!identity_.language.empty()) request.headers.add("Accept-Language", identity_.language);
  request.credentials.add("Api-Key", identity_.api_key.reveal());
  return request;
}

/// The retries below this class know 429; only here is it known that a 403 can mean the same.
Result<HttpResponse> GettyApi::send_patiently(const HttpRequest& request, std::stop_token stop) {
  for (int waits = 0;; ++waits) {
    auto answer = transport_.send(request, nullptr, stop);
    if (!answer) return answer;
    learn_clock(*answer);
    const bool asked_to_wait = answer->status == 403 && classify(*answer) == Refusal::kPerSecond;
    if (!asked_to_wait || waits == kMostWaits) return answer;
    if (!clock_.wait(kFirstWait * (1 << waits), stop)) return make_error(ErrorCode::kCancelled, "stopped");
  }
}

void GettyApi::learn_clock(const HttpResponse& response) {
  const std::string* date = response.headers.find("Date");
  if (date == nullptr) return;
  if (const auto server = parse_http_date(*date)) server_ahead_millis_ = (*server - clock_.utc()).count();
}

UtcTime GettyApi::earlier() const { return clock_.utc() + std::min(Millis(server_ahead_millis_), Millis(0)); }

UtcTime GettyApi::later() const {
  const Millis ahead(server_ahead_millis_);
  if (ahead < -kBelievable || ahead > kBelievable) return earlier();
  return clock_.utc() + std::max(ahead, Millis(0));
}

}  // namespace damsync::getty
