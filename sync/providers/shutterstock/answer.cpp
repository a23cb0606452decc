#include "sync/providers/shutterstock/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/http/http_status.h"
#include "sync/http/json_reader.h"

namespace damsync::shutterstock {
namespace {

constexpr std::size_t kShownBytes = 300;

void add_words(std::string& out, const Json* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || text->empty()) return;
  if (!out.empty()) out += "; ";
  out += printable(text->substr(0, kShownBytes));
}

bool holds(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

/// Some gateways answer 403 where 429 is meant.
bool is_about_rate(std::string_view words) {
  const std::string text = to_lower(words);
  return holds(text, "per second") || holds(text, "rate limit") || holds(text, "too many requests") ||
         holds(text, "throttl");
}

Error waiting(ErrorCode code, std::string message, const HttpResponse& response, UtcTime now) {
  Error error = retryable(code, std::move(message));
  if (const auto wait = retry_after(response.headers, now)) {
    error.retry = Retry::kAt;
    error.retry_after = *wait;
  }
  return error;
}

/// The scope that a token needs for a call; empty when any token will do.
std::string_view scope_of(std::string_view call) {
  if (holds(call, "/v2/images/licenses")) return "licenses.view";
  if (holds(call, "/v2/images/collections")) return "collections.view";
  if (holds(call, "/v2/user/subscriptions")) return "purchases.view";
  return {};
}

std::string advice(int status, std::string_view call) {
  const auto scope = scope_of(call);
  if (status != 403 || scope.empty()) return " (check the account's token)";
  return fmt::format(" (check that the account's token has the scope {})", scope);
}

Error classify(const HttpResponse& response, std::string_view call, UtcTime now) {
  const std::string words = words_of_body(response.body);
  const int status = response.status;
  std::string message = fmt::format("{}: HTTP {}{}{}", call, status, words.empty() ? "" : ": ", words);
  if (status == 429 || (status == 403 && is_about_rate(words)))
    return waiting(ErrorCode::kThrottled, std::move(message), response, now);
  if (status >= 500 || status == 408) return waiting(ErrorCode::kUnavailable, std::move(message), response, now);
  if (status == 401 || status == 403) return make_error(ErrorCode::kUnauthorized, message + advice(status, call));
  if (status == 404 || status == 410) return make_error(ErrorCode::kNotFound, std::move(message));
  if (status >= 400) return make_error(ErrorCode::kInvalid, std::move(message));
  return retryable(ErrorCode::kProtocol, fmt::format("{}: unexpected HTTP {}", call, status));
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
  if (response.body.empty()) return retryable(ErrorCode::kProtocol, fmt::format("{}: an empty answer", call));
  const std::string title = page_title(response.body);
  if (title.empty()) return retryable(ErrorCode::kProtocol, fmt::format("{}: {}", call, damage.message));
  return retryable(ErrorCode::kProtocol, fmt::format("{}: a web page instead of JSON, titled '{}'", call, title));
}

}  // namespace

std::string words_of(const Json& body) {
  std::string out;
  add_words(out, body.find("message"));
  const Json* errors = body.find("errors");
  if (const auto* items = errors == nullptr ? nullptr : errors->if_array()) {
    for (const Json& item : *items) {
      add_words(out, &item);
      add_words(out, item.find("message"));
      add_words(out, item.find("data"));
    }
  }
  if (out.empty()) add_words(out, body.find("error"));
  return out.substr(0, kShownBytes);
}

std::string words_of_body(std::string_view body) {
  const auto json = parse_json(body);
  return json ? words_of(*json) : std::string();
}

Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now) {
  const auto with_status = [&](Error error) {
    error.http_status = response.status;
    return error;
  };
  if (response.status != 200) return with_status(classify(response, call, now));
  auto body = parse_json(response.body);
  if (!body) return with_status(not_json(response, call, body.error()));
  if (!body->is_object())
    return with_status(retryable(ErrorCode::kProtocol, fmt::format("{}: the answer is no object", call)));
  return body;
}

Result<const Json::Array*> list_rows(const Json& body, std::string_view call) {
  const Json* errors = body.find("errors");
  const auto* list = errors == nullptr ? nullptr : errors->if_array();
  const bool clean = errors == nullptr || errors->is_null() || (list != nullptr && list->empty());
  if (!clean) return retryable(ErrorCode::kProtocol, fmt::format("{}: errors at HTTP 200: {}", call, words_of(body)));
  const Json* data = body.find("data");
  if (data == nullptr || !data->is_array())
    return retryable(ErrorCode::kProtocol, fmt::format("{}: no array 'data' {}", call, words_of(body)));
  return data->if_array();
}

}  // namespace damsync::shutterstock
