#pragma once

#include <memory>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/http/authenticator.h"
#include "sync/http/transport.h"
#include "sync/providers/provider_settings.h"

namespace damsync::getty {

/// Where tokens are had: as configured, else the service's own. Errors: kSettings.
Result<Url> token_url(const ProviderSettings& settings);

/// The name an application goes by at the token endpoint: the key is the client's name, too.
std::string client_id(const ProviderSettings& settings);

/// With a refresh token that is used, else user name and password, else the key alone; without a client secret the
/// access token as it is.
std::unique_ptr<Authenticator> make_user_auth(const ProviderSettings& settings, Url token_url, HttpTransport& paced,
                                              Clock& clock, Log& log);

}  // namespace damsync::getty
