#include "sync/providers/getty_connect/connect_access.h"

#include <fmt/format.h>

#include "sync/providers/account_stack.h"
#include "sync/providers/getty_connect/token_source.h"

namespace damsync {
namespace {

class ConnectAccess final : public AccountAccess {
 public:
  ConnectAccess(std::unique_ptr<AccountStack> stack, getty_connect::TokenRequest request, std::string account,
                Clock& clock, Log& log)
      : stack_(std::move(stack)),
        tokens_(std::move(request), stack_->paced(), clock, log.redactor()),
        account_(std::move(account)) {}

  Result<AccessReport> check(std::stop_token stop) override {
    if (const auto token = tokens_.current(std::move(stop)); !token) return token.error();
    AccessReport report;
    report.lifetime = "tokens are renewed by themselves";
    return report;
  }

  Result<std::string> login_url(const LoginAttempt&) const override { return no_login(); }
  Result<TokenAnswer> redeem(const LoginAttempt&, const Secret&, std::stop_token) override { return no_login(); }

 private:
  [[nodiscard]] Error no_login() const {
    return make_error(ErrorCode::kUsage, fmt::format("account '{}' logs in with application_key and user_id; there is "
                                                     "no page to log in on",
                                                     account_));
  }

  std::unique_ptr<AccountStack> stack_;
  getty_connect::TokenSource tokens_;
  std::string account_;
};

}  // namespace

Result<std::unique_ptr<AccountAccess>> make_getty_connect_access(const ProviderSettings& settings,
                                                                 TransportSettings transport, Clock& clock, Log& log) {
  getty_connect::TokenRequest request{.url = transport.base_url.with_target("/api/token"),
                                      .application_key = settings.application_key,
                                      .application_secret = settings.application_secret,
                                      .user_id = settings.user_id,
                                      .user_password = settings.user_password};
  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  return std::unique_ptr<AccountAccess>(
      std::make_unique<ConnectAccess>(std::move(*stack), std::move(request), settings.account, clock, log));
}

}  // namespace damsync
