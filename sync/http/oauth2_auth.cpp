#include "sync/http/oauth2_auth.h"

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
constexpr Millis kAskAgainAfter{60'000};
constexpr Millis kRenewAhead{300'000};
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

}  // namespace

OAuth2Auth::OAuth2Auth(OAuth2Settings settings, HttpTransport& transport, Clock& clock, Redactor& redactor,
                       SaveToken save)
    : settings_(std::move(settings)),
      transport_(transport),
      clock_(clock),
      redactor_(redactor),
      save_(std::move(save)),
      access_token_(settings_.access_token),
      refresh_token_(settings_.refresh_token) {}

Status OAuth2Auth::authorize(HttpRequest& request, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (auto ready = ensure_token(std::move(stop)); !ready) return ready;
  request.credentials.set("Authorization", "Bearer " + access_token_.reveal());
  if (!settings_.api_key.empty()) request.credentials.set("Api-Key", settings_.api_key.reveal());
  return {};
}

Result<bool> OAuth2Auth::refresh(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (asked_lately()) return false;
  if (auto fetched = fetch(std::move(stop)); !fetched) return fetched.error();
  return true;
}

Status OAuth2Auth::ensure_token(std::stop_token stop) {
  if (unsaved_)
    if (auto saved = save_refresh_token(); !saved) return saved;
  const SteadyTime now = clock_.steady();
  const bool usable = !access_token_.empty() && (!expires_at_ || now < *expires_at_);
  if (usable && (!renew_at_ || now < *renew_at_)) return {};
  if (asked_lately()) return usable ? Status() : Status(too_soon());
  auto fetched = fetch(std::move(stop));
  const bool passing = !fetched && fetched.error().retry != Retry::kNever;
  return usable && passing ? Status() : fetched;
}

bool OAuth2Auth::asked_lately() const { return asked_at_ && clock_.steady() - *asked_at_ < kAskAgainAfter; }

Error OAuth2Auth::too_soon() const {
  Error error = last_error_.value_or(unusable("the token ended sooner than announced"));
  if (error.retry == Retry::kNever) return error;
  error.retry = Retry::kAt;
  error.retry_after = std::chrono::ceil<Millis>(*asked_at_ + kAskAgainAfter - clock_.steady());
  return error;
}

Status OAuth2Auth::fetch(std::stop_token stop) {
  asked_at_ = clock_.steady();
  auto answer = ask(stop);
  if (!answer && answer.error().code == ErrorCode::kCancelled) asked_at_.reset();
  Status done = answer ? take(std::move(*answer)) : Status(answer.error());
  last_error_ = done ? std::nullopt : std::optional(done.error());
  return done;
}

Result<OAuth2Auth::Answer> OAuth2Auth::ask(std::stop_token stop) {
  auto response = transport_.send(token_request(), nullptr, std::move(stop));
  if (!response) return response.error();
  if (response->status == 200) return read_answer(*response);
  if (response->status >= 400 && response->status < 500 && response->status != 429) {
    Error error = stop_with(ErrorCode::kUnauthorized, fmt::format("account refused: {}", error_word(*response)));
    error.http_status = response->status;
    return error;
  }
  return error_from_status(*response, "token endpoint", clock_.utc());
}

HttpRequest OAuth2Auth::token_request() const {
  std::vector<std::pair<std::string, std::string>> form;
  switch (settings_.grant) {
    case OAuth2Grant::kRefreshToken:
      form = {{"grant_type", "refresh_token"}, {"refresh_token", refresh_token_.reveal()}};
      break;
    case OAuth2Grant::kClientCredentials: form = {{"grant_type", "client_credentials"}}; break;
    case OAuth2Grant::kPassword:
      form = {{"grant_type", "password"}, {"username", settings_.username}, {"password", settings_.password.reveal()}};
      break;
  }
  if (!settings_.client_id.empty()) form.emplace_back("client_id", settings_.client_id);
  if (!settings_.client_secret.empty()) form.emplace_back("client_secret", settings_.client_secret.reveal());

  HttpRequest request;
  request.method = Method::kPost;
  request.url = settings_.token_url;
  request.headers.add("Accept", "application/json");
  request.body = make_query(form);
  request.content_type = "application/x-www-form-urlencoded";
  request.deadline = kTokenDeadline;
  request.max_body_bytes = 256 << 10;
  return request;
}

Result<OAuth2Auth::Answer> OAuth2Auth::read_answer(const HttpResponse& response) const {
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
  return Answer{std::move(*access), std::move(*refreshed), *lifetime};
}

Status OAuth2Auth::take(Answer answer) {
  redactor_.add(answer.access_token);
  access_token_ = std::move(answer.access_token);
  expires_at_.reset();
  renew_at_.reset();
  if (answer.lifetime) {
    expires_at_ = clock_.steady() + *answer.lifetime;
    renew_at_ = *expires_at_ - std::min(kRenewAhead, *answer.lifetime / 6);
  }
  const bool replaced = settings_.grant == OAuth2Grant::kRefreshToken && !answer.refresh_token.empty() &&
                        answer.refresh_token.reveal() != refresh_token_.reveal();
  if (!replaced) return {};
  redactor_.add(answer.refresh_token);
  refresh_token_ = std::move(answer.refresh_token);
  unsaved_ = true;
  return save_refresh_token();
}

Status OAuth2Auth::save_refresh_token() {
  Status saved = save_ ? save_(refresh_token_)
                       : Status(make_error(ErrorCode::kSettings, "no place to save a new refresh token is configured"));
  if (saved) {
    unsaved_ = false;
    return {};
  }
  Error error = saved.error();
  error.message = "the provider replaced the refresh token and it could not be saved: " + error.message;
  error.retry = Retry::kNever;
  return error;
}

}  // namespace damsync
