#include "daemon/jobs/rebuild_job.h"

#include <fmt/format.h>

#include "daemon/state_lock.h"
#include "daemon/workspace.h"
#include "storage/base/crash_point.h"
#include "storage/catalog/maintenance.h"
#include "storage/catalog/revision_floor.h"
#include "storage/files/posix_file_ops.h"
#include "storage/ledger/spend_mark.h"
#include "storage/sqlite/transaction.h"

namespace damsync {
namespace {

namespace fs = std::filesystem;

fs::path beside(const fs::path& path, const char* suffix) { return path.string() + suffix; }

void remove_catalog(const fs::path& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(beside(path, suffix), ignored);
}

/// Only damage makes way for a rebuild: a catalog that is locked, or on a disk that does not answer, may be as good as
/// new.
Status refuse_sound(const fs::path& catalog) {
  std::error_code ignored;
  if (!fs::exists(fs::symlink_status(catalog, ignored))) return {};
  try {
    const auto db = Database::open(catalog, OpenMode::kWrite);
    if (!db) return db.error().code == ErrorCode::kDamaged ? Status() : Status(db.error());
    if (!check_catalog(**db).empty()) return {};
    if (Catalog(**db).accounts().empty())
      return {};  // a sync made it when the old one was gone: there is nothing in it
  } catch (const DatabaseError& error) {
    return error.code() == ErrorCode::kDamaged ? Status() : Status(make_error(error.code(), error.what()));
  }
  return make_error(ErrorCode::kUsage,
                    fmt::format("{} is sound; a rebuild would lose its record of spending calls and its change feed. "
                                "Use --force if that is what you want",
                                catalog.string()));
}

/// The store as the new catalog's own: it keeps the id that its sentinel has.
Result<std::string> open_found_store(const Settings& settings, Workspace& workspace) {
  auto ops = open_store_root(settings.store.root.string(), MissingRoot::kGuard);
  if (!ops) return ops.error();
  workspace.ops = std::move(*ops);
  workspace.store = std::make_unique<FileStore>(*workspace.ops);
  const auto id = workspace.store->read_store_id();
  if (!id) return id.error();
  if (!*id)
    return make_error(
        ErrorCode::kGuard,
        fmt::format("{} has no .damsync/sentinel: it is not a store of damsync, or its disk is not mounted",
                    settings.store.root.string()));
  if (auto opened = workspace.store->open(**id, true); !opened) return opened.error();
  return **id;
}

Result<RebuildSummary> fill(const Settings& settings, const fs::path& fresh, Clock& clock, const ProgressSink& progress,
                            std::stop_token stop) {
  auto db = Database::open(fresh, OpenMode::kWrite);
  if (!db) return db.error();
  Workspace workspace;
  workspace.db = std::move(*db);
  workspace.writer = std::make_unique<CatalogWriter>(*workspace.db);
  workspace.journal = std::make_unique<ChangeJournal>(*workspace.db, clock);
  raise_revision_floor(*workspace.db, clock.utc());
  const auto id = open_found_store(settings, workspace);
  if (!id) return id.error();
  auto summary =
      Rebuilder({*workspace.db, *workspace.writer, *workspace.journal, *workspace.store, clock, progress}).run(stop);
  if (!summary) return summary.error();
  Transaction tx(*workspace.db);
  workspace.writer->put_setting(kStoreIdSetting, *id);
  tx.commit();
  SpendMark(*workspace.db).expect();
  return summary;
}

}  // namespace

Result<RebuildOutcome> rebuild_catalog(const Settings& settings, RebuildOver over, Clock& clock,
                                       const ProgressSink& progress, std::stop_token stop) {
  const auto& catalog = settings.catalog.path;
  const auto lock = lock_state(catalog);
  if (!lock) return lock.error();
  if (over == RebuildOver::kDamagedOnly)
    if (auto refused = refuse_sound(catalog); !refused) return refused.error();
  const auto fresh = beside(catalog, ".rebuilding");
  remove_catalog(fresh);
  auto summary = fill(settings, fresh, clock, progress, stop);
  if (!summary) {
    remove_catalog(fresh);
    return summary.error();
  }
  crash_point("rebuild.filled");
  auto aside = restore_backup(catalog, fresh, clock.utc());
  remove_catalog(fresh);
  if (!aside) return aside.error();
  return RebuildOutcome{std::move(*summary), std::move(*aside)};
}

}  // namespace damsync
