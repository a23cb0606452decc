#pragma once

#include <filesystem>

#include "storage/base/result.h"
#include "storage/files/instance_lock.h"

namespace damsync {

/// The right to write this catalog and its store, for as long as the lock lives. Root is refused where they belong to
/// somebody else: what it made, the daemon could not open any more.
///
/// Errors   kLocked: another damsync holds it; kSettings: root in another's place; kStorage.
Result<InstanceLock> lock_state(const std::filesystem::path& catalog);

}  // namespace damsync
