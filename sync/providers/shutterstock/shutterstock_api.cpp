#include "sync/providers/shutterstock/shutterstock_api.h"

#include "sync/http/http_status.h"
#include "sync/providers/shutterstock/answer.h"

namespace damsync::shutterstock {
namespace {

std::string target_of(const std::string& path, const QueryParams& params) {
  return params.empty() ? path : path + "?" + make_query(params);
}

}  // namespace

Result<Json> ShutterstockApi::get(const std::string& path, const QueryParams& params, std::stop_token stop) {
  const auto answer = get_if_changed(path, params, {}, stop);
  if (!answer) return answer.error();
  return read_answer(*answer, "GET " + path, clock_.utc());
}

Result<HttpResponse> ShutterstockApi::get_if_changed(const std::string& path, const QueryParams& params,
                                                     const std::string& etag, std::stop_token stop) {
  HttpRequest request;
  request.url = base_.with_target(target_of(path, params));
  request.headers.add("Accept", "application/json");
  if (!etag.empty()) request.headers.add("If-None-Match", etag);
  return send(request, stop);
}

Result<HttpResponse> ShutterstockApi::post_free(const std::string& path, const Json& body, std::stop_token stop) {
  HttpRequest request;
  request.method = Method::kPost;
  request.url = base_.with_target(path);
  request.headers.add("Accept", "application/json");
  request.body = write_json(body);
  request.content_type = "application/json";
  request.effect = Effect::kSafe;
  return send(request, stop);
}

Clocks ShutterstockApi::clocks() const {
  Clocks now{.local = clock_.utc(), .server = std::nullopt};
  if (server_known_) now.server = now.local + Millis(server_ahead_millis_);
  return now;
}

Result<HttpResponse> ShutterstockApi::send(const HttpRequest& request, std::stop_token stop) {
  auto answer = transport_.send(request, nullptr, stop);
  if (!answer) return answer;
  const std::string* date = answer->headers.find("Date");
  const auto server = date == nullptr ? std::nullopt : parse_http_date(*date);
  if (server) server_ahead_millis_ = (*server - clock_.utc()).count();
  server_known_ = server.has_value();
  return answer;
}

}  // namespace damsync::shutterstock
