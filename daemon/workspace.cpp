#include "daemon/workspace.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "daemon/deliveries.h"
#include "daemon/state_lock.h"
#include "storage/base/ulid.h"
#include "storage/files/posix_file_ops.h"
#include "storage/journal/outbox.h"
#include "storage/sqlite/transaction.h"
#include "sync/sidecar/json_ld_writer.h"
#include "sync/sidecar/json_writer.h"
#include "sync/sidecar/xmp_writer.h"

namespace damsync {
namespace {

constexpr const char* kStoreIdIntended = "store_id_intended";

std::vector<std::unique_ptr<SidecarWriter>> make_sidecar_writers(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<SidecarWriter>> writers;
  for (const auto& name : names) {
    if (name == "json") writers.push_back(std::make_unique<JsonWriter>());
    if (name == "json-ld") writers.push_back(std::make_unique<JsonLdWriter>());
    if (name == "xmp") writers.push_back(std::make_unique<XmpWriter>());
  }
  return writers;
}

Status make_state_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  if (std::filesystem::is_directory(directory, failure)) return {};
  std::filesystem::create_directory(directory, failure);
  if (!failure) std::filesystem::permissions(directory, std::filesystem::perms(0750), failure);
  if (!failure) return {};
  return make_error(ErrorCode::kStorage,
                    fmt::format("cannot make the state directory {}: {}", directory.string(), failure.message()));
}

/// Everything that stands on the opened catalog.
Status build(Workspace& workspace, const Settings& settings, const Clock& clock) {
  workspace.catalog = std::make_unique<Catalog>(*workspace.db);
  workspace.writer = std::make_unique<CatalogWriter>(*workspace.db);
  workspace.journal = std::make_unique<ChangeJournal>(*workspace.db, clock);
  auto layout = PathLayout::parse(settings.store.layout);
  if (!layout) return layout.error();
  workspace.layout.emplace(std::move(*layout));
  workspace.sidecar_writers = make_sidecar_writers(settings.store.sidecars);
  return {};
}

void put_setting(Workspace& workspace, const char* key, const std::string& value) {
  Transaction tx(*workspace.db);
  workspace.writer->put_setting(key, value);
  tx.commit();
}

/// The catalog notes which store it is about to begin before the store gets its sentinel, so that a crash in between is
/// told from a store that belongs to another catalog.
Status open_store(Workspace& workspace, const Settings& settings, Clock& clock, Log& log) {
  std::string id = workspace.catalog->setting(kStoreIdSetting);
  const bool known = !id.empty();
  auto ops = open_store_root(settings.store.root.string(), known ? MissingRoot::kGuard : MissingRoot::kCreate);
  if (!ops) return ops.error();
  workspace.ops = std::move(*ops);
  workspace.store = std::make_unique<FileStore>(*workspace.ops);
  if (!known) id = workspace.catalog->setting(kStoreIdIntended);
  if (id.empty()) {
    id = make_ulid(clock.utc());
    put_setting(workspace, kStoreIdIntended, id);
  }
  if (auto opened = workspace.store->open(id, known); !opened) return opened;
  if (!known) put_setting(workspace, kStoreIdSetting, id);
  const auto swept = workspace.store->sweep();
  if (!swept) return swept.error();
  if (*swept > 0) log.info("store.swept", {{"leftovers", std::to_string(*swept)}});
  return {};
}

}  // namespace

Result<std::unique_ptr<Workspace>> open_workspace(const Settings& settings, Clock& clock, Log& log) {
  const auto& path = settings.catalog.path;
  if (auto made = make_state_directory(path.parent_path()); !made) return made.error();
  auto lock = lock_state(path);
  if (!lock) return lock.error();
  auto workspace = std::make_unique<Workspace>();
  workspace->lock.emplace(std::move(*lock));
  auto db = Database::open(path, OpenMode::kWrite);
  if (!db) return db.error();
  workspace->db = std::move(*db);
  if (auto built = build(*workspace, settings, clock); !built) return built.error();
  if (auto opened = open_store(*workspace, settings, clock, log); !opened) return opened.error();
  // Before any work begins, so that whoever is new is told what comes of it.
  Outbox(*workspace->db).ensure(receiver_names(settings));
  return workspace;
}

Result<std::unique_ptr<Workspace>> copy_workspace(const Settings& settings, Clock& clock) {
  auto db = Database::open_copy(settings.catalog.path);
  if (!db) return db.error();
  auto workspace = std::make_unique<Workspace>();
  workspace->db = std::move(*db);
  if (auto built = build(*workspace, settings, clock); !built) return built.error();
  return workspace;
}

}  // namespace damsync
