#include "sync/providers/getty_connect/getty_connect_connection.h"

#include <fmt/format.h>

#include "sync/providers/account_stack.h"
#include "sync/providers/getty_connect/getty_connect_provider.h"
#include "sync/providers/getty_connect/token_source.h"
#include "sync/providers/getty_connect/token_transport.h"

namespace damsync {
namespace {

constexpr const char* kTokenHeader = "Digest {token}";
constexpr Millis kFirstBackoff{500};
constexpr Millis kLongestBackoff{30'000};

getty_connect::TokenRequest token_request(const ProviderSettings& settings, const Url& base) {
  return {.url = base.with_target("/api/token"),
          .application_key = settings.application_key,
          .application_secret = settings.application_secret,
          .user_id = settings.user_id,
          .user_password = settings.user_password};
}

/// Nobody published whose name goes with a token: it is the user's, else the application's.
getty_connect::TokenForm token_form(const ProviderSettings& settings) {
  return {.username = settings.user_id.empty() ? settings.application_key.reveal() : settings.user_id,
          .header = settings.token_header.empty() ? kTokenHeader : settings.token_header};
}

/// The interface tells of no plans.
class NoPlans final : public PlanSource {
 public:
  Result<std::vector<Plan>> plans(std::stop_token) override { return std::vector<Plan>(); }
};

/// From the socket up: pace, token, retries.
class GettyConnectConnection final : public AccountConnection {
 public:
  GettyConnectConnection(std::unique_ptr<AccountStack> stack, const ProviderSettings& settings, const Url& base,
                         Clock& clock, Log& log)
      : stack_(std::move(stack)),
        tokens_(token_request(settings, base), stack_->paced(), clock, log.redactor()),
        authorized_(token_form(settings), tokens_, stack_->paced()),
        backoff_(kFirstBackoff, kLongestBackoff),
        api_(authorized_, backoff_, clock),
        provider_({.base_url = base,
                   .language = settings.language,
                   .assets_file = settings.assets_file,
                   .check_login = [this](std::stop_token stop) { return check_login(std::move(stop)); }},
                  api_, clock) {}

  Provider& provider() override { return provider_; }
  HttpTransport& downloads() override { return stack_->downloads(); }
  const CallCounter& calls() const override { return stack_->calls(); }
  PlanSource& plans() override { return plans_; }
  std::optional<UtcTime> away_until() const override { return stack_->gate().closed_until(); }
  void come_back() override { stack_->gate().open(); }

 private:
  Status check_login(std::stop_token stop) {
    const auto token = tokens_.current(std::move(stop));
    return token ? Status() : Status(token.error());
  }

  std::unique_ptr<AccountStack> stack_;
  getty_connect::TokenSource tokens_;
  getty_connect::TokenTransport authorized_;
  Backoff backoff_;
  RetryingTransport api_;
  GettyConnectProvider provider_;
  NoPlans plans_;
};

Error wrong(const ProviderSettings& settings, const std::string& what) {
  return make_error(ErrorCode::kSettings, fmt::format("account '{}': {}", settings.account, what));
}

Status check(const ProviderSettings& settings) {
  if (settings.application_key.empty() || settings.application_secret.empty())
    return wrong(settings, "application_key and application_secret are needed for a token");
  if (settings.user_id.empty() != settings.user_password.empty())
    return wrong(settings, "user_id and user_password belong together");
  if (settings.assets_file.empty()) return wrong(settings, "assets_file is missing; there is no other list of assets");
  return {};
}

}  // namespace

Result<std::unique_ptr<AccountConnection>> make_getty_connect_connection(const ProviderSettings& settings,
                                                                         TransportSettings transport, Clock& clock,
                                                                         Log& log) {
  if (auto fine = check(settings); !fine) return fine.error();
  const Url base = transport.base_url;
  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  return std::unique_ptr<AccountConnection>(
      std::make_unique<GettyConnectConnection>(std::move(*stack), settings, base, clock, log));
}

}  // namespace damsync
