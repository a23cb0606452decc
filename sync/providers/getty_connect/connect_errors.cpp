#include "sync/providers/getty_connect/connect_errors.h"

#include <fmt/format.h>

#include "storage/base/text.h"
#include "sync/http/http_status.h"
#include "sync/http/json_reader.h"

namespace damsync::getty_connect {
namespace {

constexpr std::size_t kShownBytes = 300;

std::string words_of(const HttpResponse& response) {
  const auto body = parse_json(response.body);
  if (!body) return {};
  const auto* list = body->if_array();
  const Json* error = list == nullptr ? &*body : list->empty() ? nullptr : &list->front();
  const Json* text = error == nullptr ? nullptr : error->find("error");
  if (text == nullptr || text->if_string() == nullptr) return {};
  return printable(text->if_string()->substr(0, kShownBytes));
}

}  // namespace

Error refusal_error(const HttpResponse& response, std::string_view call, UtcTime now) {
  const std::string words = words_of(response);
  std::string message = fmt::format("{}: HTTP {}{}{}", call, response.status, words.empty() ? "" : ": ", words);
  Error error;
  switch (response.status) {
    case 400: error = make_error(ErrorCode::kInvalid, std::move(message)); break;
    case 401:
      error = make_error(ErrorCode::kUnauthorized,
                         message + " (check application_key, application_secret, user_id and user_password)");
      break;
    case 404: error = make_error(ErrorCode::kNotFound, std::move(message)); break;
    default: return error_from_status(response, call, now);
  }
  error.http_status = response.status;
  return error;
}

Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now) {
  if (response.status != 200) return refusal_error(response, call, now);
  auto body = parse_json(response.body);
  if (body) return body;
  return retryable(ErrorCode::kProtocol, fmt::format("{}: {}", call, body.error().message));
}

}  // namespace damsync::getty_connect
