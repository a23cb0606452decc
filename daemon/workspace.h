#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/config/settings.h"
#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/base/result.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/files/file_store.h"
#include "storage/files/instance_lock.h"
#include "storage/files/path_layout.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Names the store that a catalog belongs to; a setting of the catalog.
inline constexpr const char* kStoreIdSetting = "store_id";

/// The durable state of a process that works with it, held open: the state lock, the one writing connection, the store.
/// Members stand in the order they depend on each other. The daemon opens one and keeps it; a command opens one for
/// itself, or a copy.
///
/// Threads  the catalog and the store may be used from several; the rest does not change once open.
struct Workspace {
  std::optional<InstanceLock> lock;  ///< none for a copy
  std::unique_ptr<Database> db;
  std::unique_ptr<FileOps> ops;
  std::unique_ptr<FileStore> store;  ///< null for a copy
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<CatalogWriter> writer;
  std::unique_ptr<ChangeJournal> journal;
  std::optional<PathLayout> layout;
  std::vector<std::unique_ptr<SidecarWriter>> sidecar_writers;
  std::mutex feed_files;  ///< held while the feed is written into the store

  [[nodiscard]] bool is_copy() const noexcept { return store == nullptr; }
};

/// Takes the state lock, opens or makes the catalog and brings it up to date, opens the store, sweeps what a crash
/// left in staging.
///
/// Errors   kLocked: another damsync works here; kStorage; kDamaged; kGuard: the store is not the one the catalog
/// knows.
Result<std::unique_ptr<Workspace>> open_workspace(const Settings& settings, Clock& clock, Log& log);

/// A private copy of the catalog in memory and no store, for `--dry-run`: nothing on disk is touched.
Result<std::unique_ptr<Workspace>> copy_workspace(const Settings& settings, Clock& clock);

}  // namespace damsync
