#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/files/posix_file_ops.h"
#include "storage/sqlite/transaction.h"
#include "sync/pipeline/run.h"
#include "sync/sidecar/json_writer.h"
#include "tests/support/getty_account.h"
#include "tests/support/temp_dir.h"

namespace damsync {

/// The whole engine around an account at a simulated Getty Images: a real catalog and a real store in a temporary
/// folder, real sockets, and a clock that nobody waits for.
struct GettyCycle : GettyAccount {
  GettyCycle() {
    ops = std::move(*open_store_root(dir / "store"));
    store = std::make_unique<FileStore>(*ops);
    REQUIRE(store->open("store-1", false).ok());
    writers.push_back(std::make_unique<JsonWriter>());
    Transaction tx(*db);
    writer.ensure_account(settings.account, settings.provider, clock.utc());
    tx.commit();
  }

  AccountSummary cycle() {
    if (!connection) open();
    Cycle cycle{settings.account,
                connection->provider(),
                connection->downloads(),
                *db,
                catalog,
                writer,
                journal,
                store.get(),
                layout,
                writers,
                clock,
                log,
                policy,
                {},
                {},
                {}};
    SyncRun(cycle).run({});
    return cycle.summary;
  }
  /// Time goes by, here and there.
  void advance(Millis duration) {
    clock.advance(duration);
    sim.advance(duration);
  }

  TempDir dir;
  std::unique_ptr<Database> db = std::move(*Database::open(dir / "catalog.db", OpenMode::kWrite));
  Catalog catalog{*db};
  CatalogWriter writer{*db};
  ChangeJournal journal{*db, clock};
  std::unique_ptr<FileOps> ops;
  std::unique_ptr<FileStore> store;
  PathLayout layout = *PathLayout::parse("{account}/{shard}/{asset_id}/{name}");
  std::vector<std::unique_ptr<SidecarWriter>> writers;
  Policy policy;
};

}  // namespace damsync
