#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/json.h"
#include "storage/base/result.h"
#include "sync/http/transport.h"

namespace damsync::getty {

/// What a refusal is about. The service changed the wording and the status of most of them over the years.
enum class Refusal {
  kPerSecond,      ///< too many calls a second: goes on after a moment
  kDailyLimit,     ///< too many calls a day: goes on when the day is over
  kQuota,          ///< the product's downloads are used up
  kKey,            ///< the key is missing, wrong or inactive
  kToken,          ///< the token is missing or expired
  kNotAllowed,     ///< the account may not do this
  kNotFound,       ///< the thing is not known
  kPastEnd,        ///< a page beyond the last one
  kBadCollection,  ///< one asset of the batch cannot be shown at all
  kBadRequest,     ///< something in the request is not accepted
  kTrouble,        ///< the service has a problem of its own
  kNoAnswer,       ///< an answer that nobody documented
};

/// The code and the text of an error body, whichever of the service's envelopes it has: `ErrorCode`/`ErrorMessage`,
/// `code`/`message`, `message`, `error`/`error_description`, or none at all.
struct ErrorWords {
  std::string code;
  std::string text;  ///< printable, at most 300 bytes
};
ErrorWords words_of(const HttpResponse& response);

/// What an answer that is no success means. 403 is looked at closely: it may be a request for patience.
Refusal classify(const HttpResponse& response);

/// The same as an `Error` for callers, with the service's words. `call` names the call in messages.
///
/// Errors   kPerSecond, kDailyLimit: kThrottled, the daily limit with the time until the next midnight UTC; kTrouble:
///          kUnavailable; kKey, kToken, kNotAllowed: kUnauthorized; kQuota: kRefusedByPolicy; kNotFound: kNotFound;
///          kPastEnd, kBadCollection, kBadRequest: kInvalid; kNoAnswer: kProtocol, retryable. `Retry-After` is honoured
///          between 1 s and 1 h.
Error refusal_error(const HttpResponse& response, std::string_view call, UtcTime now);

/// The daily limit, in any of its forms, or a `Retry-After` of more than two minutes: as `AwayJudge`.
std::optional<Error> asked_to_stay_away(const HttpResponse& response, std::string_view call, UtcTime now);

/// The JSON of an answer with status 200 or 201.
///
/// Errors   as `refusal_error`; without JSON (an empty body, a login page): kProtocol, retryable.
Result<Json> read_answer(const HttpResponse& response, std::string_view call, UtcTime now);

}  // namespace damsync::getty
