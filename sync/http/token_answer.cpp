#include "sync/http/token_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "storage/base/text.h"
#include "sync/http/http_status.h"
#include "sync/http/json_reader.h"

namespace damsync {
namespace {

constexpr std::size_t kMaxToken = 16 << 10;
constexpr Millis kTokenDeadline{30'000};
constexpr double kShortestLife = 60;
constexpr double kLongestLife = 86'400;

Error stop_with(ErrorCode code, std::string_view what) {
  return make_error(code, fmt::format("token endpoint: {}", what));
}

Error unusable(std::string_view what) {
  return retryable(ErrorCode::kProtocol, fmt::format("token endpoint: {}", what));
}

/// Nothing when the endpoint does not say; a number or a number in a string otherwise.
Result<std::optional<Millis>> read_lifetime(const Json* value) {
  if (value == nullptr || value->is_null()) return std::optional<Millis>();
  auto seconds = value->as_double();
  if (const auto* text = value->if_string()) {
    double parsed = 0;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (ec == std::errc{} && end == text->data() + text->size() && std::isfinite(parsed)) seconds = parsed;
  }
  if (!seconds) return unusable("expires_in is not a number");
  const double clamped = std::clamp(*seconds, kShortestLife, kLongestLife);
  return std::optional<Millis>(Millis(static_cast<std::int64_t>(clamped * 1000)));
}

/// The error word of RFC 6749 §5.2. Never the description: some endpoints echo what they were sent.
std::string error_word(const HttpResponse& response) {
  const auto json = parse_json(response.body);
  const Json* word = json ? json->find("error") : nullptr;
  const std::string* text = word == nullptr ? nullptr : word->if_string();
  if (text == nullptr) return fmt::format("status {}", response.status);
  return printable(text->substr(0, 40));
}

Result<Secret> read_token(const Json& answer, std::string_view name) {
  const Json* value = answer.find(name);
  if (value == nullptr || value->is_null()) return Secret();
  const std::string* text = value->if_string();
  if (text == nullptr || text->empty() || text->size() > kMaxToken) return unusable(fmt::format("unusable {}", name));
  for (const char c : *text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
      return stop_with(ErrorCode::kProtocol, fmt::format("{} holds characters that no token has", name));
  return Secret(*text);
}

Result<TokenAnswer> read_tokens(const HttpResponse& response) {
  const auto json = parse_json(response.body);
  if (!json) return unusable("the answer is not JSON");
  if (const Json* type = json->find("token_type"); type != nullptr && !type->is_null())
    if (type->if_string() == nullptr || !iequals(*type->if_string(), "bearer"))
      return stop_with(ErrorCode::kProtocol, "its tokens are not of type bearer");

  auto access = read_token(*json, "access_token");
  if (!access) return access.error();
  if (access->empty()) return unusable("no access_token in the answer");
  auto refreshed = read_token(*json, "refresh_token");
  if (!refreshed) return refreshed.error();
  const auto lifetime = read_lifetime(json->find("expires_in"));
  if (!lifetime) return lifetime.error();
  return TokenAnswer{std::move(*access), std::move(*refreshed), *lifetime};
}

}  // namespace

HttpRequest token_call(Url endpoint, const FormFields& form) {
  HttpRequest request;
  request.method = Method::kPost;
  request.url = std::move(endpoint);
  request.headers.add("Accept", "application/json");
  request.body = make_query(form);
  request.content_type = "application/x-www-form-urlencoded";
  request.deadline = kTokenDeadline;
  request.max_body_bytes = 256 << 10;
  return request;
}

Result<TokenAnswer> read_token_answer(const HttpResponse& response, UtcTime now) {
  if (response.status == 200) return read_tokens(response);
  if (response.status < 400 || response.status >= 500 || response.status == 429)
    return error_from_status(response, "token endpoint", now);
  Error error = stop_with(ErrorCode::kUnauthorized, fmt::format("account refused: {}", error_word(response)));
  error.http_status = response.status;
  return error;
}

}  // namespace damsync
