#include "sync/providers/shutterstock/shutterstock_access.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"
#include "storage/base/time.h"
#include "sync/providers/account_stack.h"
#include "sync/providers/shutterstock/shutterstock_api.h"
#include "sync/providers/shutterstock/user_auth.h"

namespace damsync {
namespace {

constexpr const char* kAuthorizePath = "/v2/oauth/authorize";
constexpr const char* kTokenInfoPath = "/v2/user/access_token";
constexpr std::int64_t kLongestLifeSeconds = std::int64_t{100} * 366 * 86'400;

std::vector<MissingScope> needed_scopes(const ProviderSettings& settings) {
  std::vector<MissingScope> needed = {{"licenses.view", "the license history and the files cannot be read"},
                                      {"purchases.view", "what is left of the plans cannot be read"}};
  if (settings.collections) needed.push_back({"collections.view", "the collections cannot be mirrored"});
  return needed;
}

/// What the log-in page asks the person for: what is needed, and whose token it is.
std::string wanted_scopes(const ProviderSettings& settings) {
  std::string words = "user.view";
  for (const auto& scope : needed_scopes(settings)) words += " " + scope.name;
  return words;
}

std::vector<std::string> read_scopes(const Json& body) {
  std::vector<std::string> out;
  const Json* scopes = body.find("scopes");
  if (scopes == nullptr || scopes->if_array() == nullptr) return out;
  for (const Json& scope : *scopes->if_array())
    if (const auto* text = scope.if_string()) out.push_back(printable(*text));
  std::sort(out.begin(), out.end());
  return out;
}

class ShutterstockAccess final : public AccountAccess {
 public:
  ShutterstockAccess(std::unique_ptr<AccountStack> stack, ProviderSettings settings, Url base, Url token_url,
                     Clock& clock, Log& log)
      : stack_(std::move(stack)),
        settings_(std::move(settings)),
        base_(std::move(base)),
        token_url_(std::move(token_url)),
        clock_(clock),
        log_(log) {}

  Result<AccessReport> check(std::stop_token stop) override {
    if (auto fine = shutterstock::check_user_token(settings_); !fine) return fine.error();
    HttpTransport& user =
        stack_->authenticated(shutterstock::make_user_auth(settings_, token_url_, stack_->paced(), clock_, log_));
    shutterstock::ShutterstockApi api(base_, user, clock_);
    const auto body = api.get(kTokenInfoPath, {}, std::move(stop));
    if (!body) return body.error();
    return read_report(*body);
  }

  Result<std::string> login_url(const LoginAttempt& attempt) const override {
    if (settings_.client_id.empty() || settings_.client_secret.empty())
      return make_error(ErrorCode::kSettings,
                        fmt::format("account '{}': client_id and client_secret of the application are needed to log in",
                                    settings_.account));
    return with_query(base_.with_target(kAuthorizePath), {{"client_id", settings_.client_id},
                                                          {"redirect_uri", attempt.redirect_uri},
                                                          {"response_type", "code"},
                                                          {"state", attempt.state},
                                                          {"scope", wanted_scopes(settings_)},
                                                          {"realm", "customer"}});
  }

  /// Only with `expires` does the service give a refresh token; without it the access token lasts.
  Result<TokenAnswer> redeem(const LoginAttempt& attempt, const Secret& code, std::stop_token stop) override {
    FormFields form = {{"client_id", settings_.client_id},
                       {"client_secret", settings_.client_secret.reveal()},
                       {"grant_type", "authorization_code"},
                       {"code", code.reveal()},
                       {"realm", "customer"},
                       {"expires", attempt.renewable ? "true" : "false"}};
    return ask_for_tokens(stack_->paced(), token_url_, form, clock_, log_.redactor(), std::move(stop));
  }

 private:
  [[nodiscard]] Result<AccessReport> read_report(const Json& body) const {
    AccessReport report;
    if (const Json* name = body.find("username"); name != nullptr && name->if_string() != nullptr)
      report.username = *name->if_string();
    report.scopes = read_scopes(body);
    report.missing = missing_scopes(needed_scopes(settings_), report.scopes);
    const Json* expires = body.find("expires_in");
    if (expires == nullptr || expires->is_null()) {
      report.lifetime = "does not expire; ends when the user's password changes or access is withdrawn";
      return report;
    }
    const auto seconds = expires->as_int64();
    if (!seconds)
      return retryable(ErrorCode::kProtocol, fmt::format("GET {}: expires_in is not a whole number", kTokenInfoPath));
    report.expires_at = clock_.utc() + std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, kLongestLifeSeconds));
    report.lifetime = shutterstock::can_renew(settings_) ? "renewed by itself before it ends"
                                                         : "cannot be renewed without a person: log in again in time";
    return report;
  }

  std::unique_ptr<AccountStack> stack_;
  ProviderSettings settings_;
  Url base_;
  Url token_url_;
  Clock& clock_;
  Log& log_;
};

}  // namespace

Result<std::unique_ptr<AccountAccess>> make_shutterstock_access(const ProviderSettings& settings,
                                                                TransportSettings transport, Clock& clock, Log& log) {
  const Url base = transport.base_url;
  auto token = shutterstock::token_url(settings, base);
  if (!token) return token.error();
  transport.trust_token_endpoint(*token);
  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  return std::unique_ptr<AccountAccess>(
      std::make_unique<ShutterstockAccess>(std::move(*stack), settings, base, std::move(*token), clock, log));
}

}  // namespace damsync
