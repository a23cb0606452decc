#pragma once

#include <string_view>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync::getty_connect {

/// What a refusal means, with the service's own `error`, which stands in an object or in an array of one.
///
/// Errors   400: kInvalid; 401: kUnauthorized; 404: kNotFound; others as `error_from_status`.
Error refusal_error(const HttpResponse& response, std::string_view call, UtcTime now);

/// The JSON of a 200. Errors: as `refusal_error`; without JSON: kProtocol, retryable.
Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now);

}  // namespace damsync::getty_connect
