#include "sync/providers/getty_connect/token_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "storage/base/ulid.h"
#include "sync/providers/getty_connect/connect_errors.h"

namespace damsync::getty_connect {
namespace {

constexpr const char* kCall = "POST /api/token";
constexpr std::size_t kLongestToken = 16 << 10;
constexpr Millis kTokenDeadline{30'000};
constexpr Millis kAskAgainAfter{60'000};
constexpr Millis kRenewAhead = std::chrono::minutes(5);
constexpr std::int64_t kUsualMinutes = 30;
constexpr std::int64_t kMostMinutes = 24 * 60;

Error unusable(std::string_view what) { return retryable(ErrorCode::kProtocol, fmt::format("{}: {}", kCall, what)); }

/// A number, or a number as text; the documented half hour when it is not said.
Result<Millis> read_lifetime(const Json* value) {
  if (value == nullptr || value->is_null()) return Millis(std::chrono::minutes(kUsualMinutes));
  auto minutes = value->as_int64();
  if (const auto* text = value->if_string()) {
    std::int64_t parsed = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), parsed);
    if (error == std::errc() && end == text->data() + text->size()) minutes = parsed;
  }
  if (!minutes) return unusable("token_duration_minutes is no number");
  return Millis(std::chrono::minutes(std::clamp<std::int64_t>(*minutes, 1, kMostMinutes)));
}

/// A token becomes part of a header, so nothing that could end one is taken.
Result<Secret> read_token(const Json& token, std::string_view name) {
  const Json* value = token.find(name);
  if (value == nullptr || value->is_null()) return Secret();
  const auto* text = value->if_string();
  if (text == nullptr || text->size() > kLongestToken) return unusable(fmt::format("unusable {}", name));
  const auto is_bad = [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f;
  };
  if (std::any_of(text->begin(), text->end(), is_bad))
    return unusable(fmt::format("{} holds characters that no token has", name));
  return Secret(*text);
}

}  // namespace

Result<Secret> TokenSource::current(std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady();
  const bool usable = !token_.empty() && now < expires_at_;
  if (usable && (now < renew_at_ || asked_lately())) return token_;
  if (asked_lately() && last_error_) {
    Error error = *last_error_;
    if (error.retry == Retry::kNever) return error;
    error.retry = Retry::kAt;
    error.retry_after = std::chrono::ceil<Millis>(*asked_at_ + kAskAgainAfter - now);
    return error;
  }
  const auto fetched = fetch(std::move(stop));
  const bool passing = !fetched && fetched.error().retry != Retry::kNever;
  if (fetched || (usable && passing)) return token_;
  return fetched.error();
}

Result<bool> TokenSource::replace(const Secret& refused, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  if (!token_.empty() && token_.reveal() != refused.reveal()) return true;  // another worker was here
  if (asked_lately()) return false;
  if (auto fetched = fetch(std::move(stop)); !fetched) return fetched.error();
  return true;
}

bool TokenSource::asked_lately() const { return asked_at_ && clock_.steady() - *asked_at_ < kAskAgainAfter; }

Status TokenSource::fetch(std::stop_token stop) {
  asked_at_ = clock_.steady();
  const auto answer = transport_.send(call(), nullptr, std::move(stop));
  if (!answer && answer.error().code == ErrorCode::kCancelled) asked_at_.reset();
  const auto body = answer ? read_answer(*answer, kCall, clock_.utc()) : Result<Json>(answer.error());
  Status done = body ? take(*body) : Status(body.error());
  last_error_ = done ? std::nullopt : std::optional(done.error());
  return done;
}

HttpRequest TokenSource::call() const {
  std::vector<std::pair<std::string, std::string>> form{{"application_key", request_.application_key.reveal()},
                                                        {"application_secret", request_.application_secret.reveal()}};
  if (!request_.user_id.empty()) {
    form.emplace_back("user_id", request_.user_id);
    form.emplace_back("user_password", request_.user_password.reveal());
  }
  form.emplace_back("coordination_id", make_ulid(clock_.utc()));
  HttpRequest out;
  out.method = Method::kPost;
  out.url = request_.url;
  out.headers.add("Accept", "application/json");
  out.body = make_query(form);
  out.content_type = "application/x-www-form-urlencoded";
  out.deadline = kTokenDeadline;
  out.max_body_bytes = 256 << 10;
  return out;
}

Status TokenSource::take(const Json& body) {
  const Json* token = body.find("token");
  if (token == nullptr || !token->is_object()) return unusable("no object 'token' in the answer");
  auto plain = read_token(*token, "token");
  if (!plain) return plain.error();
  auto secure = read_token(*token, "ssl_token");
  if (!secure) return secure.error();
  if (plain->empty()) plain = secure;
  if (plain->empty()) return unusable("no token in the answer");
  const auto lifetime = read_lifetime(token->find("token_duration_minutes"));
  if (!lifetime) return lifetime.error();
  redactor_.add_passing(*plain);
  redactor_.add_passing(*secure);
  token_ = std::move(*plain);
  expires_at_ = clock_.steady() + *lifetime;
  renew_at_ = expires_at_ - std::min(kRenewAhead, *lifetime / 6);
  return {};
}

}  // namespace damsync::getty_connect
