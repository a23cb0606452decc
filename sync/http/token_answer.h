#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/http/transport.h"

namespace damsync {

/// The fields of a request to a token endpoint, in order.
using FormFields = std::vector<std::pair<std::string, std::string>>;

/// What a token endpoint hands out.
struct TokenAnswer {
  Secret access_token;
  Secret refresh_token;            ///< empty: none was given
  std::optional<Millis> lifetime;  ///< of the access token, between a minute and a day; none: not told
};

/// The POST that asks a token endpoint.
HttpRequest token_call(Url endpoint, const FormFields& form);

/// Reads what the endpoint answered, whatever its status.
///
/// Errors   kUnauthorized: it refuses (a 4xx), with its error word, never its description; kProtocol: not a token of
///          type bearer, or characters that no token has; kUnavailable, kThrottled: retryable.
/// Source   RFC 6749 §5.
Result<TokenAnswer> read_token_answer(const HttpResponse& response, UtcTime now);

}  // namespace damsync
