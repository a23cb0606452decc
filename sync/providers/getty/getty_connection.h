#pragma once

#include <memory>

#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/providers/provider_factory.h"

namespace damsync {

/// A Getty Images account with its transports. With a refresh token that is used, else user name and password, else the
/// key alone. Errors: as `make_connection`. Makes no call.
Result<std::unique_ptr<AccountConnection>> make_getty_connection(const ProviderSettings& settings,
                                                                 TransportSettings transport, Clock& clock, Log& log);

}  // namespace damsync
