#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/log.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/files/file_store.h"
#include "storage/files/path_layout.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "sync/http/transport.h"
#include "sync/pipeline/policy.h"
#include "sync/pipeline/progress.h"
#include "sync/providers/provider.h"
#include "sync/sidecar/sidecar.h"

namespace damsync {

/// Everything one cycle of one account works with. Owned by the caller; the stages hold a reference.
struct Cycle {
  std::string account;
  Provider& provider;
  HttpTransport& downloads;
  Database& db;
  Catalog& catalog;
  CatalogWriter& writer;
  ChangeJournal& journal;
  FileStore* store;  ///< null in a dry run
  const PathLayout& layout;
  const std::vector<std::unique_ptr<SidecarWriter>>& sidecar_writers;
  Clock& clock;
  Log& log;
  const Policy& policy;
  ProgressSink progress;
  PlanSink plan;
  AccountSummary summary;
};

}  // namespace damsync
