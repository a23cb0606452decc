#include "sync/providers/shutterstock/shutterstock_connection.h"

#include <fmt/format.h>

#include "sync/http/bearer_auth.h"
#include "sync/http/oauth2_auth.h"
#include "sync/providers/account_stack.h"
#include "sync/providers/shutterstock/application_auth.h"
#include "sync/providers/shutterstock/shutterstock_provider.h"

namespace damsync {
namespace {

constexpr const char* kTokenPath = "/v2/oauth/access_token";
constexpr const char* kFilesDomain = "shutterstock.com";

class ShutterstockConnection final : public AccountConnection {
 public:
  ShutterstockConnection(std::unique_ptr<AccountStack> stack, ShutterstockSettings settings, HttpTransport& api,
                         HttpTransport& catalogue, Clock& clock)
      : stack_(std::move(stack)), provider_(std::move(settings), api, catalogue, clock) {}

  Provider& provider() override { return provider_; }
  HttpTransport& downloads() override { return stack_->downloads(); }
  const CallCounter& calls() const override { return stack_->calls(); }
  PlanSource& plans() override { return provider_; }

 private:
  std::unique_ptr<AccountStack> stack_;
  ShutterstockProvider provider_;
};

Result<Url> token_url(const ProviderSettings& settings, const Url& base) {
  if (settings.token_url.empty()) return base.with_target(kTokenPath);
  auto url = Url::parse(settings.token_url);
  if (!url)
    return make_error(ErrorCode::kSettings,
                      fmt::format("account '{}': token_url: {}", settings.account, url.error().message));
  return url;
}

bool can_renew(const ProviderSettings& settings) {
  return !settings.refresh_token.empty() && !settings.client_id.empty() && !settings.client_secret.empty();
}

std::unique_ptr<Authenticator> authenticator(const ProviderSettings& settings, Url token, HttpTransport& paced,
                                             Clock& clock, Log& log) {
  if (!can_renew(settings)) return std::make_unique<BearerAuth>(settings.access_token);
  OAuth2Settings oauth{.token_url = std::move(token),
                       .grant = OAuth2Grant::kRefreshToken,
                       .client_id = settings.client_id,
                       .client_secret = settings.client_secret,
                       .access_token = settings.access_token,
                       .refresh_token = settings.refresh_token,
                       .username = {},
                       .password = {},
                       .api_key = {}};
  return std::make_unique<OAuth2Auth>(std::move(oauth), paced, clock, log.redactor(), settings.save_refresh_token);
}

/// The application's own credentials are enough for what everybody may read, and spare the user's token.
bool has_application(const ProviderSettings& settings) {
  return !settings.client_id.empty() && !settings.client_secret.empty();
}

}  // namespace

Result<std::unique_ptr<AccountConnection>> make_shutterstock_connection(const ProviderSettings& settings,
                                                                        TransportSettings transport, Clock& clock,
                                                                        Log& log) {
  if (settings.access_token.empty() && !can_renew(settings))
    return make_error(
        ErrorCode::kSettings,
        fmt::format("account '{}': access_token is missing; licenses can be read with a user's token only "
                    "(or refresh_token with client_id and client_secret)",
                    settings.account));
  const Url base = transport.base_url;
  auto token = token_url(settings, base);
  if (!token) return token.error();
  if (token->origin() != base.origin()) transport.credential_origins.push_back(token->origin());
  transport.allowed_hosts.push_back(token->host());
  transport.allowed_hosts.emplace_back(kFilesDomain);

  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  auto account = authenticator(settings, std::move(*token), (*stack)->paced(), clock, log);
  Authenticator& user = *account;
  HttpTransport& api = (*stack)->authenticated(std::move(account));
  HttpTransport& catalogue = has_application(settings)
                                 ? (*stack)->authenticated(std::make_unique<shutterstock::ApplicationAuth>(
                                       settings.client_id, settings.client_secret, user))
                                 : api;
  ShutterstockSettings own{.base_url = base,
                           .team_history = settings.team_history,
                           .license_filter = settings.license_filter,
                           .since = settings.since,
                           .overlap = settings.overlap};
  return std::unique_ptr<AccountConnection>(
      std::make_unique<ShutterstockConnection>(std::move(*stack), std::move(own), api, catalogue, clock));
}

}  // namespace damsync
