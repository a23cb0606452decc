#pragma once

#include <memory>

#include "sync/http/transport_settings.h"
#include "sync/providers/account_access.h"

namespace damsync {

/// Access to a Shutterstock account: a user's token with scopes, had by the authorization-code flow.
///
/// Source   Shutterstock API v2: `/v2/oauth/authorize`, `/v2/oauth/access_token`, `/v2/user/access_token`.
Result<std::unique_ptr<AccountAccess>> make_shutterstock_access(const ProviderSettings& settings,
                                                                TransportSettings transport, Clock& clock, Log& log);

}  // namespace damsync
