#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync::shutterstock {

/// What the service says in an error body: `message`, `errors[].message` and `.data`, as one printable line of at most
/// 300 bytes. Empty when it says nothing.
std::string words_of(const Json& body);
/// The same of text that may not be JSON.
std::string words_of_body(std::string_view body);

/// The JSON of an answer with status 200. `call` names the call in messages.
///
/// Errors   401, and 403 unless it is about the request rate: kUnauthorized; 429: kThrottled, with `Retry-After` kept
///          between 1 s and 1 h; 404: kNotFound; 5xx: kUnavailable; other 4xx: kInvalid, all with the service's words.
///          200 without JSON (an empty body, a login page) and other 2xx: kProtocol, retryable.
Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now);

/// The rows of a list answer.
/// Errors: kProtocol, retryable: no array `data`, or `errors` that is not empty (status 200 is no success then).
Result<const Json::Array*> list_rows(const Json& body, std::string_view call);

}  // namespace damsync::shutterstock
