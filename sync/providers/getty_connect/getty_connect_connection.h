#pragma once

#include <memory>

#include "storage/base/log.h"
#include "storage/base/result.h"
#include "sync/providers/provider_factory.h"

namespace damsync {

/// A Getty Connect account with its transports. Errors: as `make_connection`. Makes no call and reads no file.
Result<std::unique_ptr<AccountConnection>> make_getty_connect_connection(const ProviderSettings& settings,
                                                                         TransportSettings transport, Clock& clock,
                                                                         Log& log);

}  // namespace damsync
