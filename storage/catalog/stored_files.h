#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/catalog/catalog.h"

namespace damsync {

/// `Catalog::list_stored_files` for work that takes long with each file: the connection is free in between, and what is
/// kept of a file until its turn comes is small.
///
/// Errors   SQL failures throw (`DatabaseError`).
class StoredFiles {
 public:
  /// A file whose turn is still to come.
  struct Turn {
    std::int64_t row = 0;   ///< what `find` knows it by
    UtcTime verified_at{};  ///< 1970: never, or in the future of a clock that was wrong
  };

  explicit StoredFiles(Database& db) : db_(db) {}

  /// All files, those verified longest ago first, in path order where that is the same moment.
  [[nodiscard]] std::vector<Turn> by_age(UtcTime now) const;
  /// Nothing when the catalog does not know it any more.
  [[nodiscard]] std::optional<Catalog::StoredFile> find(const Turn& turn) const;
  [[nodiscard]] std::optional<Catalog::StoredFile> at(const std::string& path) const;

 private:
  Database& db_;
};

}  // namespace damsync
