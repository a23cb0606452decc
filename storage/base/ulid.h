#pragma once

#include <string>

#include "storage/base/clock.h"

namespace damsync {

/// A new ULID: 26 characters, sorted by time, unique across processes.
///
/// Threads  safe; ids of one process are strictly ascending, also when the clock stands still or goes back.
/// Source   github.com/ulid/spec
std::string make_ulid(UtcTime now);

}  // namespace damsync
