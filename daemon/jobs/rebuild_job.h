#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>

#include "daemon/config/settings.h"
#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "sync/rebuild/rebuilder.h"

namespace damsync {

/// Whether a sound catalog may be replaced, too.
enum class RebuildOver { kDamagedOnly, kAnything };

/// What a rebuild did.
struct RebuildOutcome {
  RebuildSummary summary;
  std::optional<std::filesystem::path> set_aside;  ///< where the old catalog is now; nothing: there was none
};

/// Makes a new catalog from the sidecars in the store and puts it in the old one's place, which is set aside. Until
/// then the old one stands untouched.
///
/// Errors   kLocked: damsync is running; kUsage: the catalog is sound; kGuard: there is no store at the root;
///          kStorage; kCancelled.
Result<RebuildOutcome> rebuild_catalog(const Settings& settings, RebuildOver over, Clock& clock,
                                       const ProgressSink& progress, std::stop_token stop);

}  // namespace damsync
