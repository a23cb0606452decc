#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "storage/base/clock.h"
#include "storage/base/secret.h"
#include "sync/http/authenticator.h"
#include "sync/http/token_answer.h"

namespace damsync {

enum class OAuth2Grant { kRefreshToken, kClientCredentials, kPassword };

/// What an account needs to get tokens. Members that the grant does not use stay empty.
struct OAuth2Settings {
  Url token_url;
  OAuth2Grant grant = OAuth2Grant::kClientCredentials;
  std::string client_id;
  Secret client_secret;
  Secret access_token;  ///< used first, until it is refused; empty: fetch one
  Secret refresh_token;
  std::string username;
  Secret password;
  Secret api_key;  ///< sent as `Api-Key` with every call when not empty
};

/// Tokens from an OAuth 2 token endpoint, renewed five minutes or a sixth of their life before they end. An old token
/// is used as long as it holds when the endpoint is out of order. The endpoint is asked at most once a minute.
///
/// A refresh token that the endpoint replaced is handed to `save` before anything else happens; while it cannot be
/// saved there are no credentials. One that is refused is read anew by `load`: another process may have replaced it, or
/// a person logged in again.
///
/// Errors   kUnauthorized: the endpoint refuses the account; kProtocol; kUnavailable; what `save` returns.
/// Threads  any thread; one fetches, the others wait for it.
/// Source   RFC 6749 §4–§6.
class OAuth2Auth final : public Authenticator {
 public:
  using SaveToken = std::function<Status(const Secret& refresh_token)>;
  using LoadToken = std::function<Result<Secret>()>;

  /// `transport` should be the account's paced one, so that token calls count; new tokens are made known to `redactor`.
  OAuth2Auth(OAuth2Settings settings, HttpTransport& transport, Clock& clock, Redactor& redactor, SaveToken save = {},
             LoadToken load = {});

  Status authorize(HttpRequest& request, std::stop_token stop) override;
  Result<bool> refresh(std::stop_token stop) override;

 private:
  Status ensure_token(std::stop_token stop);
  Status fetch(std::stop_token stop);
  Result<TokenAnswer> ask(std::stop_token stop);
  bool reload_refresh_token();
  Status take(TokenAnswer answer);
  Status save_refresh_token();
  [[nodiscard]] HttpRequest token_request() const;
  [[nodiscard]] bool asked_lately() const;
  [[nodiscard]] Error too_soon() const;

  const OAuth2Settings settings_;
  HttpTransport& transport_;
  Clock& clock_;
  Redactor& redactor_;
  const SaveToken save_;
  const LoadToken load_;

  std::mutex mutex_;
  Secret access_token_;
  Secret refresh_token_;
  bool unsaved_ = false;                  // the refresh token was replaced and is not saved yet
  std::optional<SteadyTime> expires_at_;  // unknown: only a 401 tells
  std::optional<SteadyTime> renew_at_;
  std::optional<SteadyTime> asked_at_;
  std::optional<Error> last_error_;
};

}  // namespace damsync
