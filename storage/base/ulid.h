#pragma once

#include <string>

#include "storage/base/clock.h"

namespace damsync {

/// A new ULID: 26 characters, sorted by time, unique across processes.
///
/// Threads  safe; ids made in one millisecond by one process stay in order.
/// Source   github.com/ulid/spec
std::string make_ulid(UtcTime now);

}  // namespace damsync
