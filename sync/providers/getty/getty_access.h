#pragma once

#include <memory>

#include "sync/http/transport_settings.h"
#include "sync/providers/account_access.h"

namespace damsync {

/// Access to a Getty Images account. The service knows no scopes: what may be done is tried by reading the download
/// history, which is what a mirror lives on.
///
/// Source   RFC 6749 §4.1 at the service's `/oauth2/auth` and `/oauth2/token`.
Result<std::unique_ptr<AccountAccess>> make_getty_access(const ProviderSettings& settings, TransportSettings transport,
                                                         Clock& clock, Log& log);

}  // namespace damsync
