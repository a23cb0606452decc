#include "sync/http/oauth2_auth.h"

#include <algorithm>

namespace damsync {

namespace {

constexpr Millis kAskAgainAfter{60'000};
constexpr Millis kRenewAhead{300'000};

}  // namespace

OAuth2Auth::OAuth2Auth(OAuth2Settings settings, HttpTransport& transport, Clock& clock, Redactor& redactor,
                       SaveToken save, LoadToken load)
    : settings_(std::move(settings)),
      transport_(transport),
      clock_(clock),
      redactor_(redactor),
      save_(std::move(save)),
      load_(std::move(load)),
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
  Error error =
      last_error_.value_or(retryable(ErrorCode::kProtocol, "token endpoint: the token ended sooner than announced"));
  if (error.retry == Retry::kNever) return error;
  error.retry = Retry::kAt;
  error.retry_after = std::chrono::ceil<Millis>(*asked_at_ + kAskAgainAfter - clock_.steady());
  return error;
}

Status OAuth2Auth::fetch(std::stop_token stop) {
  asked_at_ = clock_.steady();
  auto answer = ask(stop);
  if (!answer && answer.error().code == ErrorCode::kUnauthorized && reload_refresh_token()) answer = ask(stop);
  if (!answer && answer.error().code == ErrorCode::kCancelled) asked_at_.reset();
  Status done = answer ? take(std::move(*answer)) : Status(answer.error());
  last_error_ = done ? std::nullopt : std::optional(done.error());
  return done;
}

Result<TokenAnswer> OAuth2Auth::ask(std::stop_token stop) {
  const auto response = transport_.send(token_request(), nullptr, std::move(stop));
  if (!response) return response.error();
  return read_token_answer(*response, clock_.utc());
}

/// True when there now is another one than was refused.
bool OAuth2Auth::reload_refresh_token() {
  if (settings_.grant != OAuth2Grant::kRefreshToken || !load_ || unsaved_) return false;
  auto stored = load_();
  if (!stored || stored->empty() || stored->reveal() == refresh_token_.reveal()) return false;
  redactor_.add(*stored);
  refresh_token_ = std::move(*stored);
  return true;
}

HttpRequest OAuth2Auth::token_request() const {
  FormFields form;
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
  return token_call(settings_.token_url, form);
}

Status OAuth2Auth::take(TokenAnswer answer) {
  redactor_.add_passing(answer.access_token);
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
