#pragma once

#include "storage/base/clock.h"

namespace damsync {

class Database;

/// A setting of the catalog: revisions that are given out are above it.
inline constexpr const char* kRevisionFloor = "revision_floor";

/// Lets every revision that is given out from now on be above all that were given out before `now`, by whatever
/// catalog: those that a backup or the store's sidecars do not know of, too. Receivers drop what does not rise.
/// Revisions count changes of an asset, of which there are never as many as milliseconds have passed: the time is such
/// a number.
///
/// Errors   SQL failures throw (`DatabaseError`).
void raise_revision_floor(Database& db, UtcTime now);

}  // namespace damsync
