#pragma once

#include <memory>
#include <string>

#include "storage/files/file_ops.h"

namespace damsync {

/// What to do about a store root that is not there.
enum class MissingRoot {
  kCreate,  ///< make it (2750) when its parent exists, else kStorage
  kGuard,   ///< the catalog knows the store, so the disk is not mounted: kGuard
};

/// Opens the directory that all calls of the returned `FileOps` stay beneath.
///
/// Errors   kStorage when it cannot be made or opened or is no directory; kGuard as above.
/// Durable  a root that was made has its entry synced.
Result<std::unique_ptr<FileOps>> open_store_root(const std::string& path, MissingRoot missing = MissingRoot::kCreate);

}  // namespace damsync
