#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/http/token_answer.h"
#include "sync/providers/provider_settings.h"

namespace damsync {

/// A permission that an account's credentials lack, and what does not work without it.
struct MissingScope {
  std::string name;
  std::string purpose;
};

/// What an account's credentials are worth, as the provider tells it.
struct AccessReport {
  std::string username;             ///< empty: the provider does not tell
  std::vector<std::string> scopes;  ///< sorted; empty: the provider knows none
  std::vector<MissingScope> missing;
  std::optional<UtcTime> expires_at;  ///< of the access token; none: see `lifetime`
  std::string lifetime;               ///< one line for a person: when, and what happens then
};

/// One attempt to log in. `state` comes back with the code and ties the two together.
struct LoginAttempt {
  std::string redirect_uri;
  std::string state;
  bool renewable = true;  ///< ask for a token that expires and a refresh token; else for one that lasts
};

/// How damsync gets access to one account, apart from the work it then does there.
///
/// Errors   kUnauthorized: refused by the provider; kSettings: a key is missing; kUsage: the provider has no log-in;
///          else as the transport.
/// Threads  one thread.
class AccountAccess {
 public:
  virtual ~AccountAccess() = default;

  /// Asks the provider with the account's credentials. Free of charge; changes nothing but tokens that are renewed.
  virtual Result<AccessReport> check(std::stop_token stop) = 0;
  /// The page on which a person lets damsync in. Makes no call.
  [[nodiscard]] virtual Result<std::string> login_url(const LoginAttempt& attempt) const = 0;
  /// Turns the code of that page into tokens. A code is good for one call, so this is made once.
  virtual Result<TokenAnswer> redeem(const LoginAttempt& attempt, const Secret& code, std::stop_token stop) = 0;
};

/// Needs no tokens yet, unless `check` is called. Errors: kSettings. Makes no call.
Result<std::unique_ptr<AccountAccess>> make_account_access(const ProviderSettings& settings, Clock& clock, Log& log);

/// Those of `needed` that `granted` lacks.
std::vector<MissingScope> missing_scopes(const std::vector<MissingScope>& needed,
                                         const std::vector<std::string>& granted);

/// The URL with these parameters added to its query.
std::string with_query(const Url& page, const std::vector<std::pair<std::string, std::string>>& params);

/// One unrepeated call to a token endpoint.
Result<TokenAnswer> ask_for_tokens(HttpTransport& transport, Url endpoint, const FormFields& form, Clock& clock,
                                   Redactor& redactor, std::stop_token stop);

}  // namespace damsync
