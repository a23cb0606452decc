#pragma once

#include <memory>
#include <string>

#include "sync/http/poco_transport.h"
#include "tests/support/raw_server.h"

namespace damsync {

/// A request that does not wait for long.
inline HttpRequest quick_get(const std::string& url, Millis deadline = Millis(3000)) {
  HttpRequest request;
  request.url = Url::parse(url).value();
  request.deadline = deadline;
  return request;
}

inline HttpRequest spending_post(const std::string& url) {
  HttpRequest request = quick_get(url);
  request.method = Method::kPost;
  request.effect = Effect::kSpends;
  request.body = R"({"images":[]})";
  request.content_type = "application/json";
  return request;
}

inline TransportSettings settings_for(const std::string& base_url) {
  TransportSettings settings;
  settings.base_url = Url::parse(base_url).value();
  settings.user_agent = "damsync/test";
  return settings;
}

inline std::unique_ptr<HttpTransport> transport_for(const TransportSettings& settings, Lookup lookup = system_lookup) {
  return std::move(make_poco_transport(settings, std::move(lookup))).value();
}

/// Sends one request to a server that plays `answer` and closes.
inline Result<HttpResponse> ask(const std::string& answer) {
  RawServer server(RawServer::answer(answer));
  return transport_for(settings_for(server.url()))->send(quick_get(server.url()), nullptr, {});
}

inline bool is_error(const Result<HttpResponse>& answer, ErrorCode code, Retry retry) {
  return !answer && answer.error().code == code && answer.error().retry == retry;
}

}  // namespace damsync
