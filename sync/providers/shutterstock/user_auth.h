#pragma once

#include <memory>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/http/authenticator.h"
#include "sync/http/transport.h"
#include "sync/providers/provider_settings.h"

namespace damsync::shutterstock {

/// Where tokens are had: as configured, else below the base URL. Errors: kSettings.
Result<Url> token_url(const ProviderSettings& settings, const Url& base);

/// True when an expired access token can be replaced without a person.
bool can_renew(const ProviderSettings& settings);

/// Errors: kSettings when the account has no token of a user, and no way to get one.
Status check_user_token(const ProviderSettings& settings);

/// The credentials of a user of the account.
std::unique_ptr<Authenticator> make_user_auth(const ProviderSettings& settings, Url token_url, HttpTransport& paced,
                                              Clock& clock, Log& log);

}  // namespace damsync::shutterstock
