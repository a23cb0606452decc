#pragma once

#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/json.h"
#include "storage/base/result.h"
#include "storage/base/secret.h"
#include "sync/http/transport.h"

namespace damsync::getty_connect {

/// Who asks for tokens. Without a user the application stands for itself.
struct TokenRequest {
  Url url;
  Secret application_key;
  Secret application_secret;
  std::string user_id;
  Secret user_password;
};

/// Tokens of `POST /api/token`, renewed five minutes or a sixth of their life before they end. An old token is used as
/// long as it holds when the service is out of order. The service is asked at most once a minute.
///
/// Errors   kUnauthorized: the service refuses the account; kProtocol, kUnavailable: retryable.
/// Threads  any thread; one fetches, the others wait for it.
class TokenSource {
 public:
  /// `transport` should be the account's paced one; new tokens are made known to `redactor`. All three outlive this.
  TokenSource(TokenRequest request, HttpTransport& transport, Clock& clock, Redactor& redactor)
      : request_(std::move(request)), transport_(transport), clock_(clock), redactor_(redactor) {}

  Result<Secret> current(std::stop_token stop);
  /// After `refused` was not accepted: true when `current` now is another one.
  Result<bool> replace(const Secret& refused, std::stop_token stop);

 private:
  Status fetch(std::stop_token stop);
  Status take(const Json& body);
  [[nodiscard]] HttpRequest call() const;
  [[nodiscard]] bool asked_lately() const;

  const TokenRequest request_;
  HttpTransport& transport_;
  Clock& clock_;
  Redactor& redactor_;

  std::mutex mutex_;
  Secret token_;
  SteadyTime expires_at_{};
  SteadyTime renew_at_{};
  std::optional<SteadyTime> asked_at_;
  std::optional<Error> last_error_;
};

}  // namespace damsync::getty_connect
