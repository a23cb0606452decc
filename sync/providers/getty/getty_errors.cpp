#include "sync/providers/getty/getty_errors.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "sync/http/http_status.h"
#include "sync/http/json_reader.h"
#include "sync/providers/gated_transport.h"

namespace damsync::getty {
namespace {

constexpr std::size_t kShownBytes = 300;

std::string text_member(const Json& body, std::string_view key) {
  const Json* value = body.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : printable(std::string_view(*text).substr(0, kShownBytes));
}

std::string first_member(const Json& body, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys)
    if (std::string text = text_member(body, key); !text.empty()) return text;
  return {};
}

bool holds(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

/// The texts by which the service tells its refusals apart, with the header that older versions used.
std::string all_words(const HttpResponse& response) {
  const ErrorWords words = words_of(response);
  const std::string* detail = response.headers.find("X-Error-Detail");
  return to_lower(words.code + " " + words.text + " " + (detail == nullptr ? "" : *detail));
}

bool is_per_second(std::string_view words) {
  return holds(words, "per second") || holds(words, "too many requests") || holds(words, "throttl");
}

bool is_daily(std::string_view words) {
  return holds(words, "over rate limit") || holds(words, "daily") || holds(words, "per day");
}

bool is_quota(std::string_view words) {
  return holds(words, "overagelimitreached") || holds(words, "no product offering") || holds(words, "download limit") ||
         holds(words, "quota");
}

/// An envelope of text alone has no code; that of a wrong page size is `InvalidPageSize`.
bool is_past_end(std::string_view words) {
  return holds(words, "invalidpage ") || holds(words, "page must be less than or equal to");
}

Refusal classify_403(std::string_view words) {
  if (is_per_second(words)) return Refusal::kPerSecond;
  if (is_daily(words)) return Refusal::kDailyLimit;
  if (is_quota(words)) return Refusal::kQuota;
  return holds(words, "inactive") ? Refusal::kKey : Refusal::kNotAllowed;
}

Refusal classify_401(const HttpResponse& response, std::string_view words) {
  const bool about_token = holds(words, "token") || response.headers.find("WWW-Authenticate") != nullptr;
  return about_token ? Refusal::kToken : Refusal::kKey;
}

Error patience(Error error, const HttpResponse& response, UtcTime now) {
  error.retry = Retry::kAfterBackoff;
  if (const auto wait = retry_after(response.headers, now)) {
    error.retry = Retry::kAt;
    error.retry_after = *wait;
  }
  return error;
}

/// Nobody says when the day ends for the service; midnight UTC is the latest sensible guess.
Error until_midnight(Error error, UtcTime now) {
  const auto midnight = std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1);
  error.retry = Retry::kAt;
  error.retry_after = std::max<Millis>(midnight - now, std::chrono::minutes(1));
  return error;
}

ErrorCode code_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kPerSecond:
    case Refusal::kDailyLimit: return ErrorCode::kThrottled;
    case Refusal::kQuota: return ErrorCode::kRefusedByPolicy;
    case Refusal::kKey:
    case Refusal::kToken:
    case Refusal::kNotAllowed: return ErrorCode::kUnauthorized;
    case Refusal::kNotFound: return ErrorCode::kNotFound;
    case Refusal::kPastEnd:
    case Refusal::kBadCollection:
    case Refusal::kBadRequest: return ErrorCode::kInvalid;
    case Refusal::kTrouble: return ErrorCode::kUnavailable;
    case Refusal::kNoAnswer: break;
  }
  return ErrorCode::kProtocol;
}

const char* advice(Refusal refusal) {
  switch (refusal) {
    case Refusal::kKey: return " (check the account's api_key)";
    case Refusal::kToken: return " (check client_secret, username and password)";
    case Refusal::kNotAllowed: return " (ask the Getty Images representative to enable this for the key)";
    case Refusal::kDailyLimit: return " (the daily limit of the key is used up; goes on tomorrow)";
    default: return "";
  }
}

/// A login or maintenance page usually says in its title what it is.
std::string page_title(std::string_view html) {
  const std::string lower = to_lower(html.substr(0, 4096));
  const std::size_t open = lower.find("<title>");
  const std::size_t close = lower.find("</title>");
  if (open == std::string::npos || close == std::string::npos || close < open + 7) return {};
  return printable(html.substr(open + 7, std::min<std::size_t>(close - open - 7, 80)));
}

Error not_json(const HttpResponse& response, std::string_view call, const Error& damage) {
  std::string what = damage.message;
  if (response.body.empty()) what = "an empty answer";
  if (const std::string title = page_title(response.body); !title.empty())
    what = fmt::format("a web page instead of JSON, titled '{}'", title);
  Error error = retryable(ErrorCode::kProtocol, fmt::format("{}: {}", call, what));
  error.http_status = response.status;
  return error;
}

}  // namespace

ErrorWords words_of(const HttpResponse& response) {
  const auto body = parse_json(response.body);
  if (!body) return {};
  return ErrorWords{
      .code = first_member(*body, {"ErrorCode", "errorCode", "code", "error"}),
      .text = first_member(*body, {"ErrorMessage", "errorMessage", "message", "Message", "error_description"})};
}

Refusal classify(const HttpResponse& response) {
  const std::string words = all_words(response);
  switch (response.status) {
    case 400: return is_past_end(words) ? Refusal::kPastEnd : Refusal::kBadRequest;
    case 401: return classify_401(response, words);
    case 403: return classify_403(words);
    case 404:
    case 410: return Refusal::kNotFound;
    case 408: return Refusal::kTrouble;
    case 429: return is_daily(words) ? Refusal::kDailyLimit : Refusal::kPerSecond;
    default: break;
  }
  if (response.status >= 500)
    return holds(words, "invalidistockcollection") ? Refusal::kBadCollection : Refusal::kTrouble;
  return response.status >= 400 ? Refusal::kBadRequest : Refusal::kNoAnswer;
}

Error refusal_error(const HttpResponse& response, std::string_view call, UtcTime now) {
  const Refusal refusal = classify(response);
  ErrorWords words = words_of(response);
  const std::string* detail = response.headers.find("X-Error-Detail");
  if (words.text.empty() && detail != nullptr) words.text = printable(std::string_view(*detail).substr(0, kShownBytes));
  std::string said = words.code;
  if (!words.text.empty()) said += (said.empty() ? "" : ": ") + words.text;
  Error error = make_error(code_of(refusal), fmt::format("{}: HTTP {}{}{}{}", call, response.status,
                                                         said.empty() ? "" : ": ", said, advice(refusal)));
  error.http_status = response.status;
  if (refusal == Refusal::kDailyLimit) return until_midnight(std::move(error), now);
  if (refusal == Refusal::kPerSecond || refusal == Refusal::kTrouble || refusal == Refusal::kNoAnswer)
    return patience(std::move(error), response, now);
  return error;
}

std::optional<Error> asked_to_stay_away(const HttpResponse& response, std::string_view call, UtcTime now) {
  const bool limit = (response.status == 403 || response.status == 429) && classify(response) == Refusal::kDailyLimit;
  return limit ? refusal_error(response, call, now) : damsync::asked_to_stay_away(response, call, now);
}

Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now) {
  if (response.status != 200 && response.status != 201) return refusal_error(response, call, now);
  auto body = parse_json(response.body);
  if (!body) return not_json(response, call, body.error());
  return body;
}

}  // namespace damsync::getty
