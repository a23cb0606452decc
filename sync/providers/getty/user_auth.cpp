#include "sync/providers/getty/user_auth.h"

#include <fmt/format.h>

#include "sync/http/bearer_auth.h"
#include "sync/http/oauth2_auth.h"

namespace damsync::getty {
namespace {

constexpr const char* kTokenUrl = "https://authentication.gettyimages.com/oauth2/token";

OAuth2Grant grant_of(const ProviderSettings& settings) {
  if (!settings.refresh_token.empty()) return OAuth2Grant::kRefreshToken;
  return settings.username.empty() ? OAuth2Grant::kClientCredentials : OAuth2Grant::kPassword;
}

}  // namespace

Result<Url> token_url(const ProviderSettings& settings) {
  auto url = Url::parse(settings.token_url.empty() ? kTokenUrl : settings.token_url);
  if (!url)
    return make_error(ErrorCode::kSettings,
                      fmt::format("account '{}': token_url: {}", settings.account, url.error().message));
  return url;
}

std::string client_id(const ProviderSettings& settings) {
  return settings.client_id.empty() ? settings.api_key.reveal() : settings.client_id;
}

std::unique_ptr<Authenticator> make_user_auth(const ProviderSettings& settings, Url token_url, HttpTransport& paced,
                                              Clock& clock, Log& log) {
  if (settings.client_secret.empty()) return std::make_unique<BearerAuth>(settings.access_token);
  OAuth2Settings oauth{.token_url = std::move(token_url),
                       .grant = grant_of(settings),
                       .client_id = client_id(settings),
                       .client_secret = settings.client_secret,
                       .access_token = settings.access_token,
                       .refresh_token = settings.refresh_token,
                       .username = settings.username,
                       .password = settings.password,
                       .api_key = {}};
  return std::make_unique<OAuth2Auth>(std::move(oauth), paced, clock, log.redactor(), settings.token_place.save,
                                      settings.token_place.load);
}

}  // namespace damsync::getty
