#pragma once

#include "storage/base/result.h"
#include "sync/pipeline/cycle.h"

namespace damsync {

/// Removes the names that the catalog notes as left over in the account's store: old places of files that moved,
/// sidecars that are not wanted any more. A name that a file or a sidecar of the catalog has by now stays.
///
/// Errors: kStorage; doing it again goes on.
Status clear_leftovers(Cycle& cycle);

}  // namespace damsync
