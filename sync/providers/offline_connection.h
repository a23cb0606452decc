#pragma once

#include <memory>
#include <optional>
#include <string>

#include "storage/base/result.h"
#include "sync/providers/provider_factory.h"

namespace damsync {

/// Nothing for an unknown provider.
std::optional<Capabilities> capabilities_of(const std::string& provider);

/// A connection that knows what its provider's things are called and can reach nobody: every call is refused. For work
/// on what is held already; needs no credentials.
///
/// Errors: kSettings for an unknown provider.
Result<std::unique_ptr<AccountConnection>> make_offline_connection(const std::string& account,
                                                                   const std::string& provider);

}  // namespace damsync
