#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "storage/base/clock.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/catalog_writer.h"
#include "storage/catalog/stray_book.h"
#include "storage/files/file_store.h"

namespace damsync {

class Database;

/// Compares names and sizes in the store with those in the catalog and records what differs: files of no license, and
/// licensed files that are gone, back, or of another size. Only files in doubt are read. Deletes nothing.
class StoreComparison {
 public:
  struct Parts {
    Database& db;
    Catalog& catalog;
    CatalogWriter& writer;
    FileStore& store;
    const Clock& clock;
    bool others_write = false;  ///< a file that is new may have no row yet, and is left to the next comparison
  };
  struct Found {
    std::int64_t strays = 0, missing = 0;
  };
  explicit StoreComparison(Parts parts) : parts_(parts) {}

  /// Errors: kStorage, kCancelled; nothing is recorded then.
  Result<Found> run(std::stop_token stop);

 private:
  Result<std::vector<Catalog::StoredFile>> look_at(std::vector<Catalog::StoredFile> files, std::stop_token stop);

  Parts parts_;
};

}  // namespace damsync
