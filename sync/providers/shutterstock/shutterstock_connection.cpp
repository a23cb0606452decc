#include "sync/providers/shutterstock/shutterstock_connection.h"

#include <optional>

#include "sync/providers/account_stack.h"
#include "sync/providers/shutterstock/application_auth.h"
#include "sync/providers/shutterstock/image_collections.h"
#include "sync/providers/shutterstock/shutterstock_provider.h"
#include "sync/providers/shutterstock/user_auth.h"

namespace damsync {
namespace {

constexpr const char* kFilesDomain = "shutterstock.com";

class ShutterstockConnection final : public AccountConnection {
 public:
  ShutterstockConnection(std::unique_ptr<AccountStack> stack, ShutterstockSettings settings, HttpTransport& api,
                         HttpTransport& catalogue, Clock& clock)
      : stack_(std::move(stack)),
        collections_api_(settings.base_url, api, clock),
        provider_(std::move(settings), api, catalogue, clock) {}

  void read_collections(const std::vector<std::string>& featured) { collections_.emplace(collections_api_, featured); }

  Provider& provider() override { return provider_; }
  HttpTransport& downloads() override { return stack_->downloads(); }
  const CallCounter& calls() const override { return stack_->calls(); }
  PlanSource& plans() override { return provider_; }
  std::optional<UtcTime> away_until() const override { return stack_->gate().closed_until(); }
  void come_back() override { stack_->gate().open(); }
  CollectionSource* collections() override { return collections_ ? &*collections_ : nullptr; }

 private:
  std::unique_ptr<AccountStack> stack_;
  shutterstock::ShutterstockApi collections_api_;
  std::optional<shutterstock::ImageCollections> collections_;  ///< when the settings ask for them
  ShutterstockProvider provider_;
};

/// The application's own credentials are enough for what everybody may read, and spare the user's token.
bool has_application(const ProviderSettings& settings) {
  return !settings.client_id.empty() && !settings.client_secret.empty();
}

}  // namespace

Result<std::unique_ptr<AccountConnection>> make_shutterstock_connection(const ProviderSettings& settings,
                                                                        TransportSettings transport, Clock& clock,
                                                                        Log& log) {
  if (auto fine = shutterstock::check_user_token(settings); !fine) return fine.error();
  const Url base = transport.base_url;
  auto token = shutterstock::token_url(settings, base);
  if (!token) return token.error();
  transport.trust_token_endpoint(*token);
  transport.allowed_hosts.emplace_back(kFilesDomain);

  auto stack = AccountStack::make(std::move(transport), settings, clock);
  if (!stack) return stack.error();
  auto account = shutterstock::make_user_auth(settings, std::move(*token), (*stack)->paced(), clock, log);
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
  auto connection = std::make_unique<ShutterstockConnection>(std::move(*stack), std::move(own), api, catalogue, clock);
  if (settings.collections) connection->read_collections(settings.featured_collections);
  return std::unique_ptr<AccountConnection>(std::move(connection));
}

}  // namespace damsync
