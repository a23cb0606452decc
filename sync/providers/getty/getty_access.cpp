#include "sync/providers/getty/getty_access.h"

#include <fmt/format.h>

#include "sync/providers/account_stack.h"
#include "sync/providers/getty/getty_api.h"
#include "sync/providers/getty/user_auth.h"

namespace damsync {
namespace {

constexpr const char* kAuthorizePage = "auth";  // beside the token endpoint
constexpr const char* kDownloads = "/v3/downloads";

class GettyAccess final : public AccountAccess {
 public:
  GettyAccess(std::unique_ptr<AccountStack> stack, ProviderSettings settings, Url base, Url token_url, Clock& clock,
              Log& log)
      : stack_(std::move(stack)),
        settings_(std::move(settings)),
        base_(std::move(base)),
        token_url_(std::move(token_url)),
        clock_(clock),
        log_(log) {}

  Result<AccessReport> check(std::stop_token stop) override {
    HttpTransport& user =
        stack_->authenticated(getty::make_user_auth(settings_, token_url_, stack_->paced(), clock_, log_));
    getty::GettyApi api({base_, settings_.api_key, settings_.language}, user, clock_);
    const auto own = api.get(kDownloads, {{"page", "1"}, {"page_size", "1"}}, stop);
    if (!own) return own.error();
    AccessReport report;
    report.lifetime = lifetime();
    if (!settings_.company_downloads) return report;
    const auto all =
        api.get(kDownloads, {{"page", "1"}, {"page_size", "1"}, {"company_downloads", "true"}}, std::move(stop));
    if (!all && all.error().code != ErrorCode::kUnauthorized) return all.error();
    if (!all)
      report.missing.push_back({"company_downloads", "the downloads of other users of the company cannot be read"});
    return report;
  }

  Result<std::string> login_url(const LoginAttempt& attempt) const override {
    if (settings_.api_key.empty() || settings_.client_secret.empty())
      return make_error(ErrorCode::kSettings,
                        fmt::format("account '{}': api_key and client_secret are needed to log in", settings_.account));
    const auto page = token_url_.resolve(kAuthorizePage);
    if (!page) return page.error();
    return with_query(*page, {{"client_id", getty::client_id(settings_)},
                              {"redirect_uri", attempt.redirect_uri},
                              {"response_type", "code"},
                              {"state", attempt.state}});
  }

  Result<TokenAnswer> redeem(const LoginAttempt& attempt, const Secret& code, std::stop_token stop) override {
    const FormFields form = {{"grant_type", "authorization_code"},
                             {"code", code.reveal()},
                             {"redirect_uri", attempt.redirect_uri},
                             {"client_id", getty::client_id(settings_)},
                             {"client_secret", settings_.client_secret.reveal()}};
    return ask_for_tokens(stack_->paced(), token_url_, form, clock_, log_.redactor(), std::move(stop));
  }

 private:
  [[nodiscard]] std::string lifetime() const {
    if (settings_.client_secret.empty()) return "not told by the provider; cannot be renewed without a person";
    const char* with = !settings_.refresh_token.empty() ? "the refresh token"
                       : settings_.username.empty()     ? "the application's key"
                                                        : "user name and password";
    return fmt::format("access tokens are renewed by themselves with {}", with);
  }

  std::unique_ptr<AccountStack> stack_;
  ProviderSettings settings_;
  Url base_;
  Url token_url_;
  Clock& clock_;
  Log& log_;
};

}  // namespace

Result<std::unique_ptr<AccountAccess>> make_getty_access(const ProviderSettings& settings, TransportSettings transport,
                                                         Clock& clock, Log& log) {
  const Url base = transport.base_url;
  auto token_url = getty::token_url(settings);
  if (!token_url) return token_url.error();
  transport.trust_token_endpoint(*token_url);
  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  return std::unique_ptr<AccountAccess>(
      std::make_unique<GettyAccess>(std::move(*stack), settings, base, std::move(*token_url), clock, log));
}

}  // namespace damsync
