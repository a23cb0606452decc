#pragma once

#include "sync/pipeline/commit.h"
#include "sync/pipeline/cycle.h"

namespace damsync {

/// Applies what one cycle found lost, or holds all of it when it is too much at once (the deletion brake).
///
/// Errors   kGuard: held; nothing was applied, and a person must look.
Status apply_losses(Cycle& cycle);

}  // namespace damsync
