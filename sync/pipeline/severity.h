#pragma once

#include <optional>

#include "storage/base/result.h"

namespace damsync {

/// Orders errors of one cycle by what matters more to a person: a bug of ours, then what a person must look at,
/// the disk, credentials, another process, the provider, and last what simply is tried again.
int severity(ErrorCode code) noexcept;
/// Keeps the graver of both; of two alike the one that was met first.
void keep_gravest(std::optional<Error>& kept, Error met);

}  // namespace damsync
