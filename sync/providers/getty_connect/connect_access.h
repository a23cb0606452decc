#pragma once

#include <memory>

#include "sync/http/transport_settings.h"
#include "sync/providers/account_access.h"

namespace damsync {

/// Access to the old interface: tokens for an application and a user, no page to log in on.
Result<std::unique_ptr<AccountAccess>> make_getty_connect_access(const ProviderSettings& settings,
                                                                 TransportSettings transport, Clock& clock, Log& log);

}  // namespace damsync
