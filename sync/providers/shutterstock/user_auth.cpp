#include "sync/providers/shutterstock/user_auth.h"

#include <fmt/format.h>

#include "sync/http/bearer_auth.h"
#include "sync/http/oauth2_auth.h"

namespace damsync::shutterstock {
namespace {

constexpr const char* kTokenPath = "/v2/oauth/access_token";

}  // namespace

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

Status check_user_token(const ProviderSettings& settings) {
  if (!settings.access_token.empty() || can_renew(settings)) return {};
  return make_error(ErrorCode::kSettings,
                    fmt::format("account '{}': access_token is missing; licenses can be read with a user's token only "
                                "(or refresh_token with client_id and client_secret)",
                                settings.account));
}

std::unique_ptr<Authenticator> make_user_auth(const ProviderSettings& settings, Url token_url, HttpTransport& paced,
                                              Clock& clock, Log& log) {
  if (!can_renew(settings)) return std::make_unique<BearerAuth>(settings.access_token);
  OAuth2Settings oauth{.token_url = std::move(token_url),
                       .grant = OAuth2Grant::kRefreshToken,
                       .client_id = settings.client_id,
                       .client_secret = settings.client_secret,
                       .access_token = settings.access_token,
                       .refresh_token = settings.refresh_token,
                       .username = {},
                       .password = {},
                       .api_key = {}};
  return std::make_unique<OAuth2Auth>(std::move(oauth), paced, clock, log.redactor(), settings.token_place.save,
                                      settings.token_place.load);
}

}  // namespace damsync::shutterstock
