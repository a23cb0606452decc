#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/result.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/files/file_store.h"
#include "storage/journal/change_journal.h"
#include "storage/sqlite/database.h"
#include "sync/pipeline/progress.h"
#include "sync/sidecar/asset_record.h"

namespace damsync {

/// What a rebuild found in the store.
struct RebuildSummary {
  std::int64_t assets = 0, licenses = 0;
  std::int64_t files = 0;            ///< of licenses, there and with the bytes their sidecar tells
  std::int64_t missing = 0;          ///< of licenses, not there
  std::int64_t corrupt = 0;          ///< of licenses, with other bytes
  std::vector<std::string> skipped;  ///< sidecars that could not be used, each with the reason
};

/// Fills an empty catalog from what `asset.json` files in the store say: assets, licenses, and files after hashing
/// them. The change feed begins anew, with an event for everything that is found, so that who follows it from zero
/// reaches the same state. What only the provider knows (news, what was licensed since) is left to the next full cycle;
/// what only the old catalog knew (spending calls, runs, the old feed) is lost.
///
/// Errors   kStorage: the store cannot be read; kCancelled. The catalog is then of no use.
class Rebuilder {
 public:
  struct Parts {
    Database& db;
    CatalogWriter& writer;
    ChangeJournal& journal;
    FileStore& store;
    Clock& clock;
    ProgressSink progress;
  };
  explicit Rebuilder(Parts parts) : parts_(std::move(parts)) {}

  Result<RebuildSummary> run(std::stop_token stop);

 private:
  struct Found {
    std::string sidecar, sha256;  ///< its path, its bytes
    AssetRecord record;
  };
  Result<std::vector<std::string>> find_sidecars();
  Status add(const std::string& sidecar);
  void skip(const std::string& sidecar, const std::string& reason);
  Status check_files(Found& found);
  Status check_file(FileRow& file, const std::string& folder);
  void commit();
  void put(const Found& found);
  void put_licenses(const AssetRecord& record);
  void put_files(const AssetRecord& record);
  void tell(const AssetRow& asset, EventType type, const std::string& license_id, std::vector<std::string> fields);

  Parts parts_;
  RebuildSummary summary_;
  std::vector<Found> batch_;
};

}  // namespace damsync
